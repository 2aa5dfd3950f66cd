import type { Instant } from '#contracts';
import type { Database, Queryable } from '#projections';
import { list } from './tellings.js';

/** Customers whose words are carried at one time, and how many words at most. */
const CUSTOMERS = 500;
const WORDS = 5_000;

/** A table of numbered words of each customer, with `sent_at`, which is null until they were told; and how they are read. */
export interface Unsent<Word extends { readonly customerId: string }> {
  readonly table: string;
  /** The column that counts each customer's words. */
  readonly number: string;
  readonly numberOf: (word: Word) => number;
  /** `which` selects customer_id and the number; the words come in that order. */
  readonly read: (on: Queryable, which: string, params: readonly unknown[]) => Promise<readonly Word[]>;
}

/**
 * Hands what is still to be told to `tell`, and counts it as told once that resolves; returns how much it was. Each customer's words come in
 * order: who carries some of hers has the first of them locked, and nobody else carries any of hers meanwhile. It is told at least once: who dies
 * between telling and counting tells it again, under the same names.
 */
export async function carryUnsent<Word extends { readonly customerId: string }>(
  database: Database,
  unsent: Unsent<Word>,
  tell: (words: readonly Word[]) => Promise<void>,
  now: () => Instant,
): Promise<number> {
  // In process there is one carrier, and one connection: it is not kept from the others while a broker is waited for.
  if (database.kind === 'pglite') return carryFrom(database, unsent, tell, now);
  return database.transaction((tx) => carryFrom(tx, unsent, tell, now));
}

async function carryFrom<Word extends { readonly customerId: string }>(
  database: Queryable,
  { table, number, numberOf, read }: Unsent<Word>,
  tell: (words: readonly Word[]) => Promise<void>,
  now: () => Instant,
): Promise<number> {
  // A snapshot taken before another carrier was done still sees what that one sent: the row that it locked is looked at again, and let go.
  const claimed = await database.query<{ customer_id: string }>(
    `SELECT customer_id FROM ${table} o
      WHERE sent_at IS NULL AND NOT EXISTS (
        SELECT 1 FROM ${table} e
         WHERE e.customer_id = o.customer_id AND e.sent_at IS NULL AND e.${number} < o.${number})
      ORDER BY customer_id LIMIT ${CUSTOMERS} FOR UPDATE SKIP LOCKED`,
  );
  if (claimed.length === 0) return 0;
  const words = await read(
    database,
    `SELECT customer_id, ${number} FROM ${table} WHERE sent_at IS NULL AND customer_id = ANY($1::text[])
      ORDER BY customer_id, ${number} LIMIT ${WORDS}`,
    [list(claimed.map(({ customer_id }) => customer_id))],
  );
  await tell(words);
  await database.query(
    `UPDATE ${table} o SET sent_at = $1 FROM unnest($2::text[], $3::int[]) AS t(customer_id, number)
      WHERE o.customer_id = t.customer_id AND o.${number} = t.number AND o.sent_at IS NULL`,
    [
      new Date(now()).toISOString(),
      list(words.map(({ customerId }) => customerId)),
      list(words.map((word) => String(numberOf(word)))),
    ],
  );
  return words.length;
}

const PAGE = 2_000;

/** All that was ever said, from a table that is keyed by customer and number and keeps all of it. */
export async function* sayAgain<Word extends { readonly customerId: string }>(
  database: Database,
  { number, numberOf, read }: Unsent<Word>,
  table: string,
  fromPosition: number,
): AsyncIterable<readonly Word[]> {
  let [customerId, after] = ['', 0];
  for (;;) {
    const words = await read(
      database,
      `SELECT customer_id, ${number} FROM ${table}
        WHERE (customer_id, ${number}) > ($1, $2::int) AND position >= $3::bigint
        ORDER BY customer_id, ${number} LIMIT ${PAGE}`,
      [customerId, after, fromPosition],
    );
    const last = words.at(-1);
    if (last === undefined) return;
    yield words;
    [customerId, after] = [last.customerId, numberOf(last)];
  }
}
