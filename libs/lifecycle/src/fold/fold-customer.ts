import type { Instant } from '#contracts';
import type { LifecycleEvent } from '../model.js';
import { policyAt, type PolicyEra, type PolicyTimeline } from '../policy/timeline.js';
import { fromSnapshot, toSnapshot, type Snapshot } from './snapshot.js';
import { changePolicy, passTime } from './deadlines.js';
import { evolve } from './evolve.js';
import type { Fold } from './fold.js';
import type { FoldResult } from './result.js';
import { initialState } from './state.js';
import { viewAt } from './view.js';

/*
 * The fold: from a customer's events to where the customer stands. Read its files in this order.
 *
 *   Events     facts.ts          what the rules read from a touchpoint's data
 *   State      state.ts          all that is carried from one event to the next
 *              purchases.ts      the purchases within it; snapshot.ts: the state as JSON
 *   Fold       fold.ts           the fold in progress, and the one function that moves a customer
 *              evolve.ts         one event happens; it calls acquisition.ts, buying.ts, amendments.ts, reversals.ts,
 *                                expansion.ts, contracts.ts, payments.ts and consents.ts, one file for each subject of
 *                                the rules; waiting.ts and early.ts: what names an order that is not known yet
 *   Deadlines  deadlines.ts      what happens when time passes; silence.ts, pauses.ts
 *   Result     result.ts         what a fold returns; view.ts and next-actions.ts derive it from the state
 *
 * This file drives them: it advances time to each event, lets the event happen, and looks at the state at `asOf`.
 */

export interface FoldInput {
  /** One customer's events, sorted by `compareEvents`, all after the snapshot. Those after `asOf` are ignored. */
  readonly events: readonly LifecycleEvent[];
  readonly policies: PolicyTimeline;
  readonly asOf: Instant;
  readonly snapshot?: Snapshot | null;
  /** Takes a snapshot after every so many events; none by default. */
  readonly snapshotEvery?: number;
}

/**
 * Folds a customer's events into where the customer stands at `asOf`. Pure: the same input gives the same result.
 * @throws RangeError when the snapshot lies after `asOf`
 */
export function foldCustomer(input: FoldInput): FoldResult {
  const { events, policies, asOf, snapshot, snapshotEvery } = input;
  const fold = startFold(policies, snapshot ?? null);
  const { state, stagePeriods } = fold;
  if (state.clock > asOf) throw new RangeError('The snapshot holds events after asOf: fold from an earlier one.');
  const snapshots: Snapshot[] = [];

  let era = policies.eras.indexOf(fold.era);
  const advance = (until: Instant, inclusive: boolean): void => {
    for (let next = policies.eras[era + 1]; next !== undefined && next.from <= until; next = policies.eras[era + 1]) {
      passTime(fold, next.from, false);
      changePolicy(fold, next);
      era += 1;
    }
    passTime(fold, until, inclusive);
  };

  let folded = 0;
  for (const event of events) {
    if (event.occurredAt > asOf) break;
    advance(event.occurredAt, false);
    evolve(fold, event);
    folded += 1;
    if (snapshotEvery !== undefined && folded % snapshotEvery === 0) snapshots.push(toSnapshot(state));
  }
  const after = toSnapshot(state);
  advance(asOf, true);

  const { bookings, discrepancies, rebooked } = fold;
  return { view: viewAt(fold, asOf), stagePeriods, bookings, discrepancies, rebooked, snapshot: after, snapshots };
}

function startFold(policies: PolicyTimeline, snapshot: Snapshot | null): Fold {
  if (snapshot === null) {
    const era = policyAt(policies, -Infinity);
    return { state: initialState(era.version, era.policy.timeZone), era, stagePeriods: [], ...nothingBooked() };
  }
  const state = fromSnapshot(snapshot);
  const stagePeriods = [];
  // The period before the open one is returned again: a reader that advanced time from the snapshot may have seen a deadline,
  // overdue at that very instant, undo the transition out of it, while an event of that instant may leave it standing.
  if (state.previous !== null) stagePeriods.push(state.previous);
  if (state.current !== null) stagePeriods.push(state.current);
  const era = policyAt(policies, state.clock);
  const fold: Fold = {
    state,
    era: foldedUnder(policies, state.policyVersion) ?? era,
    stagePeriods,
    ...nothingBooked(),
  };
  // A snapshot that does not fit (see `snapshotFits`) continues under the policy that is in force.
  if (state.policyVersion !== era.version) changePolicy(fold, { ...era, from: -Infinity });
  fold.era = era;
  return fold;
}

function nothingBooked(): Pick<Fold, 'bookings' | 'discrepancies' | 'provisional' | 'rebooked'> {
  return { bookings: [], discrepancies: [], provisional: new Map(), rebooked: [] };
}

function foldedUnder(policies: PolicyTimeline, version: string): PolicyEra | null {
  return policies.eras.find((era) => era.version === version) ?? null;
}

/**
 * True when the snapshot was folded under the version that these policies put in force at its last event. Where it is
 * false, fold from the beginning: the snapshot rests on policies that are no longer known.
 */
export function snapshotFits(snapshot: Snapshot, policies: PolicyTimeline): boolean {
  return policyAt(policies, snapshot.state.clock ?? -Infinity).version === snapshot.state.policyVersion;
}
