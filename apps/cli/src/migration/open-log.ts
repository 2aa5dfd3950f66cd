import {
  MemoryIdTable,
  openEventStoreLog,
  openSqliteLog,
  SqliteMoveTarget,
  type EventLog,
  type MoveTarget,
} from '#event-log';
import type { LogLocation } from './log-location.js';

/** Whoever moves a log sits at a terminal: a server that is not there is told soon. */
const OPEN_MS = 5_000;

/** A log that is there, to be read. */
export async function openSourceLog(place: LogLocation): Promise<EventLog> {
  if (place.kind === 'sqlite') return openSqliteLog({ file: place.file, writing: 'here' });
  // Which of two events of one name counts is told by the id table; here nobody keeps one, so the log is looked through first.
  const ids = new MemoryIdTable();
  const log = await openEventStoreLog({ connectionString: place.url, ids, openMs: OPEN_MS });
  try {
    for await (const page of log.readAll(0, { with: 'contentHash', without: 'data' })) ids.index(page);
    return log;
  } catch (error) {
    await log.close();
    throw error;
  }
}

/** The log that is moved into; a file is made where it is missing. */
export async function openTargetLog(place: LogLocation): Promise<MoveTarget & { close(): void | Promise<void> }> {
  if (place.kind === 'sqlite') return new SqliteMoveTarget(place.file);
  return openEventStoreLog({ connectionString: place.url, ids: new MemoryIdTable(), openMs: OPEN_MS });
}
