import type { Instant } from '#contracts';

export type Stage = 'acquisition' | 'retention' | 'expansion';

export type AcquisitionPhase = 'awareness' | 'knowledge' | 'consideration' | 'evaluation' | 'cold';
export type RetentionPhase = 'onboarding' | 'active' | 'at-risk' | 'lapsed' | 'lost';
export type ExpansionPhase = 'cross-sell' | 'up-sell' | 'advocacy';
export type Phase = AcquisitionPhase | RetentionPhase | ExpansionPhase;

/** A recorded event as the fold reads it: upcast to the newest version of its type, sealed fields absent. */
export interface LifecycleEvent {
  readonly position: number;
  readonly recordedAt: Instant;
  readonly occurredAt: Instant;
  readonly source: string;
  readonly id: string;
  readonly type: string;
  readonly channel: string;
  /** The subject whose stream holds it. */
  readonly subjectId: string;
  /** Test or internal traffic: left out of every figure and of the stage. */
  readonly test: boolean;
  /** The brand of the business that it concerns; absent where neither it nor its source states one. */
  readonly brand?: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** The identity of an event. */
export interface EventRef {
  readonly source: string;
  readonly id: string;
}

/** Why a stage period began: the rule, what met it, the values it compared, under which version of the policy. */
export interface Cause {
  /** The rule's name: `first-touchpoint`, `first-purchase`, `silence-at-risk`, `reactivated`, … */
  readonly rule: string;
  /** The events that met the rule; empty when a deadline did. */
  readonly events: readonly EventRef[];
  /** The deadline that fell due, and since which instant it had been counting. */
  readonly deadline?: { readonly kind: string; readonly dueAt: Instant; readonly since: Instant };
  /** The values compared, named with their units: `{ rhythm_days: 12, at_risk_days: 30 }`. */
  readonly values: Readonly<Record<string, string | number | boolean | null>>;
  /** `name@version` of the policy in force at that instant. */
  readonly policyVersion: string;
}

/** One stay in a phase. Stage periods tile a customer's time: no gap, no overlap, none of length zero, no two equal neighbours. */
export interface StagePeriod {
  /** From 0, in order of time. */
  readonly seq: number;
  readonly cycle: number;
  readonly stage: Stage;
  readonly phase: Phase;
  readonly enteredAt: Instant;
  /** Null while it lasts. */
  readonly leftAt: Instant | null;
  readonly cause: Cause;
}

/** What happens next, and when, unless an event changes it. */
export interface Deadline {
  readonly dueAt: Instant;
  /** `cold`, `at-risk`, `lapsed`, `lost`, `expansion-ends`, `grace-ends`, `second-order-due`, … */
  readonly kind: string;
  readonly since: Instant;
}

/** Money in minor units with its ISO 4217 currency. */
export interface Money {
  readonly amountMinor: number;
  readonly currency: string;
}

/** One booking: an order, its amendment, what was taken back of it, or a payment for a contract. What was taken back is negative. */
export interface Booking {
  /** The order as its touchpoints name it: with `orderSource` it identifies the order. Null for a payment. */
  readonly orderId: string | null;
  /** The source that placed the order; of a reversal that matches no order its own source. Null for a payment. */
  readonly orderSource: string | null;
  /** When the order was placed; null where no order is known. */
  readonly orderAt: Instant | null;
  /** The contract that was paid; null for orders. */
  readonly contractId: string | null;
  readonly at: Instant;
  readonly kind: 'order' | 'amendment' | 'cancellation' | 'return' | 'payment';
  readonly amountMinor: number;
  readonly currency: string;
  /** Cost in minor units, null where unknown. */
  readonly costMinor: number | null;
  /** True on the booking after which the order no longer survives. */
  readonly reverses: boolean;
  /**
   * From when on this booking does not count: the order that its event names came to be known then, and the event counts
   * with the order. Null as long as it counts.
   */
  readonly voidedAt: Instant | null;
  /** The brand of the order, whichever brand takes something back; without a known order that of the event. Null where none is stated. */
  readonly brand: string | null;
  /** The event that booked it. */
  readonly event: EventRef;
}

/**
 * What does not add up between orders, what was taken back, and payments.
 *
 * - `excess-refund`: more was given back than was left of the order; the excess is not booked.
 * - `order-repeated`: a source placed the same order again with other content; the first one counts.
 * - `unmatched-reversal`: a cancellation or return that names no known order; it books money where it names a currency.
 * - `unmatched-amendment`: an amendment that names no known order; nothing follows from it.
 * - `amendment-after-reversal`: an amendment of an order that is cancelled or wholly returned; nothing follows from it.
 * - `other-currency`: a return or an amendment in another currency than its order: it cannot be subtracted.
 * - `unmatched-payment`: a payment that names an order that is not known, and no contract; it is not booked.
 * - `unassigned-payment`: a payment that names neither an order nor a contract; it is not booked.
 * - `payment-without-amount`: a payment for a contract without an amount or a currency; it is not booked.
 */
export type DiscrepancyKind = (typeof DISCREPANCY_KINDS)[number];

export const DISCREPANCY_KINDS = [
  'excess-refund',
  'order-repeated',
  'unmatched-reversal',
  'unmatched-amendment',
  'amendment-after-reversal',
  'other-currency',
  'unmatched-payment',
  'unassigned-payment',
  'payment-without-amount',
] as const;

/** One thing that does not add up. */
export interface Discrepancy {
  readonly kind: DiscrepancyKind;
  /** The order that the event names; null where it names none. */
  readonly orderId: string | null;
  /** The source that placed the order; where none is known, the source of the event. */
  readonly orderSource: string;
  /** When the order was placed; null where no order is known. */
  readonly orderAt: Instant | null;
  readonly contractId: string | null;
  /** The amount in question, positive; null where none is stated. */
  readonly amountMinor: number | null;
  readonly currency: string | null;
  readonly at: Instant;
  /** From when on it adds up: the order came to be known then. Null as long as it does not. */
  readonly settledAt: Instant | null;
  /** The brand of the order; where none is known, that of the event. Null where none is stated. */
  readonly brand: string | null;
  /** The event that brought it about. */
  readonly event: EventRef;
}

/** A brand that the customer has dealt with: since when, and by which touchpoint first. */
export interface BrandContact {
  readonly brand: string;
  readonly since: Instant;
  readonly event: EventRef;
}

/** A published policy and when it came: policies in force are a function of (instant, knownAt). */
export interface PublishedPolicy<P> {
  readonly version: string;
  readonly policy: P;
  /** −∞ for the beginning of time. */
  readonly effectiveFrom: Instant;
  readonly recordedAt: Instant;
  /** True for one that counts from its `effectiveFrom` on although that lies before its publication. */
  readonly restates?: boolean;
}
