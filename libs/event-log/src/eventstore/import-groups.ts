import { rejectionOf } from '../append-rules.js';
import type { MovedEvent } from '../moving/moved-event.js';
import { EventLogError } from '../port.js';
import type { ImportGroup } from './ordered-import.js';
import { nextGroup, type Prepared } from './prepared.js';
import { sendable, sizeRejection } from './stored-event.js';

/**
 * The appends that events of another log come to, in their order: neighbours of one stream go together, and nothing else, since the order of
 * the whole log is kept.
 * @throws EventLogError `torn` where an event cannot be stored
 */
export function importGroups(events: readonly MovedEvent[], prefix: string): readonly ImportGroup[] {
  const prepared = events.map((event, index): Prepared => {
    const item = { stream: event.stream, event };
    const one = { index, item, sendable: sendable(event, event) };
    const rejection = rejectionOf(item) ?? sizeRejection(item, one.sendable.bytes);
    if (rejection !== null)
      throw new EventLogError('torn', `The event ${event.id} of ${event.source} cannot be taken over: ${rejection}`);
    return one;
  });
  const groups: ImportGroup[] = [];
  for (let next = 0; next < prepared.length;) {
    const { stream } = (prepared[next] as Prepared).item;
    const group = nextGroup(prepared, next, ({ item }) => item.stream === stream);
    groups.push({
      request: { stream: `${prefix}${stream}`, expected: 'any', events: group.map((one) => one.sendable) },
      events: events.slice(next, next + group.length),
    });
    next += group.length;
  }
  return groups;
}
