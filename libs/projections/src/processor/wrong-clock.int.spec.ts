import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { appendAll, day, order } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import { Projector } from './projector.js';

describeOnEachStore('a clock that was wrong', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  let now = day(600);
  const clock = { now: () => now };
  const open = () => Projector.open({ database: store.database, log, clock });
  const phases = async (schema: string) =>
    store.database.query(`SELECT phase, count(*)::int AS n FROM ${schema}.customers GROUP BY phase ORDER BY phase`);

  beforeAll(async () => {
    store = await openStore(name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    now = day(600);
    log = memoryLog({ clock });
    await appendAll(log, world(5, 30, 20));
  });

  it.each([
    ['400 days ahead', 400],
    ['400 days back', -400],
  ])('%s: a rebuild repairs what it wrote', async (_, days) => {
    const projector = await open();
    await projector.catchUp();
    const right = await phases('rm_1');
    now = day(600 + days);
    // While the clock is wrong, the engine works: a new customer, and one who is known.
    await appendAll(log, [order({ userId: 'new' }, day(599.5), 'N1'), order({ userId: 'u1' }, day(599.6), 'N2')]);
    await projector.catchUp();
    if (days > 0) expect(await phases('rm_1')).not.toEqual(right);
    now = day(600) + 60_000;
    await projector.catchUp();
    const { version } = await projector.rebuild();
    expect(await projector.verify()).toMatchObject({ equal: true, differences: [] });

    // The same events, where the clock was never wrong.
    const repaired = await phases(`rm_${version}`);
    const { overall } = await projector.digest();
    await store.wipe();
    const never = await open();
    await never.catchUp();
    expect(await phases('rm_1')).toEqual(repaired);
    expect((await never.digest()).overall).toBe(overall);

    // And life goes on.
    now = day(602);
    await appendAll(log, [order({ userId: 'new' }, day(601), 'N3')]);
    await never.catchUp();
    expect(await never.verify()).toMatchObject({ equal: true });
  });
});
