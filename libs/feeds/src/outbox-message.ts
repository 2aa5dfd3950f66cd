import type { Instant } from '#contracts';
import type { StageChange } from './stage-change.js';

/** One thing that the engine publishes about a customer: a stage change, a proposed or withdrawn action, or the customer's profile. */
export type OutboxMessage = StageChange | ActionChange | PublishedProfile;

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
