import type { Instant } from '#contracts';
import type { StageChange } from './stage-change.js';

/** One thing that the engine publishes about a customer: a stage change, a proposed or withdrawn action, a change of a membership, or the customer's profile. */
export type OutboxMessage = StageChange | ActionChange | SegmentChange | PublishedProfile;

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
