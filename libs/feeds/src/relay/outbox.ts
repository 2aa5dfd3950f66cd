import { arrayText, instantText, type Database, type Queryable, type Row } from '#database';
import type { Instant } from '#contracts';

/**
 * How far a relay has come in its round through the customers, in the order of their ids. Where more is pending than one batch holds, each batch
 * continues where the last one ended: every customer gets a turn, however much is pending for customers with lower ids.
 */
export interface RoundRobinCursor {
  /** The last customer of the last batch. */
  after: string;
}

/**
 * SQL for one page of `rows` (SELECT … FROM …, without WHERE; pass conditions as `where`), in `order`, which begins with the owner: first the rows
 * after `$1`, then those from the beginning on. Each half is read by an index, up to the size of a page; only these rows are sorted.
 */
export function roundRobinPage(
  rows: string,
  order: string,
  limit: number,
  where = 'TRUE',
  owner: Owner = 'customer_id',
): string {
  const half = (comparison: string): string =>
    `(${rows} WHERE ${where} AND ${owner} ${comparison} $1 ORDER BY ${order} LIMIT ${limit})`;
  return `SELECT * FROM (${half('>')} UNION ALL ${half('<=')}) batch ORDER BY ${owner} <= $1, ${order} LIMIT ${limit}`;
}

/** The customer at which a batch of these customers, in the order of their ids, ends its part of the round. */
export function lastInRound(customerIds: readonly string[], { after }: RoundRobinCursor): string {
  return customerIds.findLast((id) => id <= after) ?? customerIds.at(-1) ?? after;
}

/** A batch: so many customers at most, and so many messages. */
const BATCH_CUSTOMERS = 1_000;
const BATCH_MESSAGES = 3_000;

/** The column that says whose a message is: messages of one owner are published in order. */
type Owner = 'customer_id' | 'account_id';

/** A table of numbered messages of each owner (a customer, an account), some of them pending, and how its messages are read. */
export interface OutboxTable<Message> {
  readonly table: string;
  readonly owner: Owner;
  readonly ownerOf: (message: Message) => string;
  /** True: a published row stays, with `sent_at`, which is null until then. False: a published row is deleted. */
  readonly keepsPublished: boolean;
  /** The column that counts each owner's messages. */
  readonly sequence: string;
  readonly sequenceOf: (message: Message) => number;
  /** `which` selects the owner and the sequence column; the messages are returned in that order. */
  readonly read: (on: Queryable, which: string, params: readonly unknown[]) => Promise<readonly Message[]>;
}

type OutboxColumns = Pick<OutboxTable<never>, 'table' | 'owner' | 'keepsPublished' | 'sequence'>;

/**
 * Passes one batch of pending messages to `publish` and marks them as published once it resolves; returns the number of messages. Each
 * customer's messages are published in order: a relay locks the first pending message of each customer in its batch, and other relays skip that
 * customer in the meantime. Delivery is at least once: a relay that dies between publishing and marking publishes the same messages again, with
 * the same ids.
 */
export async function drainOutbox<Message>(
  database: Database,
  outbox: OutboxTable<Message>,
  publish: (messages: readonly Message[]) => Promise<void>,
  now: () => Instant,
  cursor: RoundRobinCursor,
): Promise<number> {
  const advance = (messages: readonly Message[]): number => {
    cursor.after = lastInRound(messages.map(outbox.ownerOf), cursor);
    return messages.length;
  };
  if (database.kind === 'postgres') {
    const messages = await database.transaction(async (tx) => {
      const claimed = await claimBatch(tx, outbox, cursor);
      if (claimed.length > 0) await publish(claimed).then(() => markPublished(tx, outbox, claimed, now()));
      return claimed;
    });
    return advance(messages);
  }
  // PGlite: one relay, and one connection that the whole process shares. It is not held while the relay waits for a broker, and two round trips suffice.
  const messages = await outbox.read(withIndexScans(database), pendingBatch(outbox), [cursor.after]);
  if (messages.length > 0) {
    await publish(messages);
    await markPublished(withIndexScans(database), outbox, messages, now());
  }
  return advance(messages);
}

/**
 * Makes PostgreSQL read by index in the current transaction. PGlite keeps the plans of its one connection, and a plan made while a table was
 * small goes on scanning the whole table; and where the planner expects a full batch, which is rare, it would scan whole tables to join them.
 */
export const INDEX_SCANS = {
  sql: `SELECT set_config('enable_seqscan', 'off', true), set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true)`,
};

/** Runs each query by index and in a transaction of its own: one round trip, after which the connection is free for others. */
export const withIndexScans = (database: Database): Queryable => ({
  query: async <R extends Row>(sql: string, params: readonly unknown[] = []) => {
    const [, rows = []] = await database.batch([INDEX_SCANS, { sql, params }]);
    return rows as R[];
  },
  exec: (script) => database.exec(script),
});

/** Condition of the rows that are pending. */
const isPending = ({ keepsPublished }: Pick<OutboxColumns, 'keepsPublished'>): string =>
  keepsPublished ? 'sent_at IS NULL' : 'TRUE';

const pendingBatch = (outbox: OutboxColumns): string =>
  roundRobinPage(
    `SELECT ${outbox.owner}, ${outbox.sequence} FROM ${outbox.table}`,
    `${outbox.owner}, ${outbox.sequence}`,
    BATCH_MESSAGES,
    isPending(outbox),
    outbox.owner,
  );

/** Condition: messages are pending. Read by an index, because the table itself is full of deleted rows until it is vacuumed. */
export const anyPending = (outbox: OutboxColumns): string =>
  `(SELECT ${outbox.owner} FROM ${outbox.table} WHERE ${isPending(outbox)} ORDER BY ${outbox.owner}, ${outbox.sequence} LIMIT 1) IS NOT NULL`;

/**
 * Locks the first pending message of each customer, and skips customers that another relay has locked. `$1` is where the last batch ended; the
 * comparison selects the customers after it (`>`) or those from the beginning on (`<=`). A snapshot taken before another relay committed still
 * shows what that relay published; PostgreSQL checks each row again when it locks it, and drops those.
 */
export const claimSql = (outbox: OutboxColumns, comparison: '>' | '<=', limit = BATCH_CUSTOMERS): string =>
  `SELECT ${outbox.owner} FROM ${outbox.table} o
    WHERE ${isPending(outbox)} AND ${outbox.owner} ${comparison} $1 AND NOT EXISTS (
      SELECT 1 FROM ${outbox.table} e
       WHERE e.${outbox.owner} = o.${outbox.owner} AND ${isPending(outbox)} AND e.${outbox.sequence} < o.${outbox.sequence})
    ORDER BY ${outbox.owner} LIMIT ${limit} FOR UPDATE SKIP LOCKED`;

/** One batch of pending messages of customers that no other relay has locked; empty where there are none. */
async function claimBatch<Message>(
  on: Queryable,
  outbox: OutboxTable<Message>,
  { after }: RoundRobinCursor,
): Promise<readonly Message[]> {
  // The planner does not know how many messages are pending, and must not decide to sort all of them: the index is in order.
  await on.query(INDEX_SCANS.sql);
  const claimed: string[] = [];
  for (const comparison of ['>', '<='] as const) {
    if (claimed.length === BATCH_CUSTOMERS) break;
    const rows = await on.query(claimSql(outbox, comparison, BATCH_CUSTOMERS - claimed.length), [after]);
    claimed.push(...rows.map((row) => String(row[outbox.owner])));
  }
  if (claimed.length === 0) return [];
  const { table, owner, sequence, read } = outbox;
  // Where these customers have more messages than a batch holds, the customers at the end of the round are left for the next batch.
  return read(
    on,
    `SELECT ${owner}, ${sequence} FROM ${table} WHERE ${isPending(outbox)} AND ${owner} = ANY($1::text[])
      ORDER BY ${owner} <= $2, ${owner}, ${sequence} LIMIT ${BATCH_MESSAGES}`,
    [arrayText(claimed), after],
  );
}

async function markPublished<Message>(
  on: Queryable,
  outbox: OutboxTable<Message>,
  messages: readonly Message[],
  now: Instant,
): Promise<void> {
  const { table, owner, ownerOf, keepsPublished, sequence, sequenceOf } = outbox;
  // By the index of these customers: a join depends on an estimate of how many messages are pending, and a wrong one makes it compare every row with every other.
  const published = `${isPending(outbox)} AND ${owner} = ANY($1::text[]) AND ${owner} || ' ' || ${sequence} = ANY($2::text[])`;
  const params = [
    arrayText([...new Set(messages.map(ownerOf))]),
    arrayText(messages.map((message) => `${ownerOf(message)} ${sequenceOf(message)}`)),
  ];
  if (keepsPublished)
    await on.query(`UPDATE ${table} SET sent_at = $3 WHERE ${published}`, [...params, instantText(now)]);
  else await on.query(`DELETE FROM ${table} WHERE ${published}`, params);
}

const REPLAY_PAGE = 2_000;

/** All messages ever published, page by page, from a table that is keyed by customer and sequence and keeps every message. */
export async function* replayOutbox<Message>(
  database: Database,
  { owner, ownerOf, sequence, sequenceOf, read }: OutboxTable<Message>,
  table: string,
  fromPosition: number,
): AsyncIterable<readonly Message[]> {
  let [from, after] = ['', 0];
  for (;;) {
    const messages = await read(
      database,
      `SELECT ${owner}, ${sequence} FROM ${table}
        WHERE (${owner}, ${sequence}) > ($1, $2::int) AND position >= $3::bigint
        ORDER BY ${owner}, ${sequence} LIMIT ${REPLAY_PAGE}`,
      [from, after, fromPosition],
    );
    const last = messages.at(-1);
    if (last === undefined) return;
    yield messages;
    [from, after] = [ownerOf(last), sequenceOf(last)];
  }
}
