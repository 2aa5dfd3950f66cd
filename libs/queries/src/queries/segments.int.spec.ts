import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamOfFact } from '#contracts';
import { paramSchemas } from '../running/params.js';
import { QUERIES } from './index.js';
import { day, iso, order, specEngine, type SpecEngine } from '../testdata/engine.js';

const ANN = { userId: 'ann' };
const BEN = { userId: 'ben' };
const CLEO = { userId: 'cleo' };

const VISITORS = { id: 'visitors', name: 'Visitors', when: { did: 'site-visited', withinDays: 10 } };
const BUYERS = {
  id: 'buyers',
  name: 'Buyers',
  description: 'They bought twice.',
  when: { all: [{ field: 'orders', op: 'at-least', value: 2 }, { not: { segment: 'visitors' } }] },
};

const REPEAT = { id: 'repeat', name: 'Repeat', when: { field: 'orders', op: 'at-least', value: 2 } };

/** Queries about customers that neither name a customer nor a segment, and why. */
const WITHOUT_SEGMENT: Readonly<Record<string, string>> = {
  'account-members': 'about one account',
  'missing-rates': 'about rates of exchange',
  'segment-overlap': 'about segments',
  'segment-preview': 'about a segment that is not defined',
  holds: 'a register of legal holds, not a selection of customers',
  privacy: 'a register of erasures and requests',
  'subject-requests': 'a register of requests',
  suppressions: 'a list of identifiers, also of people who are no customers',
};

describe('queries about segments', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(40);
    const define = (definition: { readonly id: string }) =>
      engine.log.append(streamOfFact('segment-defined'), 'any', [
        {
          ...{ source: 'perennial/segments', id: `${definition.id}@1`, type: 'segment-defined', schemaVersion: 1 },
          ...{ occurredAt: engine.now, contentHash: Buffer.alloc(16, definition.id), meta: '{"by":"key:m"}' },
          data: JSON.stringify({ segmentId: definition.id, version: 1, definition }),
        },
      ]);
    await define(VISITORS);
    await define(BUYERS);
    await define(REPEAT);
    await engine.tell(
      order(ANN, day(1), 'A1', 1_000),
      order(ANN, day(20), 'A2', 1_500),
      order(BEN, day(2), 'B1', 9_000),
      { who: BEN, at: day(38), type: 'site-visited', id: 'visit' },
      {
        ...{ who: BEN, at: day(5), type: 'consent-given', source: 'crm' },
        data: { purpose: 'marketing', medium: 'email', wording: 'footer-2024' },
      },
      { who: BEN, at: day(6), type: 'order-cancelled', data: { orderId: 'B9' } },
      order(CLEO, day(3), 'C1', 500),
      order(CLEO, day(4), 'C2', 700),
      { who: CLEO, at: day(39), type: 'site-visited' },
    );
  }, 60_000);
  afterAll(() => engine.close());

  const names = async (name: string, params: Record<string, string>, page = 1) =>
    (await engine.all(name, params, page)).map(({ identifier }) => identifier);

  it('list the segments with their members, page by page', async () => {
    const rows = await engine.all('segments', {}, 1);
    expect(rows).toMatchObject([
      { segmentId: 'buyers', name: 'Buyers', description: 'They bought twice.', version: 1, members: 1, pending: 0 },
      { segmentId: 'repeat', members: 2 },
      { segmentId: 'visitors', members: 2, entered: 2, left: 0, definedBy: 'key:m', definition: VISITORS },
    ]);
  });

  it('list the members of one, since when and why', async () => {
    expect([...(await names('segment-members', { segment: 'visitors' }))].sort()).toEqual(['ben', 'cleo']);
    const [ben] = (await engine.all('segment-members', { segment: 'visitors' })).filter(
      (row) => row['identifier'] === 'ben',
    );
    expect(ben).toMatchObject({
      enteredAt: iso(day(38)).replace('.000', ''),
      cause: { kind: 'event', events: expect.arrayContaining([{ source: 'shop', id: 'visit' }]) },
      phase: 'onboarding',
    });
    expect(await engine.all('segment-changes', { segment: 'visitors' }, 1)).toHaveLength(2);
  });

  it('limit customers and figures to the members', async () => {
    expect(await names('customers', { segment: 'visitors', sort: 'revenue' })).toEqual(['ben', 'cleo']);
    expect(await names('rfm', { segment: 'buyers' })).toEqual(['ann']);
    expect(new Set(await names('stage-periods', { segment: 'buyers' }))).toEqual(new Set(['ann']));
    expect(await engine.all('revenue', { segment: 'visitors', period: 'year' })).toMatchObject([{ netMinor: 10_200 }]);
  });

  it('limit every other query about many customers to the members', async () => {
    const counts = await engine.all('stage-counts', { segment: 'buyers', from: iso(day(3)).slice(0, 10) });
    const standing = counts.filter(({ customers }) => customers !== 0);
    expect(new Set(standing.map(({ customers }) => customers))).toEqual(new Set([1]));
    const all = await engine.all('stage-counts', { from: iso(day(3)).slice(0, 10) });
    expect(Math.max(...all.map(({ customers }) => Number(customers)))).toBeGreaterThan(1);
    const held = await engine.all('held-actions', {}, 1);
    const ofBuyers = held.filter(({ identifier }) => identifier === 'ann');
    expect(ofBuyers.length).toBeGreaterThan(0);
    expect(await engine.all('held-actions', { segment: 'buyers' }, 1)).toEqual(ofBuyers);
    const heldCounts = await engine.all('held-action-counts', { segment: 'buyers' });
    expect(heldCounts.reduce((sum, { actions }) => sum + Number(actions), 0)).toBe(ofBuyers.length);
    expect(await engine.all('consents', { segment: 'visitors' })).toMatchObject([{ identifier: 'ben' }]);
    expect(await engine.all('consents', { segment: 'buyers', 'as-of': iso(day(39)) })).toEqual([]);
    expect(await engine.all('discrepancies', { segment: 'visitors' })).toMatchObject([{ identifier: 'ben' }]);
    expect(await engine.all('discrepancies', { segment: 'buyers' })).toEqual([]);
    expect(await engine.all('parked', { segment: 'buyers' })).toEqual([]);
    const rules = JSON.stringify([{ what: 'person', after: 'P1D', since: 'last-purchase' }]);
    expect(await engine.all('retention-preview', { rules, segment: 'buyers' }, 1)).toHaveLength(1);
    expect(await engine.all('retention-preview', { rules }, 1)).toHaveLength(3);
    expect(await engine.all('retention-counts', { rules, segment: 'visitors' })).toMatchObject([{ customers: 2 }]);
    await expect(engine.runQuery('discrepancies', { segment: 'buyers', identifier: 'userId:ann' })).rejects.toThrow(
      /one is named/,
    );
  });

  it('are a filter of every query with rows or counts of customers', () => {
    const population = QUERIES.filter(
      (query) =>
        query.columns.some(({ name }) => ['customerId', 'customers'].includes(name)) &&
        !['segment', 'identifier'].some((name) => Object.hasOwn(paramSchemas(query), name)),
    );
    expect(
      Object.fromEntries(population.map(({ name }) => [name, WITHOUT_SEGMENT[name] ?? 'WITHOUT A REASON'])),
    ).toEqual(WITHOUT_SEGMENT);
  });

  it('show what they have in common', async () => {
    const rows = await engine.all('segment-overlap', { segments: 'visitors,buyers,repeat' });
    expect(rows).toEqual([
      { segments: ['visitors'], customers: 2, only: 1, share: 1 },
      { segments: ['buyers'], customers: 1, only: 0, share: 1 },
      { segments: ['repeat'], customers: 2, only: 0, share: 1 },
      { segments: ['visitors', 'buyers'], customers: 0, only: 0, share: 0 },
      { segments: ['visitors', 'repeat'], customers: 1, only: 1, share: 1 / 3 },
      { segments: ['buyers', 'repeat'], customers: 1, only: 1, share: 1 / 2 },
      { segments: ['visitors', 'buyers', 'repeat'], customers: 0, only: 0, share: 0 },
    ]);
    const inAny = new Set(
      (await Promise.all(['visitors', 'repeat'].map((segment) => names('segment-members', { segment })))).flat(),
    );
    expect(rows.reduce((sum, { only }) => sum + Number(only), 0)).toBe(inAny.size);
    for (const segments of ['visitors', 'visitors,visitors', 'a,b,c,d,e,f,g', ','])
      await expect(engine.runQuery('segment-overlap', { segments })).rejects.toThrow(/2 to 6 different segments/);
    await expect(engine.runQuery('segment-overlap', { segments: 'visitors,buyer' })).rejects.toThrow(/mean buyers/);
    await expect(engine.runQuery('segment-overlap', { segments: 'visitors,buyer' })).rejects.toMatchObject({
      issues: [{ pointer: '#/segments', detail: 'names a segment that is not defined (buyer)' }],
    });
  });

  it('reject a segment that is not defined, and name the likely one', async () => {
    for (const name of ['customers', 'revenue', 'segment-members', 'stage-counts', 'consents', 'parked'])
      await expect(engine.runQuery(name, { segment: 'buyer' })).rejects.toThrow(/did you mean buyers\?/);
    await expect(engine.runQuery('customers', { segment: 'buyers', 'as-of': iso(day(3)) })).rejects.toThrow(
      /known of now only/,
    );
  });

  it('say why a customer is in a segment, and why another is not', async () => {
    const why = async (identifier: string, more = {}) =>
      (await engine.runQuery('segment-why', { segment: 'buyers', identifier, ...more })).rows[0];
    expect(await why('userId:ann')).toMatchObject({ member: true, segmentId: 'buyers', version: 1 });
    const changesAt = iso(day(49)).replace('.000', '');
    const { rows } = await engine.runQuery('segment-why', { segment: 'buyers', identifier: 'userId:cleo' });
    expect(rows.map(({ condition, actual }) => [condition, actual])).toEqual([
      ['✗ all of', null],
      ['  ✓ orders at least 2', 2],
      ['  ✗ not', null],
      ['    ✓ member of visitors', null],
      ['      ✓ site-visited at least once within 10 days', 1],
    ]);
    expect(rows).toMatchObject([
      { member: false, holds: false, depth: 0, changesAt },
      { member: false, holds: true, depth: 1, changesAt: null },
      { member: false, holds: false, depth: 1, changesAt },
      { member: false, holds: true, depth: 2, changesAt },
      { member: false, holds: true, depth: 3, changesAt },
    ]);
    expect(await why('userId:cleo', { 'as-of': iso(day(30)) })).toMatchObject({ member: true });
  });

  it('preview a segment that is not defined: exactly where there is time, with who would change', async () => {
    const preview = async (definition: unknown) =>
      (await engine.runQuery('segment-preview', { definition: JSON.stringify(definition) })).rows[0];
    expect(await preview({ id: 'big', name: 'Big', when: { field: 'orders', op: 'equals', value: 2 } })).toMatchObject({
      ...{ members: 2, looked: 3, customers: 3, exact: true, estimate: 2, entering: 2, leaving: 0 },
    });
    const longer = { ...VISITORS, when: { did: 'order-placed', from: '2024-01-04' } };
    expect(await preview(longer)).toMatchObject({ members: 2, entering: 1, leaving: 1 });
    await expect(preview({ id: 'x', name: 'X', when: { all: [] } })).rejects.toMatchObject({
      issues: [{ pointer: '#/definition/when/all' }],
    });
    await expect(engine.runQuery('segment-preview', { definition: '{' })).rejects.toThrow(/is not JSON/);
  });
});
