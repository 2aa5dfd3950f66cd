import type { Instant } from '#contracts';
import type { Booking, Cause, EventRef, LifecycleEvent, Phase, Stage, StagePeriod } from '../model.js';
import type { Policy } from '../policy/policy.js';
import type { PolicyEra } from '../policy/timeline.js';
import type { State } from './state.js';

/** A fold in progress: the state, the policy in force, and what it has produced so far. */
export interface Fold {
  readonly state: State;
  era: PolicyEra;
  readonly stagePeriods: StagePeriod[];
  readonly bookings: Booking[];
}

export type Values = Readonly<Record<string, string | number | boolean | null>>;

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
