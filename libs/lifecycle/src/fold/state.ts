import type { Instant } from '#contracts';
import type { Contact } from '../contact/contacts.js';
import type { EventPlace } from '../event-order.js';
import type { BrandContact, EventRef, Phase, Stage, StagePeriod } from '../model.js';
import type { ExpansionPhase } from '../model.js';
import type { Consent, Rejections } from './consents.js';
import type { AmendmentFact, ReturnFact } from './facts.js';
import { PurchaseBook } from './purchases.js';
import { NO_RELATION, type Relation } from './relation.js';
import type { ContractStatus } from './result.js';

/** A written offer: `cold` cannot fall while it is open. */
export interface Quote {
  readonly id: string;
  /** When its validity ends: as sent, or earlier by an answer. */
  endsAt: Instant;
}

/** What started an expansion; it counts as long as all its orders survive. */
export interface ExpansionSignal {
  readonly phase: ExpansionPhase;
  readonly at: Instant;
  readonly orders: readonly { readonly id: string; readonly source: string }[];
}

/** A reversal, an amendment or a payment that names an order that is not known yet. */
export interface Waiting {
  readonly kind: 'cancellation' | 'return' | 'amendment' | 'payment';
  readonly orderId: string;
  readonly contractId: string | null;
  readonly at: Instant;
  readonly event: EventRef;
  /** What it states, positive; null where it states none. */
  readonly amountMinor: number | null;
  readonly currency: string | null;
  /** Whether it was booked in the meantime, and whether it is listed. */
  readonly booked: boolean;
  readonly listed: boolean;
  /** The brand that the event concerns. */
  readonly brand: string | null;
  /** What the event says, for the kinds that act on the order. */
  readonly fact: ReturnFact | AmendmentFact | null;
}

/** Silence after the last surviving purchase: the instants at which it moves the customer, and what they were computed from. */
export interface Silence {
  readonly from: Instant;
  readonly rhythmDays: number | null;
  readonly replacementDays: number | null;
  readonly atRiskDays: number;
  readonly lapsedDays: number;
  readonly lostDays: number;
  readonly seasonal: boolean;
  /** Before any pause is added. */
  readonly atRiskAt: Instant;
  readonly lapsedAt: Instant;
  readonly lostAt: Instant;
}

/**
 * One contract. From `good` a failed payment makes it `payment-overdue`, and from there a payment makes it good again
 * or the end of grace `ended-unpaid`; `paused` keeps the status before it; `running-out` is cancelled and not yet
 * ended; `ended` is final unless the contract is renewed or started again; `ended-unpaid` opens again when it is paid.
 */
export interface Contract {
  readonly id: string;
  startedAt: Instant;
  status: ContractStatus;
  since: Instant;
  /** While overdue: when grace ends. */
  graceEndsAt: Instant | null;
  /** While paused: the status to which it returns. */
  beforePause: 'good' | 'payment-overdue' | 'running-out' | null;
}

/** A phase that is restored when an overdue payment arrives, with its window, which goes on running. */
export interface Held {
  readonly stage: Stage;
  readonly phase: Phase;
  readonly windowEndsAt: Instant | null;
  readonly windowSince: Instant;
}

/** All that the fold carries from one event to the next. */
export interface State {
  /** The last event folded. */
  key: EventPlace | null;
  /** The instant of the last event or deadline: nothing later happens before it. */
  clock: Instant;
  policyVersion: string;
  timeZone: string;
  /** When that policy took over from another; null under the first. */
  policySince: Instant | null;
  firstSeenAt: Instant;
  lastSeenAt: Instant;
  touchpoints: number;
  /** The first touchpoint with each brand, in their order. Replaced, never changed in place. */
  brands: readonly BrandContact[];
  /** The last touchpoint of the customer’s own doing, over all cycles. */
  lastContactAt: Instant | null;

  /** 0 before the first touchpoint. */
  cycle: number;
  stage: Stage | null;
  phase: Phase | null;
  /** The open stage period, and the one before it: an event at the same instant may still undo the last transition. */
  previous: StagePeriod | null;
  current: StagePeriod | null;

  /** When the cycle began. */
  cycleSince: Instant;
  /** The furthest signal of this cycle, as its place in the ladder of acquisition. */
  furthest: number;
  /** Of this cycle. */
  lastIntentAt: Instant | null;
  quotes: Quote[];

  purchases: PurchaseBook;
  /** Surviving purchases of this cycle. */
  inCycle: number;
  /** Returns that match no order, by currency: revenue that no order shows. */
  adrift: Record<string, number>;
  /** Payments for contracts, by currency, and how many they were. */
  paid: Record<string, number>;
  payments: number;
  /** What names an order that is not known yet, by the order's id: it counts when the order is placed. */
  waiting: Map<string, Waiting[]>;
  silence: Silence | null;
  /** Silence was suspended until here: a deadline of silence before it no longer moves the customer. */
  silenceHeardFrom: Instant | null;

  /** Signals of this cycle, in order; those older than the window are dropped. */
  signals: ExpansionSignal[];
  /** The end of the expansion window, before any pause is added, and since when it runs. */
  windowEndsAt: Instant | null;
  windowSince: Instant;
  nps: { readonly score: number; readonly event: EventRef } | null;
  /** The last review, until an advocacy used it. */
  review: { readonly stars: number; readonly event: EventRef } | null;

  contracts: Contract[];
  /** Pauses that have ended. */
  pauses: (readonly [from: Instant, until: Instant])[];
  pausedSince: Instant | null;
  /** The phase before a failed payment put the customer at risk; null once anything else has moved them. */
  held: Held | null;
  /** Lost because a contract ended, not by silence. */
  lostByContract: boolean;

  /** Sorted by purpose and medium. Replaced, never changed in place. */
  consents: readonly Consent[];
  rejections: Rejections | null;
  /** By the business, in order of time: those that a cap may count. Replaced, never changed in place. */
  contacts: readonly Contact[];
  /** Satisfaction, cases and referrals. Replaced, never changed in place. */
  relation: Relation;
}

/** The state before the first event. */
export function initialState(policyVersion: string, timeZone: string): State {
  return {
    key: null,
    clock: -Infinity,
    policyVersion,
    timeZone,
    policySince: null,
    firstSeenAt: 0,
    lastSeenAt: 0,
    touchpoints: 0,
    brands: [],
    lastContactAt: null,
    cycle: 0,
    stage: null,
    phase: null,
    previous: null,
    current: null,
    cycleSince: 0,
    furthest: -1,
    lastIntentAt: null,
    quotes: [],
    purchases: new PurchaseBook(),
    inCycle: 0,
    adrift: {},
    paid: {},
    payments: 0,
    waiting: new Map(),
    silence: null,
    silenceHeardFrom: null,
    signals: [],
    windowEndsAt: null,
    windowSince: 0,
    nps: null,
    review: null,
    contracts: [],
    pauses: [],
    pausedSince: null,
    held: null,
    lostByContract: false,
    consents: [],
    rejections: null,
    contacts: [],
    relation: NO_RELATION,
  };
}
