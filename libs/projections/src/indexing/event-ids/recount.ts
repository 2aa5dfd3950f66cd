import type { Transaction } from '#database';

/** Events of one source and day that a receipt counted as accepted or quarantined, and that proved to be duplicates. */
export interface Recount extends Record<string, unknown> {
  readonly source: string;
  readonly day: string;
  readonly accepted: number;
  readonly quarantined: number;
}

/** The recounts that follow from the duplicates between two positions. */
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
