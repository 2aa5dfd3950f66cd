import type { Instant } from '#contracts';
import type { Statement } from '#database';

/** Where a build stands: kept in the version's own checkpoint, in the transactions that write its rows. */
export interface BuildState {
  readonly phase: 'links' | 'components' | 'customers' | 'indexes';
  readonly upTo: number;
  readonly asOf: Instant;
  /** How many events that was: where a log counts in bytes, positions do not tell it. */
  readonly events?: number;
  readonly recordedAt: Instant | null;
  /** links: read up to this position. */
  readonly scanned: number;
  /** customers: folded up to this customer, and how many that were. */
  readonly after: string;
  readonly folded: number;
  readonly customers: number;
  /** The statements that make the indexes that are still missing. */
  readonly indexes?: readonly string[];
}

/**
 * The statement that writes the next state down, in the transaction of what it speaks of. It gives no row where the state is not the one
 * that this builder left: two builders on one version meet here.
 */
export function advance(before: BuildState, next: BuildState): Statement {
  return {
    sql: 'UPDATE checkpoint SET build = $1::text::jsonb WHERE build = $2::text::jsonb RETURNING 1 AS done',
    params: [JSON.stringify(next), JSON.stringify(before)],
  };
}
