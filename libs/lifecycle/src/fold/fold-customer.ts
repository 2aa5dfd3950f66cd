import type { Instant } from '#contracts';
import type { LifecycleEvent } from '../model.js';
import { policyAt, type PolicyEra, type PolicyTimeline } from '../policy/timeline.js';
import { fromCheckpoint, toCheckpoint, type Snapshot } from './snapshot.js';
import { changePolicy, passTime } from './deadlines.js';
import { evolve } from './evolve.js';
import type { Fold } from './fold.js';
import type { FoldResult } from './result.js';
import { initialState } from './state.js';
import { viewAt } from './view.js';

export interface FoldInput {
  /** One customer's events, sorted by `compareEvents`, all after the checkpoint. Those after `asOf` are left alone. */
  readonly events: readonly LifecycleEvent[];
  readonly policies: PolicyTimeline;
  readonly asOf: Instant;
  readonly checkpoint?: Snapshot | null;
  /** Leaves a checkpoint every so many events. None when not said. */
  readonly checkpointEvery?: number;
}

/**
 * Folds a customer's events into where the customer stands at `asOf`. Pure: the same input gives the same result, whenever and
 * wherever it is asked. Throws a RangeError when the checkpoint lies after `asOf`.
 */
export function foldCustomer(input: FoldInput): FoldResult {
  const { events, policies, asOf, checkpoint, checkpointEvery } = input;
  const fold = begin(policies, checkpoint ?? null);
  const { state, stagePeriods } = fold;
  if (state.clock > asOf) throw new RangeError('The checkpoint holds events after asOf: fold from an earlier one.');
  const checkpoints: Snapshot[] = [];

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
    if (checkpointEvery !== undefined && folded % checkpointEvery === 0) checkpoints.push(toCheckpoint(state));
  }
  const after = toCheckpoint(state);
  advance(asOf, true);

  return { view: viewAt(fold, asOf), stagePeriods, bookings: fold.bookings, checkpoint: after, checkpoints };
}

function begin(policies: PolicyTimeline, checkpoint: Snapshot | null): Fold {
  if (checkpoint === null) {
    const era = policyAt(policies, -Infinity);
    return { state: initialState(era.version, era.policy.timeZone), era, stagePeriods: [], bookings: [] };
  }
  const state = fromCheckpoint(checkpoint);
  const stagePeriods = [];
  // The one before comes along and is given again: whoever looked on from the checkpoint may have seen a deadline, overdue at
  // that very instant, undo the transition out of it, while an event that came at that instant after all leaves it standing.
  if (state.previous !== null) stagePeriods.push(state.previous);
  if (state.current !== null) stagePeriods.push(state.current);
  const era = policyAt(policies, state.clock);
  const fold: Fold = { state, era: foldedUnder(policies, state.policyVersion) ?? era, stagePeriods, bookings: [] };
  // A checkpoint that does not fit (see below) goes on under the policy that is in force: as good as can be.
  if (state.policyVersion !== era.version) changePolicy(fold, { ...era, from: -Infinity });
  fold.era = era;
  return fold;
}

function foldedUnder(policies: PolicyTimeline, version: string): PolicyEra | null {
  return policies.eras.find((era) => era.version === version) ?? null;
}

/**
 * True when the checkpoint was folded under the version that these policies put in force at its last event. Where it is
 * false, fold from the beginning: what was folded rests on policies that are no longer known.
 */
export function snapshotFits(checkpoint: Snapshot, policies: PolicyTimeline): boolean {
  return policyAt(policies, checkpoint.state.clock ?? -Infinity).version === checkpoint.state.policyVersion;
}
