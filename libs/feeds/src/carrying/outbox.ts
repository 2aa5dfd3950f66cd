import type { Instant } from '#contracts';
import type { Database, Queryable } from '#projections';
import type { Told } from '../told.js';
import { list, tellings } from './tellings.js';

/** Customers whose words are carried at one time, and how many words at most. */
const CUSTOMERS = 500;
const WORDS = 5_000;

/**
 * Hands what is still to be told to `carry`, and counts it as told once that resolves; returns how much it was. Each customer's words come in
 * order: who carries some of hers has the first of them locked, and nobody else carries any of hers meanwhile. It is told at least once: who dies
 * between telling and counting tells it again, under the same names.
 */
export async function carryUnsent(
  database: Database,
  carry: (told: readonly Told[]) => Promise<void>,
  now: () => Instant,
): Promise<number> {
  // In process there is one carrier, and one connection: it is not kept from the others while a broker is waited for.
  if (database.kind === 'pglite') return carryFrom(database, carry, now);
  return database.transaction((tx) => carryFrom(tx, carry, now));
}

async function carryFrom(
  database: Queryable,
  carry: (told: readonly Told[]) => Promise<void>,
  now: () => Instant,
): Promise<number> {
  // A snapshot taken before another carrier was done still sees what that one sent: the row that it locked is looked at again, and let go.
  const claimed = await database.query<{ customer_id: string }>(
    `SELECT customer_id FROM perennial.outbox o
      WHERE sent_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM perennial.outbox e
         WHERE e.customer_id = o.customer_id AND e.sent_at IS NULL AND e.publication < o.publication)
      ORDER BY customer_id LIMIT ${CUSTOMERS} FOR UPDATE SKIP LOCKED`,
  );
  if (claimed.length === 0) return 0;
  const told = await tellings(
    database,
    `SELECT customer_id, publication FROM perennial.outbox WHERE sent_at IS NULL AND customer_id = ANY($1::text[])
      ORDER BY customer_id, publication LIMIT ${WORDS}`,
    [list(claimed.map(({ customer_id }) => customer_id))],
  );
  await carry(told);
  await database.query(
    `UPDATE perennial.outbox o SET sent_at = $1 FROM unnest($2::text[], $3::int[]) AS t(customer_id, publication)
      WHERE o.customer_id = t.customer_id AND o.publication = t.publication AND o.sent_at IS NULL`,
    [
      new Date(now()).toISOString(),
      list(told.map(({ customerId }) => customerId)),
      list(told.map(({ publication }) => String(publication))),
    ],
  );
  return told.length;
}

/** Forgets what was told long ago: `published` keeps all of it. */
export async function forgetSent(database: Queryable, before: Instant): Promise<void> {
  await database.query(`DELETE FROM perennial.outbox WHERE sent_at < $1`, [new Date(before).toISOString()]);
}
