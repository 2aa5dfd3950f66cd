import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatInstant } from '#contracts';
import { day, order, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';
import { runQuery } from '../running/run-query.js';

const ANNA = { userId: 'anna' };
const ANNA_BY_MAIL = { email: 'anna@example.com' };

const stated = (at: number, source: string, attributes: object, who: TestTouchpoint['who'] = ANNA): TestTouchpoint => ({
  ...{ who, at: day(at), type: 'profile-updated', source, id: `${source}-${at}` },
  personal: { '/attributes': attributes },
});

describe('attributes', () => {
  let engine: SpecEngine;
  const define = (definition: object) => engine.define({ version: 1, ...definition });
  beforeAll(async () => {
    engine = await specEngine();
    await define({ name: 'plan', profile: { type: 'text', use: 'filterable', sources: ['crm'] } });
    const band = { by: 'age', edges: [18, 30], timeZone: 'UTC' };
    await define({ name: 'born', profile: { type: 'date', use: 'filterable', band } });
    await define({ name: 'orders90', computed: { of: 'order-placed', function: 'count', window: 'P90D' } });
    await engine.tell(
      stated(1, 'shop', { plan: 'silver', born: '1994-04-01', colour: 'blue' }),
      stated(2, 'crm', { plan: 'gold' }),
      stated(3, 'shop', { plan: 'bronze', tags: ['a', 'b'] }),
      order(ANNA, day(380), 'o1'),
      order(ANNA, day(390), 'o2'),
    );
  }, 60_000);
  afterAll(() => engine.close());

  const of = async (params: Readonly<Record<string, string>> = {}) =>
    engine.all('attributes', { identifier: 'userId:anna', ...params });

  it('show which value holds, from which source, since when; what is not defined too', async () => {
    expect(await of()).toMatchObject([
      {
        name: 'born',
        kind: 'stated',
        value: '1994-04-01',
        band: '30-plus',
        source: 'shop',
        since: formatInstant(day(1)),
      },
      { name: 'orders90', kind: 'computed', value: 2, source: null, since: null },
      {
        name: 'plan',
        value: 'gold',
        source: 'crm',
        eventId: 'crm-2',
        since: formatInstant(day(2)),
        until: null,
        version: 1,
      },
      { name: 'colour', use: 'closed', value: 'blue', version: null },
      { name: 'tags', value: '["a","b"]' },
    ]);
    const [orders] = await of({ name: 'orders90' });
    expect(orders).toMatchObject({ changesAt: formatInstant(day(470)) });
  });

  it('are part of the profile where they are asked for, each with its history; closed ones for a purpose alone', async () => {
    const profile = async (params: Readonly<Record<string, string>>) =>
      (await engine.runQuery('customer', { identifier: 'userId:anna', ...params })).rows[0];
    const asked = (await profile({ attributes: 'true' }))?.['attributes'];
    expect(asked).toMatchObject([
      { name: 'born', value: '1994-04-01', band: '30-plus', source: 'shop', history: [] },
      { name: 'orders90', kind: 'computed', value: 2, history: [] },
      {
        ...{ name: 'plan', value: 'gold', source: 'crm', since: formatInstant(day(2)), version: 1 },
        history: [{ value: 'silver', source: 'shop', since: formatInstant(day(1)), until: formatInstant(day(2)) }],
      },
      { name: 'colour', use: 'closed', value: 'blue' },
      { name: 'tags', use: 'closed', value: '["a","b"]' },
    ]);
    expect((await profile({}))?.['attributes']).toBeNull();

    const closed = { ...engine.context, opening: null };
    const { rows } = await runQuery(closed, 'customer', { identifier: 'userId:anna', attributes: 'true' });
    expect(rows[0]?.['attributes']).toMatchObject([
      { name: 'born', value: null, source: null, history: [] },
      { name: 'orders90', value: 2 },
      { name: 'plan', value: null, source: null, history: [] },
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/gold|silver|colour|blue|1994/);
  });

  it('show what held when, and what was so at an instant', async () => {
    expect(await of({ name: 'plan', history: 'true' })).toMatchObject([
      { value: 'silver', source: 'shop', since: formatInstant(day(1)), until: formatInstant(day(2)) },
      { value: 'gold', source: 'crm', since: formatInstant(day(2)), until: null },
    ]);
    expect(await of({ name: 'plan', 'as-of': formatInstant(day(1)) })).toMatchObject([{ value: 'silver' }]);
    expect(await of({ name: 'orders90', 'as-of': formatInstant(day(385)) })).toMatchObject([{ value: 1 }]);
    expect(await of({ name: 'born', 'as-of': formatInstant(day(50)) })).toMatchObject([{ band: '18-to-29' }]);
  });

  it('come page by page as they come at once', async () => {
    const params = { identifier: 'userId:anna' };
    expect(await engine.all('attributes', params, 2)).toEqual(await engine.all('attributes', params));
  });

  it('without a purpose show what is computed, and no value that a source stated', async () => {
    const closed = { ...engine.context, opening: null };
    const { rows } = await runQuery(closed, 'attributes', { identifier: 'userId:anna' });
    expect(rows).toMatchObject([
      { name: 'born', value: null, band: null, source: null },
      { name: 'orders90', value: 2 },
      { name: 'plan', value: null, source: null },
    ]);
    expect(JSON.stringify(rows)).not.toMatch(/gold|1994|blue/);
  });

  it('follow a customer through a merge, and what is known of them later', async () => {
    const before = engine.now;
    engine.now = before + 1_000;
    await engine.tell(stated(4, 'crm', { plan: 'platinum' }, ANNA_BY_MAIL));
    expect(await of({ name: 'plan' })).toMatchObject([{ value: 'gold' }]);
    engine.now = before + 2_000;
    await engine.tell({ who: { ...ANNA, ...ANNA_BY_MAIL }, at: day(5), type: 'site-visited', id: 'login' });
    expect(await of({ name: 'plan' })).toMatchObject([
      { value: 'platinum', source: 'crm', since: formatInstant(day(4)) },
    ]);
    expect(await of({ name: 'plan', 'known-at': formatInstant(before) })).toMatchObject([{ value: 'gold' }]);
  });
});
