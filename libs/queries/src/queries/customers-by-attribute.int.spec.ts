import { afterAll, beforeAll, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { formatInstant, STREAMS } from '#contracts';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { day, order, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';

const who = (n: number): TestTouchpoint['who'] => ({ userId: `user-${n}` });

let counter = 0;
const stated = (
  customer: TestTouchpoint['who'],
  at: number,
  source: string,
  attributes: object,
  more: Partial<TestTouchpoint> = {},
): TestTouchpoint => ({
  ...{ who: customer, at: day(at), type: 'profile-updated', source, id: `${source}-${++counter}` },
  personal: { '/attributes': attributes },
  ...more,
});

describeOnEachStore('customers by attribute', (store) => {
  let opened: OpenedStore;
  let engine: SpecEngine;
  beforeAll(async () => {
    opened = await openStore(store);
    engine = await specEngine(opened.database);
  }, 60_000);
  afterAll(async () => {
    await engine.close();
    await opened.stop();
  });

  const names = new Map<string, string>();
  const by = async (attribute: string, params: Readonly<Record<string, string>> = {}): Promise<string[]> => {
    const rows = await engine.all('customers', { attribute, ...params });
    return rows.map(({ customerId }) => names.get(String(customerId)) ?? String(customerId)).sort();
  };
  const rejected = async (attribute: string): Promise<string> => {
    try {
      await engine.runQuery('customers', { attribute });
      return 'answered';
    } catch (error) {
      return JSON.stringify((error as { issues?: unknown }).issues ?? String(error));
    }
  };
  const rows = (name: string) =>
    engine.database.query(`SELECT value, opened FROM rm_1.attribute_facts WHERE name = $1 ORDER BY value`, [name]);

  it('are found by what holds, also where it was defined after it was stated', async () => {
    for (let n = 0; n < 4; n += 1) names.set(engine.subjectId('userId', `user-${n}`), `user-${n}`);
    await engine.tell(
      stated(who(0), 1, 'shop', { plan: 'silver', birthDate: '2006-05-01', zip: '10115', vip: true, spend: 99 }),
      stated(who(0), 2, 'crm', { plan: 'gold' }),
      stated(who(0), 3, 'shop', { plan: 'bronze' }),
      stated(who(1), 1, 'crm', { plan: 'gold', birthDate: '1990-01-01', zip: '80331', spend: 100 }),
      stated(who(1), 2, 'crm', { plan: null }),
      stated(who(1), 1, 'shop', { plan: 'gold' }, { test: true }),
      stated(who(2), 1, 'shop', { plan: 'gold' }),
      order(who(2), day(10), 'a', 1_000, 'tea'),
      order(who(2), day(395), 'b', 2_500, 'cups'),
      order(who(3), day(390), 'c', 500, 'tea'),
    );
    const profile = { type: 'text', use: 'filterable' };
    await engine.define({ name: 'plan', version: 1, profile: { ...profile, sources: ['crm'] } });
    await engine.define({
      ...{ name: 'birthDate', version: 1 },
      profile: { type: 'date', use: 'filterable', band: { by: 'age', edges: [18, 30], timeZone: 'UTC' } },
    });
    await engine.define({
      ...{ name: 'zip', version: 1 },
      profile: { ...profile, band: { by: 'prefix', prefixes: { '10': 'Berlin', '8': 'South' } } },
    });
    await engine.define({ name: 'vip', version: 1, profile: { type: 'flag', use: 'filterable' } });
    await engine.define({ name: 'spend', version: 1, profile: { type: 'number', use: 'filterable' } });
    await engine.define({ name: 'secret', version: 1, profile: { type: 'text' } });
    const of = 'order-placed';
    await engine.define({ name: 'orders30', version: 1, computed: { of, function: 'count', window: 'P30D' } });
    await engine.define({ name: 'category', version: 1, computed: { of, function: 'last', field: 'lines.category' } });
    await engine.define({
      ...{ name: 'units', version: 1 },
      computed: { of, function: 'sum', field: 'lines.quantity' },
    });
    await engine.catchUp();
    expect(await by('plan=gold')).toEqual(['user-0', 'user-2']);
    expect(await by('plan!=gold')).toEqual(['user-1', 'user-3']);
    expect(await by('plan=gold', { 'as-of': formatInstant(day(1)) })).toEqual(['user-1', 'user-2']);
    expect(await by('zip=Berlin,vip=true')).toEqual(['user-0']);
    expect(await by('spend>=100')).toEqual(['user-1']);
    expect(await by('spend>=99')).toEqual(['user-0', 'user-1']);
    expect(await by('orders30>=1')).toEqual(['user-2', 'user-3']);
    expect(await by('orders30=0,plan=gold')).toEqual(['user-0']);
    expect(await by('category=cups')).toEqual(['user-2']);
    expect(await by('units>=2')).toEqual(['user-2']);
  });

  it('move with time alone: a window ends, and a birthday comes, at its own instant', async () => {
    const birthday = Date.UTC(2024, 4, 1);
    const at = (instant: number) => ({ 'as-of': formatInstant(instant) });
    expect(await by('birthDate=18-to-29', at(birthday - 1))).toEqual([]);
    expect(await by('birthDate=18-to-29', at(birthday))).toEqual(['user-0']);
    const before = engine.now;
    engine.now = day(420) - 1;
    expect(await by('orders30>=1')).toEqual(['user-2', 'user-3']);
    engine.now = day(420);
    expect(await by('orders30>=1')).toEqual(['user-2']);
    engine.now = before;
  });

  it('are never found by what is closed, unknown, or compared as it cannot be', async () => {
    expect(await rejected('secret=x')).toMatch(/closed attribute/);
    expect(await rejected('plann=x')).toMatch(/did you mean plan/);
    expect(await rejected('plan>gold')).toMatch(/by size/);
    expect(await rejected('spend=much')).toMatch(/no number/);
    expect(await rejected('vip=yes')).toMatch(/true or false/);
    expect(await rejected('plan')).toMatch(/cannot be read/);
    expect(await rejected("plan=' OR true --")).toBe('answered');
    expect(await rows('secret')).toEqual([]);
    // Of a band the table holds no value.
    expect(await rows('zip')).toEqual([
      { value: 'Berlin', opened: true },
      { value: 'South', opened: true },
    ]);
  });

  it('follow late facts, merges and new versions, and a rebuild gives the same', async () => {
    await engine.tell(stated({ email: 'three@example.com' }, 5, 'crm', { plan: 'gold' }));
    await engine.tell({
      ...{ who: { ...who(3), email: 'three@example.com' }, at: day(6), type: 'site-visited', id: 'login' },
    });
    expect(await by('plan=gold')).toEqual(['user-0', 'user-2', 'user-3']);
    await engine.tell(stated(who(2), 0, 'crm', { plan: 'late' }));
    expect(await by('plan=gold')).toEqual(['user-0', 'user-3']);
    expect(await engine.projector.verify()).toMatchObject({ equal: true, differences: [] });
    await engine.define({ name: 'plan', version: 2, profile: { type: 'text', use: 'filterable', sources: ['shop'] } });
    await engine.catchUp();
    expect(await by('plan=gold')).toEqual(['user-2', 'user-3']);
    expect(await by('plan=bronze')).toEqual(['user-0']);
    expect(await engine.projector.verify()).toMatchObject({ equal: true, differences: [] });
  });

  it('lose an erased person, leaving no value, also after a rebuild', async () => {
    const subjectIds = [engine.subjectId('userId', 'user-0')];
    await engine.keys.destroy(subjectIds);
    const data = JSON.stringify({ subjectIds });
    await engine.log.append(STREAMS.privacy, 'any', [
      {
        ...{ source: 'perennial/privacy', id: 'erasure/1', type: 'person-erased', schemaVersion: 2, meta: '{}', data },
        ...{ occurredAt: engine.now, contentHash: new Uint8Array(16) },
      },
    ]);
    await engine.catchUp();
    expect(await by('plan=bronze', { erased: 'with' })).toEqual([]);
    expect(await rows('vip')).toEqual([]);
    expect(await engine.projector.verify()).toMatchObject({ equal: true, differences: [] });
  });

  it('are those that the query attributes says the same of', async () => {
    const sources = fc.constantFrom('crm', 'shop', 'app');
    const lives = fc.array(
      fc.record({
        customer: fc.integer({ min: 10, max: 12 }),
        at: fc.integer({ min: 300, max: 399 }),
        source: sources,
        tier: fc.constantFrom('a', 'b', null, 3),
        precedence: fc.constantFrom(0, 2),
        orders: fc.integer({ min: 0, max: 1 }),
      }),
      { minLength: 1, maxLength: 10 },
    );
    const profile = { type: 'text', use: 'filterable', sources: ['app'] };
    await engine.define({ name: 'tier', version: 1, profile });
    const computed = { of: 'order-placed', function: 'most-frequent', field: 'lines.category', window: 'P60D' };
    await engine.define({ name: 'liked', version: 1, computed });
    let run = 0;
    await fc.assert(
      fc.asyncProperty(lives, async (list) => {
        run += 1;
        const customer = (n: number) => ({ userId: `life-${run}-${n}` });
        const told = list.flatMap(({ customer: n, at, source, tier, precedence, orders }, index): TestTouchpoint[] => [
          stated(customer(n), at, source, { tier }, { data: { precedence } }),
          ...(orders === 0 ? [] : [order(customer(n), day(at), `l-${run}-${index}`, 100, index % 2 ? 'tea' : 'cups')]),
        ]);
        await engine.tell(...told);
        for (const [name, values] of [
          ['tier', ['a', 'b']],
          ['liked', ['tea', 'cups']],
        ] as const)
          for (const asOf of [day(350), engine.now]) {
            const instant = { 'as-of': formatInstant(asOf) };
            const found = new Map<string, string[]>();
            for (const value of values) found.set(value, await by(`${name}=${value}`, instant));
            for (const n of new Set(list.map((one) => one.customer))) {
              const id = engine.subjectId('userId', `life-${run}-${n}`);
              const identifier = `userId:life-${run}-${n}`;
              const [row] = await engine.all('attributes', { identifier, name, ...instant });
              const first = Math.min(...list.filter((one) => one.customer === n).map(({ at }) => day(at)));
              for (const value of values)
                if (first <= asOf)
                  expect([name, value, found.get(value)?.includes(id)]).toEqual([
                    name,
                    value,
                    row?.['value'] === value,
                  ]);
            }
          }
      }),
      { numRuns: 8 },
    );
    expect(await engine.projector.verify()).toMatchObject({ equal: true, differences: [] });
  }, 120_000);
});
