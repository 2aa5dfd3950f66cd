import type { Instant } from '#contracts';

/** One thing that was said of a customer, as the table `published` holds it for ever, with what a feed may want to know around it. */
export interface Told {
  /** Names it for ever: a hash of the stage period, the kind and the publication. */
  readonly messageId: string;
  readonly customerId: string;
  /** Counts from 1 for each customer. */
  readonly publication: number;
  /** `entered`: a stage period began at `at`; `left`: it ended at `at`; `retracted`: publication `retracts` no longer holds. */
  readonly kind: 'entered' | 'left' | 'retracted';
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly enteredAt: Instant;
  readonly at: Instant;
  /** How much of the log it rests on. */
  readonly position: number;
  readonly reason: string | null;
  readonly retracts: number | null;
  /** The instant lay more than 24 h back when it was said: no action follows from it. */
  readonly historical: boolean;
  /** Of a retraction since the customer turned out to be another: who that is. Else null. */
  readonly into: string | null;
  /** Why they moved at `at`; null for a retraction, and where it was said before causes were kept and the move is believed no longer. */
  readonly cause: unknown;
  readonly policyVersion: string | null;
  /** `gone`: a merge took away the last that stood of them; `back`: something is said of them again after that. Else null. */
  readonly turn: 'gone' | 'back' | null;
  /** Of one who is gone: the customer to whom their identifiers belong by now. Else themselves. */
  readonly belongsTo: string;
}
