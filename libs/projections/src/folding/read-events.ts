import type { Transaction } from '#database';
import { SNAPSHOT_FORMAT, snapshotFits, type LifecycleEvent, type PolicyTimeline } from '#lifecycle';
import type { ProjectionContext } from '../read-models/read-model-store.js';
import type { FoldMoment, FoldPlan } from './fold-customers.js';
import { inOrder, isAfter, type FoldState } from './fold-one.js';
import { loadSnapshotsBefore, readTouchpoints } from './load.js';

/** Lists a customer as failed, with the error. */
type Fail = (customerId: string, error: unknown) => void;

/** Whether this program made the state, under the policy that was in force at its last event. */
export function stateFits({ snapshot }: FoldState, policies: PolicyTimeline): boolean {
  return snapshot.format === SNAPSHOT_FORMAT && snapshotFits(snapshot, policies);
}

/** Reads the events of all plans that lack them: once for whole histories, once for what came after the states. */
export async function readEvents(
  tx: Transaction,
  plans: readonly FoldPlan[],
  moment: FoldMoment,
  context: ProjectionContext,
  fail: Fail,
): Promise<void> {
  const lacking = plans.filter((one) => one.events === null && one.known.subjectIds.length > 0);
  const tails = lacking.filter(readsTail);
  await readGroup(
    tx,
    lacking.filter((one) => !readsTail(one)),
    0,
    moment,
    context,
    fail,
  );
  await readGroup(tx, tails, Math.min(...tails.map((one) => one.readAfter ?? 0)), moment, context, fail);
}

/**
 * Moves plans with a late event back to the last snapshot before it, or to the beginning, and reads what follows. A snapshot that
 * was made under another policy is not used.
 */
export async function goBack(
  tx: Transaction,
  late: readonly FoldPlan[],
  moment: FoldMoment,
  context: ProjectionContext,
  fail: Fail,
): Promise<void> {
  if (late.length === 0) return;
  const snapshots = await loadSnapshotsBefore(
    tx,
    late.map((one) => ({ customerId: one.task.customerId, before: one.events?.[0]?.occurredAt ?? -Infinity })),
  );
  // Read from the beginning: the position of an older state does not tell which events it lacks.
  const whole = late.map((one): FoldPlan => ({ ...one, base: null, events: null, readAfter: 0 }));
  await readGroup(tx, whole, 0, moment, context, fail);
  late.forEach((one, i) => {
    const snapshot = snapshots.get(one.task.customerId);
    const base = snapshot !== undefined && stateFits(snapshot, moment.policies) ? snapshot : null;
    const events = whole[i]?.events ?? null;
    one.base = base;
    one.events = base === null || events === null ? events : events.filter((event) => isAfter(event, base));
    one.again = true;
  });
}

/** One reading of the log above a position, for all plans of a group. */
async function readGroup(
  tx: Transaction,
  group: readonly FoldPlan[],
  after: number,
  { position: upTo }: FoldMoment,
  { log, ids, times }: ProjectionContext,
  fail: Fail,
): Promise<void> {
  if (group.length === 0) return;
  const subjectIds = group.flatMap((one) => one.known.subjectIds);
  const range = { ...(after > 0 ? { after } : {}), upTo };
  // Some events may have been found to repeat an event id in this very transaction: the log does not know yet.
  const found = await times.of('read', () => readTouchpoints(log, subjectIds, range, ids === null ? null : tx));
  times.ofSync('parse', () => {
    for (const one of group) {
      try {
        const events = one.known.subjectIds.flatMap((subjectId) => found.get(subjectId) ?? []);
        const from = one.readAfter ?? 0;
        const sorted = inOrder(from > 0 ? events.filter((event) => event.position > from) : events);
        one.events = withoutFolded(one, sorted);
      } catch (error) {
        fail(one.task.customerId, error);
      }
    }
  });
}

/**
 * Of a whole history the events that the state does not hold: above its position, or later in order. A history is read whole beside a
 * state when some of its events lay in the future, or when those at hand were unreadable.
 */
function withoutFolded(one: FoldPlan, events: LifecycleEvent[]): LifecycleEvent[] {
  const { base } = one;
  if (base === null || readsTail(one)) return events;
  return events.filter((event) => event.position > base.position || isAfter(event, base));
}

function readsTail(one: FoldPlan): boolean {
  return one.readAfter !== null && one.readAfter > 0;
}
