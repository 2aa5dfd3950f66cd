import type { Instant } from '#contracts';
import type { Database } from '#database';
import type { Round } from './relay/round.js';
import type { Said } from './published.js';

/** Where what is told comes from: a table of what is still to be told, and of what can be told again. */
export interface Source {
  /** SQL that is true where something is still to be told. */
  readonly waiting: string;
  /**
   * Hands a batch of what is still to be told to `tell`, each customer's in its order, and counts it as told once that resolves; returns how
   * much it was. It is told at least once: who dies between telling and counting tells it again, under the same names. `round` is where the last
   * batch ended, and then where this one did.
   */
  carry(
    database: Database,
    tell: (said: readonly Said[]) => Promise<void>,
    now: () => Instant,
    round: Round,
  ): Promise<number>;
  /** Everything that was told and rests on the log from this position on, customer by customer, under the names that it had. */
  again(database: Database, fromPosition: number): AsyncIterable<readonly Said[]>;
}
