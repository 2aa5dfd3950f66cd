import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { Projector } from './projector.js';
import { day, appendAll } from '../testdata/touchpoints.js';
import { shuffled, world } from '../testdata/world.js';
import { describeOnPostgres, openStore, type OpenedStore } from '#testing/stores';

const clock = { now: () => day(600) };

describeOnPostgres('while the server goes away and comes back', (offer) => {
  let store: OpenedStore;
  let log: EventLog;
  beforeAll(async () => {
    store = await openStore(offer.name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    log = memoryLog({ clock });
  });

  const [itOurs, why] = offer.ours ? [it, ''] : [it.skip, ' (skipped: the server is not ours to stop)'];
  for (const how of ['shutdown', 'crash'] as const)
    itOurs(`events go on coming, and the projector goes on after its ${how}: nothing is lost${why}`, async () => {
      const { outage } = store;
      if (outage === null) throw new Error('This server cannot be taken away.');
      const projector = await Projector.open({ database: store.database, log, clock, pageSize: 20, foldBatchSize: 20 });
      projector.start();
      let failed = false;
      const items = shuffled(world(7, 30, 20), 3);
      const publishing = (async () => {
        for (let at = 0; at < items.length; at += 10) {
          await appendAll(log, items.slice(at, at + 10));
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })();
      while ((await projector.status()).position === 0) await new Promise((resolve) => setTimeout(resolve, 5));
      await outage.halt(how);
      await publishing;
      while (!failed) {
        failed = await projector.status().then(
          () => false,
          () => true,
        );
      }
      await outage.restart();
      const { position } = await log.head();
      expect(position).toBeGreaterThan(items.length / 2);
      for (let reached = 0; reached < position;) {
        reached = (await projector.status().catch(() => ({ position: 0 }))).position;
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      await projector.stop();
      // The log is the truth: what was built through the outage is what a rebuild makes of it.
      expect(await projector.verify()).toMatchObject({ equal: true, differences: [] });
      expect(await projector.status()).toMatchObject({ position, failure: null, parked: 0 });
    });
});
