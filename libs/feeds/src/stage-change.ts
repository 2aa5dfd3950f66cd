import type { Instant } from '#contracts';

/** One published stage change of a customer: a row of the table `published`, which keeps every row, with what a feed needs to know around it. */
export interface StageChange {
  /** Identifies the message for ever: a hash of the stage period, the kind and the publication. */
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
  /** The log position up to which events were folded when the change was published. */
  readonly position: number;
  readonly reason: string | null;
  readonly retracts: number | null;
  /** The change lay more than 24 hours in the past when it was published: channels must not act on it. */
  readonly historical: boolean;
  /** In which epoch of publication the number counts: 0 for the first one. */
  readonly epoch: number;
  /** Whether it is the state of the customer as the epoch began, published although it did not change. */
  readonly resync: boolean;
  /** For a retraction because of a merge: the customer into which this one was merged. Otherwise null. */
  readonly into: string | null;
  /** Why the customer moved at `at`. Null for a retraction, and for a change that was published before causes were stored and no longer holds. */
  readonly cause: unknown;
  readonly policyVersion: string | null;
  /** `gone`: a merge retracted the last change of this customer that still held; `back`: the first change after that. Otherwise null. */
  readonly identityChange: 'gone' | 'back' | null;
  /** For a customer who is gone: the customer that has their identifiers now. Otherwise this customer. */
  readonly belongsTo: string;
}
