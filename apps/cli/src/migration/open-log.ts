import {
  MemoryIdTable,
  openEventStoreLog,
  openSqliteLog,
  SqliteMoveTarget,
  type EventLog,
  type MoveTarget,
} from '#event-log';
import type { LogLocation } from './log-location.js';

/** The command runs at a terminal: a server that does not answer is reported soon. */
const OPEN_MS = 5_000;

/** Opens an existing log to read it. */
export async function openSourceLog(place: LogLocation): Promise<EventLog> {
  if (place.kind === 'sqlite') return openSqliteLog({ file: place.file, writing: 'here' });
  // The id table decides which of two events with one id counts. No indexer keeps one here, so the log is scanned first.
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

/** Opens the log that is copied into; a missing file is created. */
export async function openTargetLog(place: LogLocation): Promise<MoveTarget & { close(): void | Promise<void> }> {
  if (place.kind === 'sqlite') return new SqliteMoveTarget(place.file);
  return openEventStoreLog({ connectionString: place.url, ids: new MemoryIdTable(), openMs: OPEN_MS });
}
