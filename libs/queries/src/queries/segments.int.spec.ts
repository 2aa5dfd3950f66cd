import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamOfFact } from '#contracts';
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
    await engine.tell(
      order(ANN, day(1), 'A1', 1_000),
      order(ANN, day(20), 'A2', 1_500),
      order(BEN, day(2), 'B1', 9_000),
      { who: BEN, at: day(38), type: 'site-visited', id: 'visit' },
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

  it('reject a segment that is not defined, and name the likely one', async () => {
    for (const name of ['customers', 'revenue', 'segment-members'])
      await expect(engine.runQuery(name, { segment: 'buyer' })).rejects.toThrow(/did you mean buyers\?/);
    await expect(engine.runQuery('customers', { segment: 'buyers', 'as-of': iso(day(3)) })).rejects.toThrow(
      /known of now only/,
    );
  });

  it('say why a customer is in a segment, and why another is not', async () => {
    const why = async (identifier: string, more = {}) =>
      (await engine.runQuery('segment-why', { segment: 'buyers', identifier, ...more })).rows[0];
    expect(await why('userId:ann')).toMatchObject({ member: true, segmentId: 'buyers', version: 1 });
    expect((await why('userId:cleo'))?.['text']).toBe(
      [
        '✗ all of',
        '  ✓ orders at least 2 (2)',
        '  ✗ not',
        '    ✓ member of visitors',
        '      ✓ site-visited at least once within 10 days (1)',
      ].join('\n'),
    );
    expect(await why('userId:cleo')).toMatchObject({ member: false, changesAt: iso(day(49)).replace('.000', '') });
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
