import { DAY } from '#contracts';
import type { Instant } from '#contracts';
import { addDays } from '../calendar/calendar.js';
import type { LifecycleEvent } from '../model.js';
import { ACQUISITION_LADDER, type TouchpointSignal } from '../policy/compiled.js';
import { causedBy, move, policyOf, refOf, type Fold } from './fold.js';
import type { State } from './state.js';

/** Begins a new cycle: it keeps nothing of the one before but the orders and contracts. */
export function beginCycle(state: State, at: Instant): void {
  state.cycle += 1;
  state.cycleSince = at;
  state.furthest = 0;
  state.lastIntentAt = null;
  state.quotes = state.quotes.filter((quote) => quote.endsAt > at);
  state.inCycle = 0;
  state.silence = null;
  state.signals = [];
}

/** The phase of acquisition that the furthest signal of this cycle gives. */
export function furthestPhase(state: State): (typeof ACQUISITION_LADDER)[number] {
  return ACQUISITION_LADDER[Math.max(state.furthest, 0)] ?? 'awareness';
}

/** Records the intent that a touchpoint shows: only the customer's own acts count. */
export function noteIntent(state: State, at: Instant, signal: TouchpointSignal): void {
  if (!signal.intent) return;
  state.lastIntentAt = at;
  if (signal.phase > state.furthest) state.furthest = signal.phase;
}

/** The first touchpoint of all: the customer becomes known. */
export function beginFirstCycle(fold: Fold, event: LifecycleEvent, signal: TouchpointSignal): void {
  const { state } = fold;
  beginCycle(state, event.occurredAt);
  noteIntent(state, event.occurredAt, signal);
  move(
    fold,
    event.occurredAt,
    'acquisition',
    furthestPhase(state),
    causedBy(fold, 'first-touchpoint', [refOf(event)], { touchpoint: event.type, intent: signal.intent }),
  );
}

/** A lost customer who acts of their own accord begins a new cycle in acquisition. */
export function beginCycleAfterLost(fold: Fold, event: LifecycleEvent, signal: TouchpointSignal): void {
  const { state } = fold;
  const lostSince = state.current?.enteredAt ?? null;
  beginCycle(state, event.occurredAt);
  noteIntent(state, event.occurredAt, signal);
  move(
    fold,
    event.occurredAt,
    'acquisition',
    furthestPhase(state),
    causedBy(fold, 'intent-after-lost', [refOf(event)], {
      touchpoint: event.type,
      lost_for_days: lostSince === null ? null : wholeDays(event.occurredAt - lostSince),
    }),
  );
}

/** An intent during acquisition: it moves the customer to a further phase, or from `cold` back to the furthest one. Without intent nothing changes. */
export function advancePhase(fold: Fold, event: LifecycleEvent, signal: TouchpointSignal): void {
  if (!signal.intent) return;
  const { state } = fold;
  const wasCold = state.phase === 'cold';
  const before = furthestPhase(state);
  const silentSince = state.lastIntentAt ?? state.cycleSince;
  noteIntent(state, event.occurredAt, signal);
  const phase = furthestPhase(state);
  if (!wasCold && phase === before) return;
  const values = wasCold
    ? { touchpoint: event.type, days_without_intent: wholeDays(event.occurredAt - silentSince), furthest: phase }
    : { touchpoint: event.type, from: before, to: phase };
  move(
    fold,
    event.occurredAt,
    'acquisition',
    phase,
    causedBy(fold, wasCold ? 'intent-ends-cold' : 'further-signal', [refOf(event)], values),
  );
}

/** The last sign of intent: the last act of the customer's own, or the end of a quote if that is later. */
export function coldSince(state: State): Instant {
  let since = state.lastIntentAt ?? state.cycleSince;
  for (const { endsAt } of state.quotes) if (endsAt > since) since = endsAt;
  return since;
}

/** When the customer becomes `cold`. */
export function coldDueAt(fold: Fold): Instant {
  const { timeZone, acquisition } = policyOf(fold);
  return addDays(coldSince(fold.state), acquisition.coldAfterDays, timeZone);
}

/** A quote was sent: `cold` waits until its validity ends. A quote that is sent again takes the new validity. */
export function openQuote(state: State, id: string, endsAt: Instant): void {
  const known = state.quotes.find((quote) => quote.id === id);
  if (known === undefined) state.quotes = [...state.quotes, { id, endsAt }];
  else known.endsAt = endsAt;
}

/** A quote was answered, or its end was reported: its validity ends here, if it had not ended before. */
export function closeQuote(state: State, id: string, at: Instant): void {
  const quote = state.quotes.find((one) => one.id === id);
  if (quote !== undefined && quote.endsAt > at) quote.endsAt = at;
}

/** Whole days of 24 h: to report how long something lasted, never to compute when it is due. */
export function wholeDays(millis: number): number {
  return Math.floor(millis / DAY);
}
