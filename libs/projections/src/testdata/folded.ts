import type { AppendItem, RecordedEvent } from '#event-log';
import { policyTimeline } from '#lifecycle';
import { foldOne, inOrder, SNAPSHOT_EVERY } from '../folding/fold-one.js';
import type { FoldedView } from '../read-models/read-model.js';

/** The events as the log returns them, at the positions 1, 2, 3 … */
export function recorded(items: readonly AppendItem[], recordedAt = 0): RecordedEvent[] {
  return items.map(({ stream, event }, index) => ({
    ...event,
    stream,
    position: index + 1,
    revision: index,
    recordedAt,
  }));
}

/** The fold of one customer up to `asOf`, under the built-in policy. `subjectIds`: all subjects of the customer, sorted. */
export function folded(items: readonly AppendItem[], asOf: number, subjectIds = ['s1']): FoldedView {
  const customer = { customerId: subjectIds[0] ?? '', subjectIds };
  const options = { policies: policyTimeline([]), asOf, position: items.length, snapshotEvery: SNAPSHOT_EVERY };
  const view = foldOne(customer, inOrder(recorded(items)), null, options).folded;
  if (view === null) throw new Error('Nothing to show: give the customer a touchpoint in the past that is no test.');
  return view;
}
