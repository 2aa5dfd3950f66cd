import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import { Projector } from '../processor/projector.js';
import { liveSchema } from '../schema.js';
import { day, order, subject, appendAll } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';

describeOnEachStore('a rebuild beside the live read models', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  const clock = { now: () => day(520) };
  const rows = (sql: string) => store.database.query(sql);
  const schemas = async () =>
    (await rows(`SELECT nspname AS name FROM pg_namespace WHERE nspname LIKE 'rm\\_%' ORDER BY 1`)).map(
      (row) => row['name'],
    );
  const open = () => Projector.open({ database: store.database, log, clock, foldBatchSize: 20 });
  const published = () =>
    rows(`SELECT p.customer_id, p.publication, p.kind, p.cycle, p.stage, p.phase, p.entered_at, p.at, p.historical
            FROM perennial.published p JOIN perennial.outbox o USING (customer_id, publication) ORDER BY 1, 2`);

  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(async () => {
    await store.stop();
  });
  beforeEach(async () => {
    await store.wipe();
    log = memoryLog({ clock });
  });

  it('goes on while events come and clients read, and no client sees anything but a whole version', async () => {
    await appendAll(log, world(3, 60, 6));
    const projector = await open();
    await projector.catchUp();
    const before = (await rows(`SELECT count(*) AS n FROM ${await liveSchema(store.database)}.customers`))[0]?.[
      'n'
    ] as number;
    projector.start();
    let going = true;
    const seen: number[] = [];
    const reading = (async () => {
      while (going)
        seen.push(
          await store.database.transaction(async (tx) => {
            const [count] = await tx.query(`SELECT count(*) AS n FROM ${await liveSchema(tx)}.customers`);
            return count?.['n'] as number;
          }),
        );
    })();
    let appended = 0;
    const appending = (async () => {
      for (; going && appended < 500; appended += 1) {
        await appendAll(log, [order({ userId: `new-${appended % 50}` }, day(510), `new-${appended}`)]);
        await new Promise((wake) => setTimeout(wake, 2));
      }
    })();
    const { version } = await projector.rebuild();
    going = false;
    await Promise.all([reading, appending]);
    await projector.stop();

    expect(version).toBe(2);
    expect(await liveSchema(store.database)).toBe('rm_2');
    expect(appended).toBeGreaterThan(0);
    expect(Math.min(...seen)).toBeGreaterThanOrEqual(before);
    await projector.catchUp();
    const orders = await rows(`SELECT count(*) AS n FROM rm_2.bookings WHERE order_id LIKE 'new-%'`);
    expect(orders).toEqual([{ n: appended }]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  }, 120_000);

  it('goes back to the version that was live before, brought up to date, and forth again', async () => {
    await appendAll(log, world(5, 30, 5));
    const projector = await open();
    await expect(projector.rollback()).rejects.toThrow('no older version');
    await projector.rebuild();
    await appendAll(log, [order({ userId: 'late' }, day(515), 'late')]);
    const { overall } = await projector.digest();
    const count = (await published()).length;
    for (const version of [1, 2]) {
      expect((await projector.rollback()).version).toBe(version);
      expect(await liveSchema(store.database)).toBe(`rm_${version}`);
      expect((await projector.digest()).overall).toBe(overall);
    }
    expect((await published()).length).toBe(count);
  }, 120_000);

  it('is only tried in a dry run: there are no differences where nothing would change', async () => {
    await appendAll(log, world(7, 30, 5));
    const projector = await open();
    await projector.catchUp();
    expect(await projector.dryRun()).toEqual({
      ...{ equal: true, position: (await log.head()).position },
      ...{ differences: [], stages: [] },
    });
    expect(await schemas()).toEqual(['rm_1']);
  }, 120_000);

  it('shows in a dry run what would change, from where to where, and switches nothing', async () => {
    await appendAll(log, [order({ userId: 'anna' }, day(500), 'A1'), order({ userId: 'bert' }, day(500), 'B1')]);
    const projector = await open();
    await projector.catchUp();
    const anna = subject('userId', 'anna');
    const bert = subject('userId', 'bert');
    // As if an older program had folded otherwise.
    await store.database.exec(`
      UPDATE rm_1.customers SET phase = 'lost', orders = 7 WHERE customer_id = '${anna}';
      DELETE FROM rm_1.customers WHERE customer_id = '${bert}';`);
    const { equal, differences, stages } = await projector.dryRun();
    expect(equal).toBe(false);
    expect(differences).toHaveLength(1);
    expect(differences[0]).toMatchObject({ table: 'customers', live: 1, rebuilt: 2, onlyLive: 1, onlyRebuilt: 2 });
    const samples = new Map(differences[0]?.samples.map((one) => [one.rebuilt?.['digest_id'], one]));
    expect(samples.get(anna)).toMatchObject({
      live: { phase: 'lost', orders: 7 },
      rebuilt: { phase: 'onboarding', orders: 1 },
    });
    expect(samples.get(bert)).toMatchObject({ live: null, rebuilt: { phase: 'onboarding' } });
    const onboarding = { stage: 'retention', phase: 'onboarding' };
    expect(stages).toEqual(
      expect.arrayContaining([
        { from: { stage: 'retention', phase: 'lost' }, to: onboarding, customers: 1 },
        { from: null, to: onboarding, customers: 1 },
      ]),
    );
    expect(await schemas()).toEqual(['rm_1']);
    expect(await rows('SELECT orders FROM rm_1.customers')).toEqual([{ orders: 7 }]);
  }, 120_000);

  it('resumes with a version that was built and not switched to, and builds none of it again', async () => {
    await appendAll(log, world(11, 30, 5));
    const projector = await open();
    await projector.catchUp();
    const died = new Error('The process died.');
    const dying = projector.rebuild({
      onProgress: ({ phase }) => {
        if (phase === 'switching') throw died;
      },
    });
    await expect(dying).rejects.toBe(died);
    expect(await schemas()).toEqual(['rm_1', 'rm_2']);
    await appendAll(log, [order({ userId: 'late-comer' }, day(400), 'L1')]);
    const phases = new Set<string>();
    const next = await open();
    const { version } = await next.rebuild({ onProgress: ({ phase }) => phases.add(phase) });
    expect(version).toBe(2);
    expect([...phases]).toEqual(expect.not.arrayContaining(['links', 'components', 'customers', 'indexes']));
    expect(await next.verify()).toMatchObject({ equal: true });
  }, 120_000);

  it('publishes everything at once where nothing was published yet, as if it had been published one by one', async () => {
    await appendAll(log, world(9, 30, 5));
    const projector = await open();
    await projector.catchUp();
    const oneByOne = await published();
    expect(oneByOne.length).toBeGreaterThan(50);
    await store.database.exec('DELETE FROM perennial.outbox; DELETE FROM perennial.published');
    await projector.rebuild();
    const atOnce = await published();
    // Where something was retracted in the meantime, the numbers differ; the stage changes do not.
    const saying = (all: readonly Record<string, unknown>[]) =>
      all.map(({ customer_id, kind, stage, phase, entered_at, at, historical }) =>
        JSON.stringify({ customer_id, kind, stage, phase, entered_at, at, historical }),
      );
    expect(saying(atOnce).sort()).toEqual(saying(oneByOne).sort());
    // Nor does anybody have to be folded for it.
    expect(await rows(`SELECT customer_id FROM ${await liveSchema(store.database)}.dirty`)).toEqual([]);
    await projector.catchUp();
    expect(await published()).toEqual(atOnce);
  }, 120_000);
});
