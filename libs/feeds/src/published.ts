import type { Instant } from '#contracts';
import type { Told } from './stage-change.js';

/** Something that the engine says of a customer: a change of stage, an action that is called for or no longer, or all that is believed of them. */
export type Said = Told | SaidAction | SaidCustomer;

/** What a channel should do next, or should do no longer, as the table `actions` holds it for ever. */
export interface SaidAction {
  /** The same when the action is proposed and when it is withdrawn. */
  readonly actionId: string;
  readonly customerId: string;
  /** Counts what was said of actions of this customer, from 1. */
  readonly number: number;
  readonly kind: 'proposed' | 'withdrawn';
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  readonly cycle: number;
  readonly stage: string;
  readonly phase: string;
  readonly enteredAt: Instant;
  /** The rule that moved them to the phase. */
  readonly because: string;
  readonly policyVersion: string;
  readonly since: Instant;
  readonly validUntil: Instant;
  /** Why it is called for no longer; null for a proposal. */
  readonly reason: string | null;
  readonly saidAt: Instant;
}

/** All that is believed of a customer; null where there is nobody any more: they are another, or was erased. */
export interface SaidCustomer {
  readonly customerId: string;
  /** Rises with everything that is told of them. */
  readonly revision: number;
  readonly changedAt: Instant;
  readonly profile: Readonly<Record<string, unknown>> | null;
}
