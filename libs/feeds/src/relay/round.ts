/**
 * How far a carrier has come on its way round the customers, in the order of their ids. Where more is said than can be carried, each batch goes on where
 * the last one ended: so everybody has their turn, however much is said of those whose ids are low.
 */
export interface Round {
  /** The customer of whom something was carried last. */
  after: string;
}

/**
 * A batch of `rows` (SELECT … FROM …, without WHERE unless `where` says so), by `order`, which begins with customer_id: those that follow `$1` first, then
 * from the beginning on. Each part is read by an index, no further than the batch is large; only these are sorted.
 */
export function goingRound(rows: string, order: string, limit: number, where = 'TRUE'): string {
  const part = (which: string): string =>
    `(${rows} WHERE ${where} AND customer_id ${which} $1 ORDER BY ${order} LIMIT ${limit})`;
  return `SELECT * FROM (${part('>')} UNION ALL ${part('<=')}) batch ORDER BY customer_id <= $1, ${order} LIMIT ${limit}`;
}

/** Whom of these customers, in the order of their ids, the way comes to last. */
export function lastOf(customerIds: readonly string[], { after }: Round): string {
  return customerIds.findLast((id) => id <= after) ?? customerIds.at(-1) ?? after;
}
