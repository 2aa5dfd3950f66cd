import { formatInstant, type Instant } from '#contracts';
import { addDays } from '../calendar/calendar.js';
import type { Cause, Deadline } from '../model.js';
import type { PolicyEra } from '../policy/timeline.js';
import { coldDueAt, coldSince, furthestPhase } from './acquisition.js';
import { endGrace } from './contracts.js';
import { move, policyOf, retentionOf, type Fold, type Values } from './fold.js';
import { pausedSince } from './pauses.js';
import { restartSilence, nextSilence, silenceSuspended } from './silence.js';
import type { Contract } from './state.js';

/** A deadline that moves the customer when it falls due. */
interface Due {
  readonly kind: 'at-risk' | 'lapsed' | 'lost' | 'grace-ends' | 'expansion-ends' | 'cold';
  readonly dueAt: Instant;
  readonly contract?: Contract;
}

/**
 * Lets time pass: every deadline before `until` falls due, each at its own instant; with `inclusive` those at `until` too.
 * A deadline that turns out to be overdue falls due now, not in the past: stage periods that ended are not rewritten.
 */
export function passTime(fold: Fold, until: Instant, inclusive: boolean): void {
  const { state } = fold;
  for (;;) {
    const due = nextDue(fold);
    if (due === null) return;
    const at = Math.max(due.dueAt, state.clock);
    if (inclusive ? at > until : at >= until) return;
    state.clock = at;
    fire(fold, due, at);
  }
}

/** The next deadline that moves the customer. At one instant: silence, the end of grace, the end of the expansion window, cold. */
function nextDue(fold: Fold): Due | null {
  const { state } = fold;
  const { stage, clock } = state;
  if (stage === null) return null;
  if (stage === 'acquisition') {
    const cold: Due | null = state.phase === 'cold' ? null : { kind: 'cold', dueAt: coldDueAt(fold) };
    return earlier(graceEnd(fold), cold, clock);
  }
  let next: Due | null = nextSilence(state);
  if (state.contracts.length > 0) next = earlier(next, graceEnd(fold), clock);
  if (stage === 'expansion') next = earlier(next, windowEnd(fold), clock);
  return next;
}

function earlier(first: Due | null, second: Due | null, clock: Instant): Due | null {
  if (first === null) return second;
  if (second === null) return first;
  return Math.max(second.dueAt, clock) < Math.max(first.dueAt, clock) ? second : first;
}

function graceEnd({ state }: Fold): Due | null {
  let next: Due | null = null;
  for (const contract of state.contracts)
    if (contract.status === 'payment-overdue' && contract.graceEndsAt !== null)
      if (next === null || contract.graceEndsAt < next.dueAt)
        next = { kind: 'grace-ends', dueAt: contract.graceEndsAt, contract };
  return next;
}

function windowEnd({ state }: Fold): Due | null {
  if (state.windowEndsAt === null || state.pausedSince !== null) return null;
  return { kind: 'expansion-ends', dueAt: state.windowEndsAt + pausedSince(state, state.windowSince) };
}

function fire(fold: Fold, due: Due, at: Instant): void {
  const { state } = fold;
  switch (due.kind) {
    case 'at-risk':
    case 'lapsed':
    case 'lost': {
      const { silence } = state;
      if (silence === null) return;
      const cause = causedByDeadline(fold, `silence-${due.kind}`, due, silence.from, at, silenceValues(fold));
      move(fold, at, 'retention', due.kind, cause);
      return;
    }
    case 'grace-ends':
      if (due.contract !== undefined) endGrace(fold, due.contract, due.dueAt, at);
      return;
    case 'expansion-ends': {
      const values = { window_days: policyOf(fold).expansion.windowDays, signal: state.phase };
      move(
        fold,
        at,
        'retention',
        'active',
        causedByDeadline(fold, 'expansion-ran-out', due, state.windowSince, at, values),
      );
      return;
    }
    case 'cold': {
      const values = {
        cold_after_days: policyOf(fold).acquisition.coldAfterDays,
        last_intent_at: state.lastIntentAt === null ? null : formatInstant(state.lastIntentAt),
        quote_counted: coldSince(state) > (state.lastIntentAt ?? state.cycleSince),
        furthest: furthestPhase(state),
      };
      move(fold, at, 'acquisition', 'cold', causedByDeadline(fold, 'cold', due, coldSince(state), at, values));
      return;
    }
    default:
      due.kind satisfies never;
  }
}

/** A deadline that is overdue at the instant at which a policy took over fell due because of the policy. */
function causedByDeadline(fold: Fold, rule: string, due: Due, since: Instant, at: Instant, values: Values): Cause {
  const byPolicy = due.dueAt < at && fold.state.policySince === at;
  return {
    rule: byPolicy ? 'policy-changed' : rule,
    events: [],
    deadline: { kind: due.kind, dueAt: due.dueAt, since },
    values,
    policyVersion: fold.era.version,
  };
}

/** What silence was compared with, for the cause. */
function silenceValues(fold: Fold): Values {
  const { silence } = fold.state;
  if (silence === null) return {};
  const from = { last_purchase_at: formatInstant(silence.from) };
  if (silence.seasonal)
    return {
      ...from,
      at_risk_days_after_anniversary: silence.atRiskDays,
      lapsed_days_after_anniversary: silence.lapsedDays,
      lost_days_after_second_anniversary: silence.lostDays,
    };
  return {
    ...from,
    rhythm_days: silence.rhythmDays,
    ...limitsOf(fold),
    replacement_days: silence.replacementDays,
    at_risk_days: silence.atRiskDays,
    lapsed_days: silence.lapsedDays,
    lost_days: silence.lostDays,
  };
}

/** How the policy makes days of a rhythm: so many times, at least and at most. */
function limitsOf(fold: Fold): Values {
  const { silence } = policyOf(fold);
  if (silence.mode === 'seasonal') return {};
  const { atRiskTimesRhythm, atRiskDaysMin, atRiskDaysMax } = silence;
  return {
    at_risk_times_rhythm: atRiskTimesRhythm,
    at_risk_days_min: atRiskDaysMin,
    at_risk_days_max: atRiskDaysMax,
  };
}

/** Another version of the policy takes over: open deadlines are computed again, and past stage periods stay as they are. */
export function changePolicy(fold: Fold, era: PolicyEra): void {
  const { state } = fold;
  const before = policyOf(fold);
  fold.era = era;
  const { timeZone, expansion, contracts } = era.policy;
  state.policyVersion = era.version;
  if (Number.isFinite(era.from)) {
    state.clock = Math.max(state.clock, era.from);
    state.policySince = state.clock;
  }
  if (state.timeZone !== timeZone) {
    state.timeZone = timeZone;
    state.purchases.recomputeDays(timeZone);
  }
  if (state.silence !== null) restartSilence(fold);
  if (state.windowEndsAt !== null) state.windowEndsAt = addDays(state.windowSince, expansion.windowDays, timeZone);
  if (state.held !== null && state.held.windowEndsAt !== null)
    state.held = {
      ...state.held,
      windowEndsAt: addDays(state.held.windowSince, expansion.windowDays, timeZone),
    };
  for (const contract of state.contracts) {
    if (contract.graceEndsAt === null || contract.status !== 'payment-overdue') continue;
    const paused = contract.graceEndsAt - addDays(contract.since, before.contracts.graceDays, before.timeZone);
    contract.graceEndsAt = addDays(contract.since, contracts.graceDays, timeZone) + paused;
  }
}

/** Every open deadline, earliest first: those that move the customer, and those that only raise or lower a flag. */
export function openDeadlines(fold: Fold, asOf: Instant): readonly Deadline[] {
  const { state } = fold;
  const { stage, phase, silence } = state;
  const open: Deadline[] = [];
  if (stage === null) return open;
  if (stage === 'acquisition') {
    if (phase !== 'cold') open.push({ kind: 'cold', dueAt: coldDueAt(fold), since: coldSince(state) });
    for (const { endsAt } of state.quotes)
      if (endsAt > asOf) open.push({ kind: 'quote-ends', dueAt: endsAt, since: state.cycleSince });
  }
  if (silence !== null && stage !== 'acquisition' && phase !== 'lost' && !silenceSuspended(state)) {
    const shift = pausedSince(state, silence.from);
    const suspendedUntil = Math.max(state.silenceHeardFrom ?? -Infinity, asOf);
    const since = silence.from;
    if (phase !== 'at-risk' && phase !== 'lapsed' && silence.atRiskAt + shift > suspendedUntil)
      open.push({ kind: 'at-risk', dueAt: silence.atRiskAt + shift, since });
    if (phase !== 'lapsed' && silence.lapsedAt + shift > suspendedUntil)
      open.push({ kind: 'lapsed', dueAt: silence.lapsedAt + shift, since });
    if (silence.lostAt + shift > suspendedUntil) open.push({ kind: 'lost', dueAt: silence.lostAt + shift, since });
  }
  const window = stage === 'expansion' ? windowEnd(fold) : null;
  if (window !== null) open.push({ kind: window.kind, dueAt: window.dueAt, since: state.windowSince });
  for (const contract of state.contracts)
    if (contract.status === 'payment-overdue' && contract.graceEndsAt !== null)
      open.push({ kind: 'grace-ends', dueAt: contract.graceEndsAt, since: contract.since });
  const second = secondOrderDueAt(fold);
  if (second !== null && second > asOf)
    open.push({ kind: 'second-order-due', dueAt: second, since: silence?.from ?? state.cycleSince });
  const retention = retentionOf(fold);
  if (retention !== null) {
    const { startedAt, dueAt, graceEndsAt } = retention;
    if (dueAt > asOf) open.push({ kind: 'retention-due', dueAt, since: startedAt });
    else if (graceEndsAt > asOf) open.push({ kind: 'retention-ends', dueAt: graceEndsAt, since: dueAt });
  }
  return open.sort((a, b) => a.dueAt - b.dueAt);
}

/** When a second order is due, while the customer has only one; null in every other phase, and while a pause suspends it. */
export function secondOrderDueAt(fold: Fold): Instant | null {
  const { silence, phase, pausedSince: since } = fold.state;
  if (phase !== 'onboarding' || silence === null || since !== null) return null;
  const { timeZone, onboarding } = policyOf(fold);
  return addDays(silence.from, onboarding.secondOrderDueDays, timeZone) + pausedSince(fold.state, silence.from);
}
