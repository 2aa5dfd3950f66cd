import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { HOUR } from '#contracts';
import type { EventLog } from '#event-log';
import { BUILT_IN_POLICIES, type Policy } from '#lifecycle';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { Projector } from './processor/projector.js';
import { policyPublished, policyRestated } from './testdata/store.js';
import { appendAll, day, order, subject, touchpoint } from './testdata/touchpoints.js';
import { shuffled, world } from './testdata/world.js';

const { retail } = BUILT_IN_POLICIES;
/** At risk after so many days of silence. */
const atRiskAfter = (days: number): Partial<Policy> => ({
  silence: { ...retail.silence, atRiskDaysWithoutRhythm: days } as Policy['silence'],
});
const ANNA = { userId: 'anna' };
const anna = subject('userId', 'anna');

describeOnEachStore('a policy that restates the past', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  let projector: Projector;
  let now: number;

  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    now = day(0);
    const clock = { now: () => now };
    log = memoryLog({ clock });
    projector = await Projector.open({ database: store.database, log, clock });
  });

  const come = async (at: number, ...items: Parameters<EventLog['appendMany']>[0]): Promise<void> => {
    now = at;
    await appendAll(log, items);
    await projector.catchUp();
  };
  const live = async (): Promise<number> =>
    Number(
      (await store.database.query("SELECT version FROM perennial.versions WHERE status = 'live'"))[0]?.['version'],
    );
  const periods = async () =>
    (
      await store.database.query<{ phase: string; entered_at: number; policy_version: string }>(
        `SELECT phase, entered_at, policy_version FROM rm_${await live()}.stage_periods WHERE customer_id = $1 ORDER BY seq`,
        [anna],
      )
    ).map((row) => [row.phase, row.entered_at, row.policy_version]);
  const published = () =>
    store.database.query<Record<string, unknown>>(
      `SELECT kind, phase, at, historical, reason FROM perennial.published WHERE customer_id = $1 ORDER BY publication`,
      [anna],
    );

  it('moves what it changes, retracts what was published as history, and proposes nothing', async () => {
    await come(
      day(1),
      policyPublished('retail@1', {}, day(0)),
      touchpoint({
        ...{ who: ANNA, at: day(0.5), type: 'consent-given', data: { purpose: 'marketing', medium: 'email' } },
      }),
      order(ANNA, day(1), 'A1'),
    );
    // At 00:00 of day 91 the customer is at risk: three hours before the restatement, so it is news.
    await come(day(91) + HOUR);
    const before = (await published()).length;
    expect((await published()).at(-1)).toMatchObject({ kind: 'entered', phase: 'at-risk', historical: false });
    const actions = () => store.database.query('SELECT kind, phase, reason FROM perennial.actions ORDER BY number');
    const proposed = await actions();
    expect(proposed.at(-1)).toMatchObject({ kind: 'proposed', phase: 'at-risk' });

    now = day(91) + 3 * HOUR;
    const tried = { version: 'retail@2', effectiveFrom: day(20), restates: true };
    expect(await projector.policyDryRun({ ...tried, policy: { ...retail, ...atRiskAfter(90 - 1) } })).toMatchObject({
      ...{ customers: 1, moving: 0, changed: 1, moves: [], listed: [] },
      messages: { retracted: 2, published: 2, withdrawn: 0 },
    });
    await come(now, policyRestated('retail@2', atRiskAfter(90 - 1), now, day(20)));
    expect(await periods()).toEqual([
      ['awareness', day(0.5), 'retail@1'],
      ['onboarding', day(1), 'retail@1'],
      ['at-risk', day(90), 'retail@2'],
    ]);
    expect((await published()).slice(before)).toEqual([
      { kind: 'retracted', phase: 'at-risk', at: day(91), historical: true, reason: 'policy-restated' },
      { kind: 'retracted', phase: 'onboarding', at: day(91), historical: true, reason: 'policy-restated' },
      { kind: 'left', phase: 'onboarding', at: day(90), historical: true, reason: null },
      { kind: 'entered', phase: 'at-risk', at: day(90), historical: true, reason: null },
    ]);
    expect(await actions()).toEqual(proposed);

    const third = { version: 'retail@3', effectiveFrom: null, restates: true };
    const [from, to] = [
      { stage: 'retention', phase: 'at-risk' },
      { stage: 'retention', phase: 'onboarding' },
    ];
    expect(await projector.policyDryRun({ ...third, policy: { ...retail, ...atRiskAfter(200) } })).toMatchObject({
      ...{ moving: 1, changed: 1, moves: [{ from, to, customers: 1 }], listed: [{ customerId: anna, from, to }] },
      messages: { retracted: 2, published: 0, withdrawn: 1 },
    });
    await come(day(91) + 4 * HOUR, policyRestated('retail@3', atRiskAfter(200), now));
    expect((await periods()).map(([phase]) => phase)).toEqual(['awareness', 'onboarding']);
    expect((await actions()).slice(proposed.length)).toEqual([
      { kind: 'withdrawn', phase: 'at-risk', reason: 'policy-restated' },
    ]);
    // A touchpoint afterwards folds the customer again: nothing that the restatement brought about is proposed then.
    await come(day(91) + 5 * HOUR, touchpoint({ who: ANNA, at: now, type: 'site-visited' }));
    expect((await actions()).filter(({ kind }) => kind === 'proposed')).toHaveLength(
      proposed.filter(({ kind }) => kind === 'proposed').length,
    );
    expect((await projector.verify()).differences).toEqual([]);
  });

  it('brings about what is still to come as any policy does: with an action', async () => {
    await come(
      day(1),
      policyPublished('retail@1', {}, day(0)),
      touchpoint({
        ...{ who: ANNA, at: day(0.5), type: 'consent-given', data: { purpose: 'marketing', medium: 'email' } },
      }),
      order(ANNA, day(1), 'A1'),
    );
    await come(day(50), policyRestated('retail@2', atRiskAfter(60), now));
    await come(day(61) + HOUR);
    expect((await published()).at(-1)).toEqual({
      ...{ kind: 'entered', phase: 'at-risk', at: day(61), historical: false, reason: null },
    });
    expect(
      await store.database.query(`SELECT kind, policy_version FROM perennial.actions WHERE phase = 'at-risk'`),
    ).toEqual([{ kind: 'proposed', policy_version: 'retail@2' }]);
  });

  it('gives what a rebuild gives, whatever was published when and whichever events came in between', async () => {
    const changes = fc.record({
      days: fc.constantFrom(40, 60, 120),
      timeZone: fc.constantFrom('UTC', 'Europe/Berlin', 'Pacific/Auckland'),
      from: fc.option(fc.integer({ min: 0, max: 560 })),
      restates: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1_000 }),
        fc.array(changes, { minLength: 1, maxLength: 3 }),
        async (seed, all) => {
          await store.wipe();
          now = day(510);
          const clock = { now: () => now };
          log = memoryLog({ clock });
          projector = await Projector.open({ database: store.database, log, clock, snapshotEvery: 4 });
          const events = shuffled(world(seed, 5, 12), seed);
          const part = Math.ceil(events.length / (all.length + 1));
          await come(now, policyPublished('retail@1', {}, now), ...events.slice(0, part));
          for (const [index, { days, timeZone, from, restates }] of all.entries()) {
            const at = day(520 + 10 * index);
            const changed = { ...atRiskAfter(days), timeZone };
            const date = from === null ? null : day(from);
            const policy = restates
              ? policyRestated(`retail@${index + 2}`, changed, at, date)
              : policyPublished(`retail@${index + 2}`, changed, at, date ?? at);
            await come(at, policy, ...events.slice(part * (index + 1), part * (index + 2)));
          }
          const { equal, differences } = await projector.verify();
          expect({ equal, differences }).toEqual({ equal: true, differences: [] });
        },
      ),
      { numRuns: name === 'PGlite' ? 12 : 6 },
    );
  }, 240_000);
});
