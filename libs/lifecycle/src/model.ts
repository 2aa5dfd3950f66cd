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

/** One booking of an order: the order itself, or what was later taken back. Amounts of returns are negative. */
export interface Booking {
  /** The order's identity: `source`-scoped order id as the touchpoint names it. */
  readonly orderId: string;
  readonly at: Instant;
  readonly kind: 'order' | 'cancellation' | 'return';
  readonly amountMinor: number;
  readonly currency: string;
  /** Cost in minor units, null where unknown. */
  readonly costMinor: number | null;
  /** True on the booking after which the order no longer survives. */
  readonly reverses: boolean;
  /** The event that booked it. */
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
