import type { Transaction } from '#database';

/** What a receipt counted as something else, and is a duplicate. */
export interface Recount extends Record<string, unknown> {
  readonly source: string;
  readonly day: string;
  readonly accepted: number;
  readonly quarantined: number;
}

/** The duplicates that were found out between two positions, by source and day of their receipt. */
export function recountsBetween(tx: Transaction, above: number, upTo: number): Promise<Recount[]> {
  return tx.query<Recount>(
    `SELECT counted_source AS source, counted_day AS day,
            (count(*) FILTER (WHERE counted_as = 'accepted'))::int AS accepted,
            (count(*) FILTER (WHERE counted_as = 'quarantined'))::int AS quarantined
       FROM perennial.duplicates WHERE position > $1 AND position <= $2 AND counted_source IS NOT NULL
      GROUP BY counted_source, counted_day`,
    [above, upTo],
  );
}
