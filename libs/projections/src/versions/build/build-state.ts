import type { Instant } from '#contracts';
import type { Statement } from '#database';

/** Where a build is: kept in the checkpoint of its version, by the transactions that write its rows. */
export interface BuildState {
  readonly phase: 'links' | 'components' | 'customers' | 'indexes';
  readonly upTo: number;
  readonly asOf: Instant;
  /** How many events were read: where positions count bytes, they do not tell. */
  readonly events?: number;
  readonly recordedAt: Instant | null;
  /** links: the log was read up to this position. */
  readonly scanned: number;
  /** customers: the last customer that was folded, and how many were. */
  readonly after: string;
  readonly folded: number;
  readonly customers: number;
  /** The statements that create the indexes that are still missing. */
  readonly indexes?: readonly string[];
}

/**
 * The statement that writes the next state, in the transaction of what it describes. It returns no row when the state in the database is not
 * the one before: then another process is building the same version.
 */
export function advance(before: BuildState, next: BuildState): Statement {
  return {
    sql: 'UPDATE checkpoint SET build = $1::text::jsonb WHERE build = $2::text::jsonb RETURNING 1 AS done',
    params: [JSON.stringify(next), JSON.stringify(before)],
  };
}
