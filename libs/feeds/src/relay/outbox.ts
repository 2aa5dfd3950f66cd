import type { Instant } from '#contracts';
import type { Database, Queryable, Row } from '#database';
import { goingRound, lastOf, type Round } from './round.js';
import { list } from './stage-changes.js';

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
 * order: who carries some of theirs has the first of them locked, and nobody else carries any of theirs in the meantime. It is told at least once: who dies
 * between telling and counting tells it again, under the same names.
 */
export async function carryUnsent<Word extends { readonly customerId: string }>(
  database: Database,
  unsent: Unsent<Word>,
  tell: (words: readonly Word[]) => Promise<void>,
  now: () => Instant,
  round: Round,
): Promise<number> {
  const toldOf = (words: readonly Word[]): number => {
    round.after = lastOf(
      words.map(({ customerId }) => customerId),
      round,
    );
    return words.length;
  };
  if (database.kind === 'postgres') {
    const words = await database.transaction(async (tx) => {
      const claimed = await claim(tx, unsent, round);
      if (claimed.length > 0) await tell(claimed).then(() => count(tx, unsent, claimed, now()));
      return claimed;
    });
    return toldOf(words);
  }
  // In process there is one carrier, and one connection: it is not kept from the others while a broker is waited for, and asked for twice only.
  const words = await unsent.read(askingByIndex(database), nextUnsent(unsent), [round.after]);
  if (words.length > 0) {
    await tell(words);
    await count(askingByIndex(database), unsent, words, now());
  }
  return toldOf(words);
}

/**
 * For the transaction in which it is asked: rows are looked up one by one, by an index. PGlite keeps the plans of its one connection, and one that was made while
 * a table was small goes on reading the whole of it; and where a batch is guessed to be full, as it hardly ever is, whole tables would be gone through to join it.
 */
export const BY_INDEX = {
  sql: `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`,
};

/** Each question a transaction of its own, by index: one way there and back, in which nobody is kept from the one connection. */
export const askingByIndex = (database: Database): Queryable => ({
  query: async <R extends Row>(sql: string, params: readonly unknown[] = []) => {
    const [, rows = []] = await database.batch([BY_INDEX, { sql, params }]);
    return rows as R[];
  },
  exec: (script) => database.exec(script),
});

/** Which rows of the table are still to be told. */
const open = ({ kept }: Pick<Unsent<never>, 'kept'>): string => (kept ? 'sent_at IS NULL' : 'TRUE');

type Where = Pick<Unsent<never>, 'table' | 'kept' | 'number'>;

const nextUnsent = ({ table, kept, number }: Where): string =>
  goingRound(`SELECT customer_id, ${number} FROM ${table}`, `customer_id, ${number}`, WORDS, open({ kept }));

/** Whether anything is still to be told. By an index, since the table itself is full of what went until somebody sweeps it. */
export const anyUnsent = ({ table, kept, number }: Where): string =>
  `(SELECT customer_id FROM ${table} WHERE ${open({ kept })} ORDER BY customer_id, ${number} LIMIT 1) IS NOT NULL`;

/**
 * The first of each customer's words, of whom nobody else tells anything in the meantime; `$1` is where the last batch ended, and it goes up to its end (`>`) or
 * on from the beginning (`<=`). A snapshot taken before another carrier was done still sees what that one sent: the row that it locked is looked at again, and
 * let go.
 */
export const claiming = ({ table, kept, number }: Where, which: '>' | '<=', limit = CUSTOMERS): string =>
  `SELECT customer_id FROM ${table} o
    WHERE ${open({ kept })} AND customer_id ${which} $1 AND NOT EXISTS (
      SELECT 1 FROM ${table} e
       WHERE e.customer_id = o.customer_id AND ${open({ kept })} AND e.${number} < o.${number})
    ORDER BY customer_id LIMIT ${limit} FOR UPDATE SKIP LOCKED`;

/** A batch of what is to be told, of customers of whom nobody else tells anything in the meantime. Empty where there is none. */
async function claim<Word extends { readonly customerId: string }>(
  on: Queryable,
  unsent: Unsent<Word>,
  { after }: Round,
): Promise<readonly Word[]> {
  // It knows not how much is unsent, so it must not choose to sort all of it: the index has the order.
  await on.query(BY_INDEX.sql);
  const claimed: string[] = [];
  for (const which of ['>', '<='] as const) {
    if (claimed.length === CUSTOMERS) break;
    const rows = await on.query<{ customer_id: string }>(claiming(unsent, which, CUSTOMERS - claimed.length), [after]);
    claimed.push(...rows.map(({ customer_id }) => customer_id));
  }
  if (claimed.length === 0) return [];
  const { table, kept, number, read } = unsent;
  // Where there are too many words, those are left for the next batch that it would come to last.
  return read(
    on,
    `SELECT customer_id, ${number} FROM ${table} WHERE ${open({ kept })} AND customer_id = ANY($1::text[])
      ORDER BY customer_id <= $2, customer_id, ${number} LIMIT ${WORDS}`,
    [list(claimed), after],
  );
}

async function count<Word extends { readonly customerId: string }>(
  on: Queryable,
  { table, kept, number, numberOf }: Unsent<Word>,
  words: readonly Word[],
  now: Instant,
): Promise<void> {
  // By the index of these customers, each word among those told: a join goes by a guess of how many are unsent, and a wrong one makes it compare each with each.
  const told = `${open({ kept })} AND customer_id = ANY($1::text[]) AND customer_id || ' ' || ${number} = ANY($2::text[])`;
  const which = [
    list([...new Set(words.map(({ customerId }) => customerId))]),
    list(words.map((word) => `${word.customerId} ${numberOf(word)}`)),
  ];
  if (kept) await on.query(`UPDATE ${table} SET sent_at = $3 WHERE ${told}`, [...which, new Date(now).toISOString()]);
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
