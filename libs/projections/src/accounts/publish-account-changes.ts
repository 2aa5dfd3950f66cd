import { arrayText, insertRows, unnest, type Row, type Table, type Transaction, type Writer } from '#database';
import { historyEnds } from '../outbox/historical.js';
import { publicationsOf, type StageChange } from '../outbox/publications.js';
import type { Publishing } from '../outbox/publish-stage-changes.js';
import type { ChangedAccount } from './write-accounts.js';

const PUBLISHED: Table = {
  name: 'perennial.accounts_published',
  migrations: [],
  columns: {
    account_id: 'text',
    publication: 'int',
    kind: 'text',
    cycle: 'int',
    stage: 'text',
    phase: 'text',
    entered_at: 'timestamptz',
    at: 'timestamptz',
    position: 'bigint',
    reason: 'text',
    retracts: 'int',
    historical: 'boolean',
    cause: 'jsonb',
    policy_version: 'text',
    source: 'text',
    reference: 'text',
    account_kind: 'text',
  },
  key: ['account_id', 'publication'],
  semantic: [],
};

const OUTBOX: Table = {
  name: 'perennial.account_outbox',
  migrations: [],
  columns: { account_id: 'text', publication: 'int', created_at: 'timestamptz' },
  key: ['account_id', 'publication'],
  semantic: [],
};

/**
 * Publishes the difference between the stage changes of these accounts that stand published and those that follow from their stage periods
 * now, as for customers: outdated ones are retracted, the newest first, then new ones published. The second time there is no
 * difference. Returns how many messages were published.
 */
export async function publishAccountChanges(
  tx: Transaction,
  writes: Writer,
  changed: readonly ChangedAccount[],
  { position, now, epoch, restatedAt }: Publishing,
): Promise<number> {
  if (changed.length === 0) return 0;
  const historyEnd = historyEnds(now, epoch);
  const before = await standingOf(tx, changed);
  const published: Row[] = [];
  const retracted: Row[] = [];
  for (const { outcome, stagePeriods } of changed) {
    const { accountId, source, reference, kind, reason } = outcome;
    const standing = before.get(accountId) ?? { rows: [], last: 0 };
    const found = publicationsOf(standing, stagePeriods, { reason, position, historyEnd, restatedAt });
    const account = {
      ...{ account_id: accountId, source, account_kind: kind },
      reference: kind === 'household' ? null : reference,
    };
    for (const row of found.rows) published.push({ ...row, ...account });
    for (const publication of found.retracted) retracted.push({ account_id: accountId, publication });
  }
  if (retracted.length > 0) {
    const rows = unnest(PUBLISHED, ['account_id', 'publication'], retracted, 'r');
    await writes.query(
      `UPDATE perennial.accounts_published p SET retracted = true FROM ${rows.sql}
        WHERE p.account_id = r.account_id AND p.publication = r.publication`,
      rows.params,
    );
  }
  await insertRows(writes, PUBLISHED, published);
  await insertRows(
    writes,
    OUTBOX,
    published.map(({ account_id, publication }) => ({ account_id, publication, created_at: now })),
  );
  return published.length;
}

/** What stands published of each account, from the first instant that changed, and the number of the last publication. */
async function standingOf(
  tx: Transaction,
  changed: readonly ChangedAccount[],
): Promise<Map<string, { rows: StageChange[]; last: number }>> {
  const accounts = unnest(
    PUBLISHED,
    ['account_id', 'entered_at'],
    changed.map(({ outcome, since }) => ({ account_id: outcome.accountId, entered_at: since })),
    'c',
  );
  const [standing = [], numbers = []] = await tx.batch([
    {
      sql: `SELECT p.* FROM ${accounts.sql} JOIN perennial.accounts_published p ON p.account_id = c.account_id
               AND NOT p.retracted AND p.kind <> 'retracted' AND p.entered_at >= c.entered_at`,
      params: accounts.params,
    },
    {
      sql: `SELECT account_id, max(publication) AS last FROM perennial.accounts_published
             WHERE account_id = ANY($1::text[]) GROUP BY account_id`,
      params: [arrayText(changed.map(({ outcome }) => outcome.accountId))],
    },
  ]);
  const found = new Map(
    numbers.map((row) => [String(row['account_id']), { rows: [] as StageChange[], last: Number(row['last']) }]),
  );
  for (const row of standing) found.get(String(row['account_id']))?.rows.push(row as StageChange);
  return found;
}
