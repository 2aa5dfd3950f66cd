import type { Instant } from '#contracts';
import { addDays, addYears } from '../calendar/calendar.js';
import { policyOf, type Fold } from './fold.js';
import { pausedSince } from './pauses.js';
import type { Purchase } from './purchases.js';
import type { Silence, State } from './state.js';

/** Starts silence again, from the last surviving purchase of this cycle. */
export function restartSilence(fold: Fold): void {
  const { state } = fold;
  const last = state.purchases.surviving.at(-1);
  state.silence = last === undefined || last.cycle !== state.cycle ? null : silenceFrom(fold, last.at);
}

/** The instants at which silence after a purchase moves the customer: always at-risk before lapsed before lost. */
export function silenceFrom(fold: Fold, from: Instant): Silence {
  const { timeZone, silence, replacementDays } = policyOf(fold);
  const { purchases } = fold.state;
  if (silence.mode === 'seasonal') {
    const anniversary = addYears(from, 1, timeZone);
    return {
      from,
      rhythmDays: null,
      replacementDays: null,
      atRiskDays: silence.atRiskDaysAfterAnniversary,
      lapsedDays: silence.lapsedDaysAfterAnniversary,
      lostDays: silence.lostDaysAfterSecondAnniversary,
      seasonal: true,
      atRiskAt: addDays(anniversary, silence.atRiskDaysAfterAnniversary, timeZone),
      lapsedAt: addDays(anniversary, silence.lapsedDaysAfterAnniversary, timeZone),
      lostAt: addDays(addYears(from, 2, timeZone), silence.lostDaysAfterSecondAnniversary, timeZone),
    };
  }
  const rhythmDays = purchases.rhythmDays(silence.intervals, silence.daysNeeded);
  const replacement = fold.era.compiled.hasReplacement ? purchases.longest(replacementDays) : null;
  const own =
    rhythmDays === null
      ? silence.atRiskDaysWithoutRhythm
      : Math.min(
          Math.max(Math.ceil(silence.atRiskTimesRhythm * rhythmDays), silence.atRiskDaysMin),
          silence.atRiskDaysMax,
        );
  const atRiskDays = Math.max(own, replacement ?? 0);
  const lapsedDays = Math.max(Math.ceil(silence.lapsedTimesAtRisk * atRiskDays), atRiskDays + 1);
  const lostDays = Math.max(silence.lostDays, Math.ceil(silence.lostTimesAtRisk * atRiskDays), lapsedDays + 1);
  return {
    from,
    rhythmDays,
    replacementDays: replacement,
    atRiskDays,
    lapsedDays,
    lostDays,
    seasonal: false,
    atRiskAt: addDays(from, atRiskDays, timeZone),
    lapsedAt: addDays(from, lapsedDays, timeZone),
    lostAt: addDays(from, lostDays, timeZone),
  };
}

/**
 * Silence is suspended while a contract is in good standing, in the days of grace after a failed payment, and while a
 * contract is paused. A contract that is cancelled and runs out suspends nothing.
 */
export function silenceSuspended(state: State): boolean {
  for (const { status } of state.contracts)
    if (status === 'good' || status === 'payment-overdue' || status === 'paused') return true;
  return false;
}

/** What silence does next, or null: the kind and the instant. */
export function nextSilence(
  state: State,
): { readonly kind: 'at-risk' | 'lapsed' | 'lost'; readonly dueAt: Instant } | null {
  const { silence, phase } = state;
  if (silence === null || phase === 'lost' || state.stage === 'acquisition') return null;
  if (state.contracts.length > 0 && silenceSuspended(state)) return null;
  const shift = state.pauses.length === 0 ? 0 : pausedSince(state, silence.from);
  const suspendedUntil = state.silenceHeardFrom ?? -Infinity;
  if (phase !== 'lapsed') {
    if (phase !== 'at-risk' && silence.atRiskAt + shift > suspendedUntil)
      return { kind: 'at-risk', dueAt: silence.atRiskAt + shift };
    if (silence.lapsedAt + shift > suspendedUntil) return { kind: 'lapsed', dueAt: silence.lapsedAt + shift };
  }
  return silence.lostAt + shift > suspendedUntil ? { kind: 'lost', dueAt: silence.lostAt + shift } : null;
}

/** True when the customer bought so recently that silence would not have made them lost; purchases that `not` names do not count. */
export function boughtWithinSilence(fold: Fold, at: Instant, not: (purchase: Purchase) => boolean): boolean {
  const { surviving } = fold.state.purchases;
  for (let i = surviving.length - 1; i >= 0; i -= 1) {
    const purchase = surviving[i];
    if (purchase === undefined || not(purchase)) continue;
    return silenceFrom(fold, purchase.at).lostAt + pausedSince(fold.state, purchase.at) > at;
  }
  return false;
}
