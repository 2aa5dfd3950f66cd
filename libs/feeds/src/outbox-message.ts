import type { Instant } from '#contracts';
import type { StageChange } from './stage-change.js';

/** One thing that the engine publishes: a stage change, an action, a change of a membership in a segment, or the profile of a customer; or a stage change of an account. */
export type OutboxMessage = StageChange | ActionChange | SegmentChange | PublishedProfile | AccountStageChange;

/** An action that a channel should do next, or should no longer do: a row of the table `actions`, which keeps every row. */
export interface ActionChange {
  /** The same when the action is proposed and when it is withdrawn. */
  readonly actionId: string;
  readonly customerId: string;
  /** Counts the action changes of this customer, from 1. */
  readonly number: number;
  /** In which epoch of publication the number counts: 0 for the first one. */
  readonly epoch: number;
  readonly kind: 'proposed' | 'withdrawn';
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly enteredAt: Instant;
  /** The rule that moved the customer to the phase. */
  readonly because: string;
  readonly policyVersion: string;
  readonly since: Instant;
  readonly validUntil: Instant;
  /** Why the action was withdrawn; null for a proposal. */
  readonly reason: string | null;
  readonly publishedAt: Instant;
}

/** A customer's current profile; null where the customer no longer exists: merged into another, or erased. */
export interface PublishedProfile {
  readonly customerId: string;
  /** Rises with every published profile of this customer. */
  readonly revision: number;
  readonly changedAt: Instant;
  readonly profile: Readonly<Record<string, unknown>> | null;
}

/** A customer entered a segment or left it: a row of the table `segment_changes`, which keeps every row. */
export interface SegmentChange {
  readonly segmentId: string;
  readonly customerId: string;
  /** Counts the changes of this customer's memberships, from 1. */
  readonly number: number;
  /** In which epoch of publication the number counts: 0 for the first one. */
  readonly epoch: number;
  readonly kind: 'entered' | 'left';
  readonly at: Instant;
  /** Why: its kind, and the events that were new, where events brought it about. */
  readonly cause: {
    readonly kind: string;
    readonly events: readonly { readonly source: string; readonly id: string }[];
  };
  /** The version of the segment by which it was judged. */
  readonly version: number;
  /** The instant lay more than 24 hours back when it was published: no action follows. */
  readonly historical: boolean;
}

/** One published stage change of an account: a row of the table `accounts_published`, which keeps every row. */
export interface AccountStageChange {
  /** Identifies the message for ever: a hash of the stage period, the kind and the publication. */
  readonly messageId: string;
  readonly accountId: string;
  /** Counts from 1 for each account. */
  readonly number: number;
  /** In which epoch of publication the number counts: 0 for the first one. */
  readonly epoch: number;
  /** The source whose touchpoints join customers to the account, and the id that it gives it; null of a household. */
  readonly source: string;
  readonly reference: string | null;
  readonly accountKind: string;
  readonly kind: 'entered' | 'left' | 'retracted';
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly enteredAt: Instant;
  readonly at: Instant;
  readonly historical: boolean;
  readonly reason: string | null;
  readonly retracts: number | null;
  readonly cause: unknown;
  readonly policyVersion: string | null;
}
