import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import type { AppendItem } from '#event-log';
import { openDatabase, type Database } from '#database';
import { Projector } from '#projections';
import { memoryLog } from '#testing';
import { describeOnPostgres, openStore, type OpenedStore } from '#testing/stores';
import { PROFILES_SOURCE } from './profiles.js';

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 0, 1);
const clock = { now: () => NOW };

const subjectId = createHash('sha256').update('anna').digest('hex').slice(0, 32);
const order = (id: string, occurredAt: number): AppendItem => ({
  stream: STREAMS.subject(subjectId),
  event: {
    source: 'shop',
    id,
    type: 'order-placed',
    schemaVersion: 1,
    occurredAt,
    data: JSON.stringify({ orderId: id, currency: 'EUR', totalMinor: 1_000 }),
    meta: JSON.stringify({
      channel: 'shop',
      identifiers: [{ namespace: 'userId', role: 'self', subjectId, sealed: 'sealed' }],
      receivedAt: occurredAt,
    }),
    contentHash: createHash('sha256').update(id).digest().subarray(0, 16),
  },
});

describeOnPostgres('a slow broker', (offer) => {
  let store: OpenedStore;
  /** The relay's own connections: another process, as far as PostgreSQL can tell. */
  let relaying: Database;

  beforeAll(async () => {
    store = await openStore(offer.name);
    relaying = await openDatabase({ kind: 'postgres', url: store.url ?? '' });
  });
  afterAll(async () => {
    await relaying.close();
    await store.stop();
  });
  beforeEach(() => store.wipe());

  // While version 100 was live, the lock of its indexer was the lock of the customers feed.
  it.each([1, 99, 100, 101, 200, 402])(
    'does not stop indexing while the live version of the read models is number %i',
    async (version) => {
      const log = memoryLog({ clock });
      const open = (): Promise<Projector> => Projector.open({ database: store.database, log, clock });
      expect(await log.appendMany([order('A1', NOW - 2 * DAY)])).toMatchObject([{ status: 'accepted' }]);
      await (await open()).catchUp();
      await store.database.exec(`UPDATE perennial.versions SET version = ${version}`);

      let acknowledge = (): void => undefined;
      const acknowledged = new Promise<void>((resolve) => (acknowledge = resolve));
      let relayed: Promise<number> = Promise.resolve(0);
      await new Promise<void>((sending) => {
        const send = (): Promise<void> => {
          sending();
          return acknowledged;
        };
        relayed = PROFILES_SOURCE.drain(relaying, send, clock.now, { after: '' });
        void relayed.then(() => sending());
      });

      await log.appendMany([order('A2', NOW - DAY)]);
      const indexed = (await open()).catchUp();
      try {
        expect(await Promise.race([indexed, sleep(10_000, 'waits for the broker')])).toMatchObject({ position: 2 });
      } finally {
        acknowledge();
        await relayed;
        await indexed;
      }
    },
  );
});
