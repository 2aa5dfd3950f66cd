import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EventStoreLog } from '../eventstore-log.js';
import { openEventStoreLog } from '../open-eventstore-log.js';
import type { EventStoreLogOptions } from '../open-log-on-server.js';
import { MemoryIdTable } from '../memory-ids.js';

/** A log on a server with a follower that keeps its id table, as the indexer does. */
export interface IndexedLog {
  readonly log: EventStoreLog;
  readonly ids: MemoryIdTable;
  /** Ends once the id table has caught up with the log. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

/** Opens a log of its own on a server that others may use as well. */
export async function openIndexedLog(
  options: Omit<EventStoreLogOptions, 'ids'> & { readonly ids?: MemoryIdTable },
): Promise<IndexedLog> {
  const ids = options.ids ?? new MemoryIdTable();
  const log = await openEventStoreLog({ name: `test-${randomUUID().slice(0, 8)}`, ...options, ids });
  const stop = new AbortController();
  const following = (async () => {
    for await (const page of log.follow(ids.position, { with: 'contentHash', signal: stop.signal })) ids.index(page);
    // A log that is closed under it ends it with an error.
  })().catch(() => undefined);
  return {
    log,
    ids,
    async settle() {
      const { position } = await log.head();
      while (ids.position < position) await sleep(5);
    },
    async close() {
      stop.abort();
      await following;
      await log.close();
    },
  };
}
