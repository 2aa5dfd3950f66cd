/**
 * How far a relay has come in its round through the customers, in the order of their ids. Where more is pending than one batch holds, each batch
 * continues where the last one ended: every customer gets a turn, however much is pending for customers with lower ids.
 */
export interface RoundRobinCursor {
  /** The last customer of the last batch. */
  after: string;
}

/**
 * SQL for one page of `rows` (SELECT … FROM …, without WHERE; pass conditions as `where`), in `order`, which begins with customer_id: first the rows
 * after `$1`, then those from the beginning on. Each half is read by an index, up to the size of a page; only these rows are sorted.
 */
export function roundRobinPage(rows: string, order: string, limit: number, where = 'TRUE'): string {
  const half = (comparison: string): string =>
    `(${rows} WHERE ${where} AND customer_id ${comparison} $1 ORDER BY ${order} LIMIT ${limit})`;
  return `SELECT * FROM (${half('>')} UNION ALL ${half('<=')}) batch ORDER BY customer_id <= $1, ${order} LIMIT ${limit}`;
}

/** The customer at which a batch of these customers, in the order of their ids, ends its part of the round. */
export function lastInRound(customerIds: readonly string[], { after }: RoundRobinCursor): string {
  return customerIds.findLast((id) => id <= after) ?? customerIds.at(-1) ?? after;
}
