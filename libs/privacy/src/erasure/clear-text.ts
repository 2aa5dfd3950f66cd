import { separatePersonal, STREAMS, type Data } from '#contracts';
import type { EventLog } from '#event-log';

/** How many events of these subjects hold text in the clear that is personal by today's contract: it was stored before its field became personal. */
export async function eventsWithClearText(
  log: Pick<EventLog, 'readStreams'>,
  subjectIds: readonly string[],
): Promise<number> {
  const events = await log.readStreams(subjectIds.map((id) => STREAMS.subject(id)));
  return events.filter(({ type, schemaVersion, data }) => hasClearText(type, schemaVersion, JSON.parse(data) as Data))
    .length;
}

export function hasClearText(type: string, schemaVersion: number, data: Data): boolean {
  return Object.keys(separatePersonal(type, schemaVersion, data).personal).length > 0;
}
