import type { Instant } from '#contracts';
import type { Database, Queryable } from '#projections';
import { list } from './tellings.js';

/** Customers whose words are carried at one time, and how many words at most. */
const CUSTOMERS = 1_000;
const WORDS = 3_000;

/** A table of numbered words of each customer that are to be told, and how they are read. */
export interface Unsent<Word extends { readonly customerId: string }> {
  readonly table: string;
  /** A word that was told stays, under the `sent_at` that was null until then; or it goes. */
  readonly kept: boolean;
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
  if (database.kind === 'postgres')
    return database.transaction(async (tx) => {
      const words = await claim(tx, unsent);
      if (words.length > 0) await tell(words).then(() => count(tx, unsent, words, now()));
      return words.length;
    });
  // In process there is one carrier, and one connection: it is not kept from the others while a broker is waited for, and asked for twice only.
  const words = await database.transaction(async (tx) => {
    await byIndex(tx);
    return unsent.read(tx, firstUnsent(unsent), []);
  });
  if (words.length > 0) {
    await tell(words);
    await database.transaction(async (tx) => {
      await byIndex(tx);
      await count(tx, unsent, words, now());
    });
  }
  return words.length;
}

/**
 * PGlite keeps the plans of its one connection, and one that was made while a table was small goes on reading the whole of it: in this transaction
 * they are made for what an index finds.
 */
export async function byIndex(tx: Queryable): Promise<void> {
  await tx.query(`SELECT set_config('enable_seqscan', 'off', true)`);
}

/** Which rows of the table are still to be told. */
const open = ({ kept }: Pick<Unsent<never>, 'kept'>): string => (kept ? 'sent_at IS NULL' : 'TRUE');

type Where = Pick<Unsent<never>, 'table' | 'kept' | 'number'>;

const firstUnsent = ({ table, kept, number }: Where): string =>
  `SELECT customer_id, ${number} FROM ${table} WHERE ${open({ kept })} ORDER BY customer_id, ${number} LIMIT ${WORDS}`;

/** Whether anything is still to be told. By an index, since the table itself is full of what went until somebody sweeps it. */
export const anyUnsent = ({ table, kept, number }: Where): string =>
  `(SELECT customer_id FROM ${table} WHERE ${open({ kept })} ORDER BY customer_id, ${number} LIMIT 1) IS NOT NULL`;

/** A helping of what is to be told, of customers of whom nobody else tells anything meanwhile. Empty where there is none. */
async function claim<Word extends { readonly customerId: string }>(
  on: Queryable,
  { table, kept, number, read }: Unsent<Word>,
): Promise<readonly Word[]> {
  // A snapshot taken before another carrier was done still sees what that one sent: the row that it locked is looked at again, and let go.
  const claimed = await on.query<{ customer_id: string }>(
    `SELECT customer_id FROM ${table} o
      WHERE ${open({ kept })} AND NOT EXISTS (
        SELECT 1 FROM ${table} e
         WHERE e.customer_id = o.customer_id AND ${open({ kept })} AND e.${number} < o.${number})
      ORDER BY customer_id LIMIT ${CUSTOMERS} FOR UPDATE SKIP LOCKED`,
  );
  if (claimed.length === 0) return [];
  return read(
    on,
    `SELECT customer_id, ${number} FROM ${table} WHERE ${open({ kept })} AND customer_id = ANY($1::text[])
      ORDER BY customer_id, ${number} LIMIT ${WORDS}`,
    [list(claimed.map(({ customer_id }) => customer_id))],
  );
}

async function count<Word extends { readonly customerId: string }>(
  on: Queryable,
  { table, kept, number, numberOf }: Unsent<Word>,
  words: readonly Word[],
  now: Instant,
): Promise<void> {
  // One pass over these customers' rows that are unsent: a join goes by a guess of how many are, and a wrong one makes it compare each with each.
  const told = `${open({ kept })} AND customer_id BETWEEN $1 AND $2 AND customer_id || ' ' || ${number} = ANY($3::text[])`;
  const which = [
    words[0]?.customerId,
    words.at(-1)?.customerId,
    list(words.map((word) => `${word.customerId} ${numberOf(word)}`)),
  ];
  if (kept) await on.query(`UPDATE ${table} SET sent_at = $4 WHERE ${told}`, [...which, new Date(now).toISOString()]);
  else await on.query(`DELETE FROM ${table} WHERE ${told}`, which);
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
