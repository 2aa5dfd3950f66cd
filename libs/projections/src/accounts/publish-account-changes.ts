import { arrayText, insertRows, unnest, type Row, type Table, type Transaction, type Writer } from '#database';
import { historyEnds } from '../outbox/historical.js';
import { differenceOf, type Publishing, type StageChange } from '../outbox/publish-stage-changes.js';
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
    const { accountId, source, reference, kind: accountKind, reason } = outcome;
    const restated = reason === 'policy-restated';
    const ends = restated ? Math.max(historyEnd, restatedAt) : historyEnd;
    const { rows, last } = before.get(accountId) ?? { rows: [], last: 0 };
    let publication = last;
    const account = {
      account_id: accountId,
      source,
      reference: accountKind === 'household' ? null : reference,
      account_kind: accountKind,
    };
    const add = (change: StageChange, more: Row): void => {
      publication += 1;
      const row = { ...change, ...account, publication, position, reason: null, retracts: null };
      published.push({ ...row, historical: change.at < ends, ...more });
    };
    const { outdated, fresh } = differenceOf(rows, stagePeriods);
    for (const row of [...outdated].sort((x, y) => y.publication - x.publication)) {
      retracted.push({ account_id: accountId, publication: row.publication });
      const historical = restated ? { historical: true } : {};
      add(row, {
        kind: 'retracted',
        reason,
        retracts: row.publication,
        cause: null,
        policy_version: null,
        ...historical,
      });
    }
    for (const change of fresh) add(change, {});
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
