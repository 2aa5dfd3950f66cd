import { createHash } from 'node:crypto';
import type { Instant } from '#contracts';
import { arrayText, instantText, LOCKS, tryLock } from '#database';
import type { Database, Queryable, Row, Transaction } from '#database';
import type { PublishedProfile } from '../outbox-message.js';
import type { OutboxSource } from '../outbox-source.js';
import { isLive, liveColumns, liveSchema } from '#projections/schema';
import { INDEX_SCANS, withIndexScans } from './outbox.js';
import { profileOf } from './profile.js';
import { lastInRound, roundRobinPage, type RoundRobinCursor } from './outbox.js';

/** Customers whose profiles are published in one batch. */
const BATCH_CUSTOMERS = 1_000;

/** A customer whose profile may have changed since it was last published. */
export interface ProfileChange {
  readonly message: PublishedProfile;
  /** The hash of the profile; null where the customer no longer exists. */
  readonly hash: string | null;
  /** The hash of the profile last published; null where the key was deleted, empty where it is not known. */
  readonly publishedHash: string | null;
}

/** The current profiles of customers that were marked as changed since their profile was last published. */
export const PROFILES_SOURCE: OutboxSource = {
  pending: 'EXISTS (SELECT 1 FROM perennial.customer_changes)',

  async drain(database, publish, now, cursor) {
    // PGlite: one relay, and one connection that the whole process shares. It is not held while the relay waits for a broker, and two round trips suffice.
    if (database.kind === 'pglite') {
      const changes = await nextChanges(withIndexScans(database), cursor);
      return publishChanges(changes, database, publish, now, cursor);
    }
    const published: string[] = [];
    try {
      return await database.transaction(async (tx) => {
        const [lock] = await tx.query<{ acquired: boolean }>(`SELECT ${tryLock(LOCKS.customersFeed)} AS acquired`);
        if (lock?.acquired !== true) return 0;
        return publishChanges(
          await nextChanges(tx, cursor),
          tx,
          async (messages) => {
            await publish(messages);
            published.push(...messages.map(({ customerId }) => customerId));
          },
          now,
          cursor,
        );
      });
    } catch (error) {
      // Published, but not marked as published: the lock was lost with the connection, and another relay may have published something newer before. So publish again.
      if (published.length > 0) await markForRepublishing(database, published, now());
      throw error;
    }
  },

  async *replay(database, fromPosition) {
    const live = await liveSchema(database);
    for (let after = ''; live !== null;) {
      const rows = await database.query<ProfileRow>(
        `SELECT k.customer_id, coalesce(m.revision, t.revision) AS revision, coalesce(m.changed_at, t.published_at) AS changed_at,
                to_jsonb(k) AS row, false AS erased, t.hash AS published_hash
           FROM ${live}.customers k JOIN perennial.customers_published t ON t.customer_id = k.customer_id AND t.hash IS NOT NULL
           LEFT JOIN perennial.customer_changes m ON m.customer_id = k.customer_id
          WHERE k.customer_id > $1 AND k.folded_position >= $2::bigint AND NOT ${erasedCondition(live)}
          ORDER BY k.customer_id LIMIT ${BATCH_CUSTOMERS}`,
        [after, fromPosition],
      );
      const last = rows.at(-1);
      if (last === undefined) return;
      yield rows.map((row) => profileChangeOf(row).message);
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
  readonly published_hash: string | null;
}

/**
 * The columns of a customer's row that the profile needs. They are selected by name, because the whole row as JSON takes three times as long.
 * Read models made by another version of this program may lack some of them: their profiles are published without these until the next rebuild.
 */
const PROFILE_COLUMNS: ReadonlySet<string> = new Set([
  ...['cycle', 'stage', 'phase', 'entered_at', 'cause', 'policy_version', 'flags', 'next_due_at', 'next_due_kind'],
  ...['first_seen_at', 'last_seen_at', 'touchpoints', 'orders', 'revenue', 'first_purchase_at', 'last_purchase_at'],
  ...['consents', 'profile'],
]);

/** The live schema, and the list of those profile columns that its customers have. */
async function liveProfileColumns(on: Queryable): Promise<{ readonly live: string; readonly columns: string } | null> {
  const found = await liveColumns(on, 'customers');
  if (found === null) return null;
  const columns = found.columns.filter((name) => PROFILE_COLUMNS.has(name)).sort();
  return { live: found.schema, columns: columns.map((name) => `k.${name}`).join(', ') };
}

/** A change whose profile columns are columns of the row; `known`: the customer has a row in the read models. */
interface ChangeRow extends ProfileRow {
  readonly known: boolean;
}

/** One batch of marked customers, from where the last batch ended. */
async function nextChanges(on: Queryable, { after }: RoundRobinCursor): Promise<readonly ProfileChange[]> {
  const found = await liveProfileColumns(on);
  if (found === null) return [];
  const { live, columns } = found;
  // Where no publication is recorded, a relay may still have published the profile and died before it recorded that. The empty hash differs from every
  // hash, so a message is published, if only the deletion. Mark and profile are read in one statement: one revision always has the same content. Another
  // version may have become the live one since its schema was read; then nothing is found, and the next batch reads the schema again.
  const rows = await on.query<ChangeRow>(
    `SELECT m.customer_id, m.revision, m.changed_at, k.customer_id IS NOT NULL AS known,
            ${columns}, ${erasedCondition(live)} AS erased,
            CASE WHEN t.customer_id IS NULL THEN '' ELSE t.hash END AS published_hash
       FROM (${roundRobinPage('SELECT customer_id, revision, changed_at FROM perennial.customer_changes', 'customer_id', BATCH_CUSTOMERS)}) m
       LEFT JOIN ${live}.customers k ON k.customer_id = m.customer_id
       LEFT JOIN perennial.customers_published t ON t.customer_id = m.customer_id
      WHERE ${isLive('schema_name', '$2')}
      ORDER BY m.customer_id`,
    [after, live],
  );
  return rows.map((row) => profileChangeOf({ ...row, row: row.known ? row : null }));
}

async function publishChanges(
  changes: readonly ProfileChange[],
  on: Transaction,
  publish: (messages: readonly PublishedProfile[]) => Promise<void>,
  now: () => Instant,
  cursor: RoundRobinCursor,
): Promise<number> {
  if (changes.length === 0) return 0;
  // A rebuild marks every customer, and a fold may change nothing that a profile shows.
  const different = changes.filter(({ hash, publishedHash }) => hash !== publishedHash);
  if (different.length > 0) await publish(different.map(({ message }) => message));
  await markPublished(on, changes, now());
  cursor.after = lastInRound(
    changes.map(({ message }) => message.customerId),
    cursor,
  );
  return changes.length;
}

export function profileChangeOf(found: ProfileRow): ProfileChange {
  const { customer_id, revision, changed_at, row, erased, published_hash } = found;
  const profile = row === null || erased ? null : profileOf(row);
  return {
    message: { customerId: customer_id, revision, changedAt: changed_at, profile },
    hash: profile === null ? null : createHash('sha256').update(JSON.stringify(profile)).digest('hex').slice(0, 32),
    publishedHash: published_hash,
  };
}

/** Records what was published, and removes the marks, unless a customer was marked again in the meantime. */
async function markPublished(on: Transaction, changes: readonly ProfileChange[], now: Instant): Promise<void> {
  const ids = arrayText(changes.map(({ message }) => message.customerId));
  const revisions = arrayText(changes.map(({ message }) => message.revision));
  await on.batch([
    INDEX_SCANS,
    {
      sql: `INSERT INTO perennial.customers_published AS t (customer_id, revision, hash, published_at)
     SELECT customer_id, revision, nullif(hash, ''), $4::timestamptz
       FROM unnest($1::text[], $2::bigint[], $3::text[]) AS r(customer_id, revision, hash) ORDER BY customer_id
     ON CONFLICT (customer_id) DO UPDATE SET revision = EXCLUDED.revision, hash = EXCLUDED.hash, published_at = EXCLUDED.published_at
      WHERE t.hash IS DISTINCT FROM EXCLUDED.hash`,
      params: [ids, revisions, arrayText(changes.map(({ hash }) => hash ?? '')), instantText(now)],
    },
    {
      // Locked in the order in which the projector marks customers, so that the two never deadlock.
      sql: `WITH seen AS (
       SELECT c.customer_id FROM perennial.customer_changes c
         JOIN unnest($1::text[], $2::bigint[]) AS r(customer_id, revision) USING (customer_id, revision)
        ORDER BY c.customer_id FOR UPDATE OF c)
     DELETE FROM perennial.customer_changes c USING seen WHERE c.customer_id = seen.customer_id`,
      params: [ids, revisions],
    },
  ]);
}

async function markForRepublishing(database: Database, customerIds: readonly string[], now: Instant): Promise<void> {
  const ids = arrayText([...customerIds].sort());
  await database.transaction(async (tx) => {
    await tx.query(
      `INSERT INTO perennial.customer_changes (customer_id, changed_at) SELECT id, $2::timestamptz FROM unnest($1::text[]) AS c(id)
       ON CONFLICT (customer_id) DO UPDATE SET revision = nextval('perennial.customer_revisions')`,
      [ids, instantText(now)],
    );
    // The empty hash differs from every hash, and from the null of a deletion.
    await tx.query(`UPDATE perennial.customers_published SET hash = '' WHERE customer_id = ANY($1::text[])`, [ids]);
  });
}

/** Condition: every identifier of the customer was erased; `k` is the customer's row. */
export function erasedCondition(schema: string): string {
  return `EXISTS (SELECT 1 FROM ${schema}.subjects s WHERE s.customer_id = k.customer_id
                   GROUP BY s.customer_id HAVING bool_and(s.erased_at IS NOT NULL))`;
}
