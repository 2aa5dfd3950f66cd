import { createHash } from 'node:crypto';
import type { Instant } from '#contracts';
import { LOCKS, tryLock, type Database, type Queryable, type Row, type Transaction } from '#database';
import { isLive, liveColumns as columnsOf } from '#projections/schema';
import type { SaidCustomer } from '../published.js';
import type { Source } from '../source.js';
import { profileOf } from './profile.js';
import { liveSchema } from './live-schema.js';
import { goingRound, lastOf, type Round } from './round.js';
import { list } from './stage-changes.js';
import { askingByIndex, BY_INDEX } from './outbox.js';

/** Customers whose profiles are told at one time. */
const CUSTOMERS = 1_000;

export interface Marked {
  readonly said: SaidCustomer;
  readonly hash: string | null;
  /** The hash of what was last told of them; null where nothing stands, empty where that is not known. */
  readonly toldHash: string | null;
}

/** The profiles of customers who were marked since they were last told, as they are when they are told. */
export const PROFILES: Source = {
  waiting: 'EXISTS (SELECT 1 FROM perennial.customer_changes)',

  async carry(database, tell, now, round) {
    // In process there is one carrier, and one connection: it is not kept from the others while a broker is waited for, and asked for twice only.
    if (database.kind === 'pglite') {
      const marked = await markedNow(askingByIndex(database), round);
      return carryMarked(marked, database, tell, now, round);
    }
    const told: string[] = [];
    try {
      return await database.transaction(async (tx) => {
        const [lock] = await tx.query<{ mine: boolean }>(`SELECT ${tryLock(LOCKS.customersFeed)} AS mine`);
        if (lock?.mine !== true) return 0;
        return carryMarked(
          await markedNow(tx, round),
          tx,
          async (said) => {
            await tell(said);
            told.push(...said.map(({ customerId }) => customerId));
          },
          now,
          round,
        );
      });
    } catch (error) {
      // Told, but not counted: with the connection the lock was lost, and another may have told something newer before. So it is told again.
      if (told.length > 0) await tellAnew(database, told, now());
      throw error;
    }
  },

  async *again(database, fromPosition) {
    const live = await liveSchema(database);
    for (let after = ''; live !== null;) {
      const rows = await database.query<ProfileRow>(
        `SELECT k.customer_id, coalesce(m.revision, t.revision) AS revision, coalesce(m.changed_at, t.published_at) AS changed_at,
                to_jsonb(k) AS row, false AS erased, t.hash AS told_hash
           FROM ${live}.customers k JOIN perennial.customers_published t ON t.customer_id = k.customer_id AND t.hash IS NOT NULL
           LEFT JOIN perennial.customer_changes m ON m.customer_id = k.customer_id
          WHERE k.customer_id > $1 AND k.folded_position >= $2::bigint AND NOT ${erased(live)}
          ORDER BY k.customer_id LIMIT ${CUSTOMERS}`,
        [after, fromPosition],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => markedOf(row).said);
      after = last.customer_id;
    }
  },
};

export interface ProfileRow extends Row {
  readonly customer_id: string;
  readonly revision: number;
  readonly changed_at: number;
  readonly row: Record<string, unknown> | null;
  readonly erased: boolean;
  readonly told_hash: string | null;
}

/**
 * What of a customer's row is told of them. Asked for by name, since the whole row as JSON takes three times as long; but read models that another
 * version of this program made may lack some, and are told of until they are rebuilt.
 */
const TOLD_OF: ReadonlySet<string> = new Set([
  ...['cycle', 'stage', 'phase', 'entered_at', 'cause', 'policy_version', 'flags', 'next_due_at', 'next_due_kind'],
  ...['first_seen_at', 'last_seen_at', 'touchpoints', 'orders', 'revenue', 'first_purchase_at', 'last_purchase_at'],
  ...['consents', 'profile'],
]);

async function liveColumns(on: Queryable): Promise<{ readonly live: string; readonly columns: string } | null> {
  const live = await columnsOf(on, 'customers');
  if (live === null) return null;
  const columns = live.columns.filter((name) => TOLD_OF.has(name)).sort();
  return { live: live.schema, columns: columns.map((name) => `k.${name}`).join(', ') };
}

/** Their columns stand beside the rest of it; `known`: whether there are any. */
interface MarkedRow extends ProfileRow {
  readonly known: boolean;
}

/** A batch of those who were marked, from where the last one ended. */
async function markedNow(on: Queryable, { after }: Round): Promise<readonly Marked[]> {
  const found = await liveColumns(on);
  if (found === null) return [];
  const { live, columns } = found;
  // Who was never counted as told may have been told by somebody who died before he counted it: no hash is empty, so of their something is told, if only
  // that they are gone. The mark and the profile in one statement: under one revision one thing is told, however often. Another version may have become the
  // live one since it was asked which; then nothing is found, and the next batch asks again.
  const rows = await on.query<MarkedRow>(
    `SELECT m.customer_id, m.revision, m.changed_at, k.customer_id IS NOT NULL AS known,
            ${columns}, ${erased(live)} AS erased,
            CASE WHEN t.customer_id IS NULL THEN '' ELSE t.hash END AS told_hash
       FROM (${goingRound('SELECT customer_id, revision, changed_at FROM perennial.customer_changes', 'customer_id', CUSTOMERS)}) m
       LEFT JOIN ${live}.customers k ON k.customer_id = m.customer_id
       LEFT JOIN perennial.customers_published t ON t.customer_id = m.customer_id
      WHERE ${isLive('schema_name', '$2')}
      ORDER BY m.customer_id`,
    [after, live],
  );
  return rows.map((row) => markedOf({ ...row, row: row.known ? row : null }));
}

async function carryMarked(
  marked: readonly Marked[],
  on: Transaction,
  tell: (said: readonly SaidCustomer[]) => Promise<void>,
  now: () => Instant,
  round: Round,
): Promise<number> {
  if (marked.length === 0) return 0;
  // A rebuild marks everybody, and a fold may change nothing that is told.
  const changed = marked.filter(({ hash, toldHash }) => hash !== toldHash);
  if (changed.length > 0) await tell(changed.map(({ said }) => said));
  await count(on, marked, now());
  round.after = lastOf(
    marked.map(({ said }) => said.customerId),
    round,
  );
  return marked.length;
}

export function markedOf({ customer_id, revision, changed_at, row, erased, told_hash }: ProfileRow): Marked {
  const profile = row === null || erased ? null : profileOf(row);
  return {
    said: { customerId: customer_id, revision, changedAt: changed_at, profile },
    hash: profile === null ? null : createHash('sha256').update(JSON.stringify(profile)).digest('hex').slice(0, 32),
    toldHash: told_hash,
  };
}

/** Notes what was told, and takes the marks away that are still the ones that were seen. */
async function count(on: Transaction, marked: readonly Marked[], now: Instant): Promise<void> {
  const ids = list(marked.map(({ said }) => said.customerId));
  const revisions = list(marked.map(({ said }) => String(said.revision)));
  await on.batch([
    BY_INDEX,
    {
      sql: `INSERT INTO perennial.customers_published AS t (customer_id, revision, hash, published_at)
     SELECT customer_id, revision, nullif(hash, ''), $4::timestamptz
       FROM unnest($1::text[], $2::bigint[], $3::text[]) AS r(customer_id, revision, hash) ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET revision = EXCLUDED.revision, hash = EXCLUDED.hash, published_at = EXCLUDED.published_at
      WHERE t.hash IS DISTINCT FROM EXCLUDED.hash`,
      params: [ids, revisions, list(marked.map(({ hash }) => hash ?? '')), new Date(now).toISOString()],
    },
    {
      // Locked in the order in which whoever marks them does, so that the two never wait for one another.
      sql: `WITH seen AS (
       SELECT c.customer_id FROM perennial.customer_changes c
         JOIN unnest($1::text[], $2::bigint[]) AS r(customer_id, revision) USING (customer_id, revision)
        ORDER BY c.customer_id FOR UPDATE OF c)
     DELETE FROM perennial.customer_changes c USING seen WHERE c.customer_id = seen.customer_id`,
      params: [ids, revisions],
    },
  ]);
}

async function tellAnew(database: Database, customerIds: readonly string[], now: Instant): Promise<void> {
  const ids = list([...customerIds].sort());
  await database.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO perennial.customer_changes (customer_id, changed_at) SELECT id, $2::timestamptz FROM unnest($1::text[]) AS c(id)
       ON CONFLICT (customer_id) DO UPDATE SET revision = nextval('perennial.customer_revisions')`,
      [ids, new Date(now).toISOString()],
    );
    // No hash is empty: whatever is told next differs from it, a tombstone too.
    await tx.query(`UPDATE perennial.customers_published SET hash = '' WHERE customer_id = ANY($1::text[])`, [ids]);
  });
}

/** Whether none of a customer's names is left: `k` is their row. */
export function erased(schema: string): string {
  return `EXISTS (SELECT 1 FROM ${schema}.subjects s WHERE s.customer_id = k.customer_id
                   GROUP BY s.customer_id HAVING bool_and(s.erased_at IS NOT NULL))`;
}
