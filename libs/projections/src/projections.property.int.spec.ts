import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { memoryLog } from '#testing';
import type { AppendItem, EventLog } from '#event-log';
import type { Digest } from './versions/digest.js';
import { Projector, type ProjectorOptions } from './processor/projector.js';
import { day, appendAll } from './testdata/touchpoints.js';
import { shuffled, world } from './testdata/world.js';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';

const CLOCK = { now: () => day(520) };

async function logOf(items: readonly AppendItem[]): Promise<EventLog> {
  const log = memoryLog({ clock: CLOCK });
  await appendAll(log, items);
  return log;
}

const semantic = ({ models }: Digest) => models;

describeOnEachStore('equal digests', (name) => {
  let store: OpenedStore;
  beforeAll(async () => {
    store = await openStore(name);
  });
  afterAll(async () => {
    await store.stop();
  });

  const digestOf = async (log: EventLog, more: Partial<ProjectorOptions> = {}): Promise<Digest> => {
    await store.wipe();
    const projector = await Projector.open({ database: store.database, log, clock: CLOCK, ...more });
    await projector.catchUp();
    const digest = await projector.digest();
    expect(await projector.status()).toMatchObject({ lag: 0, dirty: 0, parked: 0 });
    return digest;
  };

  it('whatever the order of arrival, the size of the pages and batches, and the distance of the snapshots', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer(),
        fc.constantFrom(1, 7, 50, 1_000),
        fc.constantFrom(1, 3, 500),
        fc.constantFrom(0, 20, 100_000),
        fc.constantFrom(1, 3, 256),
        async (seed, order, pageSize, foldBatchSize, bulkLag, snapshotEvery) => {
          const items = world(seed, 6, 12);
          const plain = await digestOf(await logOf(items));
          const other = await digestOf(await logOf(shuffled(items, order)), {
            ...{ pageSize, foldBatchSize, bulkLag, snapshotEvery },
          });
          expect(semantic(other)).toEqual(semantic(plain));
        },
      ),
      { numRuns: 15 },
    );
  }, 300_000);

  it('rebuilt or built as the events came, and verified', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer(), fc.integer(), async (seed, order) => {
        const log = await logOf(shuffled(world(seed, 8, 15), order));
        const live = await digestOf(log, { pageSize: 13, snapshotEvery: 3 });
        const projector = await Projector.open({ database: store.database, log, clock: CLOCK, snapshotEvery: 3 });
        expect(await projector.verify()).toMatchObject({ equal: true, differences: [] });
        const { version } = await projector.rebuild();
        expect(version).toBe(2);
        const rebuilt = await projector.digest();
        expect(semantic(rebuilt)).toEqual(semantic(live));
        // The rebuilt tables hold what was published: nothing is published again.
        const [published] = await store.database.query('SELECT count(*) AS n FROM perennial.published');
        await projector.rebuild();
        expect(await store.database.query('SELECT count(*) AS n FROM perennial.published')).toEqual([published]);
      }),
      { numRuns: 5 },
    );
  }, 300_000);

  // The embedded database has one connection: several would take turns.
  if (name === 'pglite') return;

  it('folded by several at once', async () => {
    const items = world(4, 60, 20);
    const alone = await digestOf(await logOf(items));
    await store.wipe();
    const log = await logOf(shuffled(items, 5));
    const { database } = store;
    const many = [];
    for (let i = 0; i < 4; i++)
      many.push(await Projector.open({ database, log, clock: CLOCK, pageSize: 20, foldBatchSize: 3, bulkLag: 40 }));
    await Promise.all(many.map((projector) => projector.catchUp()));
    const together = await many[0]?.digest();
    expect(together?.models).toEqual(alone.models);
  }, 120_000);
});
