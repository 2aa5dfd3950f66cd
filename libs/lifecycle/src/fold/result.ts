import type { Instant } from '#contracts';
import type {
  Booking,
  BrandContact,
  Cause,
  Deadline,
  Discrepancy,
  EventRef,
  Money,
  Phase,
  Stage,
  StagePeriod,
} from '../model.js';
import type { RelationView } from './relation.js';
import type { Snapshot } from './snapshot.js';
import type { Contact } from '../contact/contacts.js';
import type { Consent } from './consents.js';
import type { NextAction } from './next-actions.js';
import type { RetentionDue } from '../retention/retention.js';

/** Raised beside the phase; a flag never moves a customer. */
export type Flag = 'second-order-due' | 'quote-open' | 'contract-paused' | 'payment-overdue' | 'win-back';

/** The status of a contract. `running-out`: cancelled, but not yet ended. */
export type ContractStatus = 'good' | 'payment-overdue' | 'paused' | 'running-out' | 'ended' | 'ended-unpaid';

export interface ContractView {
  readonly contractId: string;
  readonly status: ContractStatus;
  readonly startedAt: Instant;
  /** Since when it has this status. */
  readonly since: Instant;
}

/** What silence is compared with: the days, and where they come from. */
export interface SilenceBounds {
  readonly mode: 'personal-rhythm' | 'seasonal';
  /** The last surviving purchase of the cycle: silence is counted from here. */
  readonly lastPurchaseAt: Instant;
  /** Median interval between purchase days, in days; null where there are too few, or under `seasonal`. */
  readonly rhythmDays: number | null;
  /** The longest replacement interval among the categories the customer owns, in days; null where none is declared. */
  readonly replacementDays: number | null;
  /** Days after the last purchase; under `seasonal` days after the (second) anniversary. */
  readonly atRiskDays: number;
  readonly lapsedDays: number;
  readonly lostDays: number;
}

/** A customer at an instant. */
export interface CustomerView {
  readonly asOf: Instant;
  readonly cycle: number;
  readonly stage: Stage;
  readonly phase: Phase;
  readonly enteredAt: Instant;
  readonly cause: Cause;
  /** `name@version` of the policy in force at asOf (the cause quotes the one in force when the customer entered). */
  readonly policyVersion: string;
  readonly flags: readonly Flag[];
  /** The earliest open deadline: when the customer must be folded again if nothing happens before. */
  readonly next: Deadline | null;
  /** All open deadlines of the present phase, earliest first. */
  readonly deadlines: readonly Deadline[];
  readonly firstSeenAt: Instant;
  readonly lastSeenAt: Instant;
  readonly touchpoints: number;
  /** The brands that they have dealt with, each since its first touchpoint, in the order of these. */
  readonly brands: readonly BrandContact[];
  readonly lastIntentAt: Instant | null;
  /** The last touchpoint of the customer’s own doing, over all cycles. */
  readonly lastContactAt: Instant | null;
  /** When the customer is to be erased by the rules of retention in force; null where none applies. */
  readonly retention: RetentionDue | null;
  /** Surviving orders. */
  readonly orders: number;
  /** Net, per currency, alphabetically: orders as last amended less what was taken back, and payments for contracts. */
  readonly revenue: readonly Money[];
  /** Of it what was paid for contracts, and by how many payments. */
  readonly contractRevenue: readonly Money[];
  readonly payments: number;
  /** Of surviving purchases (orders and subscriptions started). */
  readonly firstPurchaseAt: Instant | null;
  readonly lastPurchaseAt: Instant | null;
  /** Distinct days with a surviving order, minus one; null without any. */
  readonly frequency: number | null;
  /** Days between the first and the last of these days. */
  readonly recencyDays: number | null;
  /** Days from the first of these days to asOf. */
  readonly tDays: number | null;
  /** Days since they were first seen. */
  readonly tenureDays: number;
  readonly contracts: readonly ContractView[];
  /** What silence is compared with while they are in retention or expansion. */
  readonly silence: SilenceBounds | null;
  /** True while a contract in good standing suspends silence, or a paused one all deadlines. */
  readonly silenceSuspended: boolean;
  /** What the customer allowed and what they withdrew; a reader compares `expiresAt` with its own instant. */
  readonly consents: readonly Consent[];
  /** Contacts by the business that a cap of the policy may count, in order of time. */
  readonly contacts: readonly Contact[];
  /** Satisfaction, cases, referrals and the loyalty ladder. */
  readonly relation: RelationView;
  /** What a channel should do next: the treatment of their phase, by the media that the customer allows. */
  readonly actions: readonly NextAction[];
}

export interface FoldResult {
  /** The customer at asOf; null where only test traffic is known by then. */
  readonly view: CustomerView | null;
  /**
   * From the stage period open at the snapshot on, or from the one before it where the open one was entered at the snapshot's
   * very instant (`seq` says which); all of them without a snapshot.
   */
  readonly stagePeriods: readonly StagePeriod[];
  /** New since the snapshot, and those of the events in `rebooked`; all without a snapshot. */
  readonly bookings: readonly Booking[];
  /** What does not add up: new since the snapshot, and of the events in `rebooked`; all without a snapshot. */
  readonly discrepancies: readonly Discrepancy[];
  /** Events before the snapshot whose bookings and discrepancies are given again: their order came to be known. */
  readonly rebooked: readonly EventRef[];
  /** The state after the last event at or before asOf, never advanced by the clock. */
  readonly snapshot: Snapshot;
  /** One every `snapshotEvery` events: a late event is folded from the last one before it. */
  readonly snapshots: readonly Snapshot[];
}
