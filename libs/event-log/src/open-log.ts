import { join } from 'node:path';
import type { Clock, Config, StoreWatch } from '#platform';
import { openEventStoreLog } from './eventstore/open-eventstore-log.js';
import { placeText } from './folder-record.js';
import type { IdTable } from './eventstore/ids.js';
import type { EventLog } from './port.js';
import { openSqliteLog } from './sqlite/sqlite-log.js';

/** Opens the log that the config names. The process that opens a file holds the lock of the data folder. */
export async function openLogOf(
  { eventLog, dataDir }: Pick<Config, 'eventLog' | 'dataDir'>,
  clock: Clock,
  ids: IdTable | null,
  watch?: StoreWatch,
): Promise<EventLog> {
  if (eventLog.kind === 'sqlite') return openSqliteLog({ file: join(dataDir, 'log.db'), clock });
  if (ids === null) throw new Error('A log on EventStoreDB needs the id table, which the read models provide.');
  const open = () =>
    openEventStoreLog({ connectionString: eventLog.url, ids, ...(watch === undefined ? {} : { watch }) });
  return watch === undefined ? open() : watch.opening(`the event log at ${placeText(eventLog)}`, open);
}
