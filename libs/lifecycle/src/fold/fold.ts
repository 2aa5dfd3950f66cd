import type { Instant } from '#contracts';
import type { Booking, Cause, Discrepancy, EventRef, LifecycleEvent, Phase, Stage, StagePeriod } from '../model.js';
import type { Policy } from '../policy/policy.js';
import type { PolicyEra } from '../policy/timeline.js';
import { retentionDue, type RetentionDue } from '../retention/retention.js';
import type { State } from './state.js';

/** A fold in progress: the state, the policy in force, and what it has produced so far. */
export interface Fold {
  readonly state: State;
  era: PolicyEra;
  readonly stagePeriods: StagePeriod[];
  readonly bookings: Changing<Booking>[];
  readonly discrepancies: Changing<Discrepancy>[];
  /** What this fold booked and listed of events that wait for their order. */
  readonly provisional: Map<string, Provisional>;
  /** Events before the snapshot whose bookings and discrepancies this fold gives again. */
  readonly rebooked: EventRef[];
}

type Changing<T> = { -readonly [K in keyof T]: T[K] };

/** What holds until the order comes to be known. */
export interface Provisional {
  readonly booking: Changing<Booking> | null;
  readonly discrepancy: Changing<Discrepancy> | null;
}

/** An event that acts on an order, and the instant at which it does: its own, or that of an order that comes later. */
export interface Act {
  readonly at: Instant;
  readonly event: EventRef;
}

export type Values = Readonly<Record<string, string | number | boolean | null>>;

/** When the customer is due by the rules of retention; null where no rule applies. */
export function retentionOf({ state, era }: Fold): RetentionDue | null {
  if (era.personRules.length === 0) return null;
  const lastPurchaseAt = state.purchases.surviving.at(-1)?.at ?? null;
  const { lastContactAt, contracts } = state;
  const facts = { lastContactAt, lastPurchaseAt, contracts };
  return retentionDue(facts, era.personRules, { timeZone: era.policy.timeZone, version: era.version });
}

/** The policy in force at the fold's instant. */
export function policyOf(fold: Fold): Policy {
  return fold.era.policy;
}

/** The cause of a transition that events brought about. */
export function causedBy(fold: Fold, rule: string, events: readonly EventRef[], values: Values = {}): Cause {
  return { rule, events, values, policyVersion: fold.era.version };
}

/** How causes and bookings name an event. */
export function refOf(event: LifecycleEvent): EventRef {
  return { source: event.source, id: event.id };
}

/** The act of an event at its own instant. */
export function actOf(event: LifecycleEvent): Act {
  return { at: event.occurredAt, event: refOf(event) };
}

/**
 * Moves the customer, and keeps the stage periods in order: none of length zero (a period entered at this very instant is
 * replaced), no two equal neighbours (a move to the present phase changes nothing).
 */
export function move(fold: Fold, at: Instant, stage: Stage, phase: Phase, cause: Cause): void {
  const { state, stagePeriods } = fold;
  state.held = null;
  if (stage !== 'expansion') state.windowEndsAt = null;
  if (phase !== 'lost') state.lostByContract = false;
  state.stage = stage;
  state.phase = phase;
  let current = state.current;
  if (current !== null && samePlace(current, state.cycle, stage, phase)) return;
  if (current !== null && current.enteredAt === at) {
    stagePeriods.pop();
    current = state.previous;
    if (current === null) {
      open(fold, { seq: 0, cycle: state.cycle, stage, phase, enteredAt: at, leftAt: null, cause });
      return;
    }
    // The period before the replaced one is open again: it continues, or ends at this instant for another.
    stagePeriods[stagePeriods.length - 1] = current = { ...current, leftAt: null };
    state.current = current;
    state.previous = stagePeriods[stagePeriods.length - 2] ?? null;
    if (samePlace(current, state.cycle, stage, phase)) return;
  }
  if (current !== null) stagePeriods[stagePeriods.length - 1] = state.previous = { ...current, leftAt: at };
  const seq = current === null ? 0 : current.seq + 1;
  open(fold, { seq, cycle: state.cycle, stage, phase, enteredAt: at, leftAt: null, cause });
}

function open(fold: Fold, period: StagePeriod): void {
  fold.state.current = period;
  fold.stagePeriods.push(period);
}

function samePlace(period: StagePeriod, cycle: number, stage: Stage, phase: Phase): boolean {
  return period.cycle === cycle && period.stage === stage && period.phase === phase;
}
