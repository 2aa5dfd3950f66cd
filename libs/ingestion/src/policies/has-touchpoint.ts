import { subjectOfStream } from '#contracts';
import type { EventLog } from '#event-log';

/** Whether the log holds a touchpoint. Nearly always the first page tells. */
export async function hasTouchpoint(log: EventLog): Promise<boolean> {
  for await (const page of log.readAll(0, { pageSize: 100 }))
    if (page.some(({ stream }) => subjectOfStream(stream) !== null)) return true;
  return false;
}
