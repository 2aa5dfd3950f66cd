import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { factOf, HOUR, streamOfFact, STREAMS } from '#contracts';
import { paramSchemas } from '../running/params.js';
import { runQuery } from '../running/run-query.js';
import { QUERIES } from './index.js';
import { day, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';

const KIM = { userId: 'kim' };

describe('the books of the sources', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
  }, 120_000);
  afterAll(() => engine.close());

  let next = 0;
  const append = async (stream: string, source: string, type: string, data: object) => {
    const text = JSON.stringify(data);
    const [verdict] = await engine.log.append(stream, 'any', [
      {
        ...{ source, id: `f${(next += 1)}`, type, schemaVersion: factOf(type)?.version ?? 1, occurredAt: engine.now },
        ...{ meta: '{}', data: text, contentHash: createHash('md5').update(`${next}${text}`).digest() },
      },
    ]);
    expect(verdict?.status).toBe('accepted');
  };
  const close = async (source: string, data: object) => {
    await append(streamOfFact('source-closed'), source, 'source-closed', data);
    await engine.catchUp();
  };
  const order = (
    source: string,
    at: number,
    totalMinor: number,
    more: Partial<TestTouchpoint> = {},
  ): TestTouchpoint => ({
    ...{ who: KIM, at, type: 'order-placed', source, id: `o${(next += 1)}` },
    data: { orderId: `o${next}`, currency: 'EUR', totalMinor },
    ...more,
  });
  const books = (source: string, params: Readonly<Record<string, string>> = {}) =>
    engine.all('completeness', { source, ...params });

  it('are open on a day with touchpoints that the source has not closed, and closed once its count is the same', async () => {
    await engine.tell(
      order('till', day(10) + HOUR, 1_000),
      order('till', day(10) + 2 * HOUR, 500),
      order('till', day(10), 9, { test: true }),
    );
    expect(await books('till')).toMatchObject([{ day: '2024-01-11', state: 'open', sent: null, recorded: 2 }]);
    await close('till', {
      from: '2024-01-11',
      until: '2024-01-12',
      counts: { 'order-placed': 2 },
      sumsMinor: { EUR: 1_500 },
    });
    expect(await books('till')).toMatchObject([
      { day: '2024-01-11', until: '2024-01-12', state: 'closed', sent: 2, recorded: 2, byType: null, sums: null },
    ]);
    expect(await books('till', { problems: 'true' })).toEqual([]);
  });

  it('differ where the channel sent what does not stand in the figures, in events and in money; the newest closing counts', async () => {
    await engine.tell(order('erp', day(10), 1_000));
    await close('erp', {
      from: '2024-01-11',
      until: '2024-01-12',
      counts: { 'order-placed': 1 },
      sumsMinor: { EUR: 1_000 },
    });
    await close('erp', {
      ...{ from: '2024-01-11', until: '2024-01-12', counts: { 'order-placed': 2, 'order-returned': 1 } },
      sumsMinor: { EUR: 1_700, SEK: 5 },
    });
    expect(await books('erp')).toMatchObject([
      {
        ...{ state: 'differs', sent: 3, recorded: 1 },
        byType: { 'order-placed': { sent: 2, recorded: 1 }, 'order-returned': { sent: 1, recorded: 0 } },
        sums: { EUR: { sent: 1_700, recorded: 1_000 }, SEK: { sent: 5, recorded: 0 } },
      },
    ]);
  });

  it('show the gaps in a sequence, on the day on which it goes on', async () => {
    await engine.tell(
      ...[1, 2, 5].map((sequence) => order('app', day(10) + sequence, 1, { sequence })),
      ...[9, 8].map((sequence) => order('app', day(11) + sequence, 1, { sequence })),
    );
    expect(await books('app')).toMatchObject([
      { day: '2024-01-11', missing: 2, gaps: [[3, 4]] },
      { day: '2024-01-12', missing: 2, gaps: [[6, 7]] },
    ]);
    await engine.tell(order('app', day(20), 1, { sequence: 4, at: day(10) + HOUR }));
    expect(await books('app')).toMatchObject([{ missing: 1, gaps: [[3, 3]] }, { missing: 2 }]);
  });

  it('of a file compare what it held with what is in quarantine of it', async () => {
    await close('shop-file', { file: 'orders.csv', counts: { 'order-placed': 3 } });
    expect(await books('shop-file')).toMatchObject([{ file: 'orders.csv', state: 'closed', sent: 3, recorded: 3 }]);
  });

  it('come in pages, each row once', async () => {
    const whole = await engine.all('completeness', {});
    expect(await engine.all('completeness', {}, 2)).toEqual(whole);
    expect(whole.length).toBeGreaterThan(4);
  });

  it('make figures provisional until the sources that close their books have closed the last day', async () => {
    const provisional = async (asOf: string) =>
      (await engine.runQuery('customers', { 'as-of': asOf })).meta.provisional;
    expect(await provisional('2024-01-12')).toBeUndefined();
    expect(await provisional('2024-01-13')).toEqual({ day: '2024-01-12', sources: ['erp', 'till'] });
    await append(STREAMS.sources, 'perennial/sources', 'source-registered', { name: 'erp', kind: 'api', test: false });
    await append(STREAMS.sources, 'perennial/sources', 'source-retired', { name: 'erp' });
    expect(await provisional('2024-01-13')).toEqual({ day: '2024-01-12', sources: ['till'] });
    const counts = await engine.runQuery('stage-counts', { from: '2024-01-01', to: '2024-01-12' });
    expect(counts.meta.provisional).toEqual({ day: '2024-01-12', sources: ['till'] });
    await close('till', { from: '2024-01-12', until: '2024-01-13', counts: {} });
    expect(await provisional('2024-01-13')).toBeUndefined();
  });

  // Generated: a query that reckons days, or is about an instant of all customers, cannot forget it.
  it('mark every query provisional that shows figures by day or at an instant, and say which show days and are not', async () => {
    const joined = { who: KIM, at: day(1), type: 'account-joined', source: 'crm' };
    await engine.tell(order('open-books', day(1), 1), { ...joined, data: { accountId: 'acme', kind: 'company' } });
    await close('open-books', { from: '2024-01-02', until: '2024-01-03', counts: {} });
    const marked: string[] = [];
    const unmarked: string[] = [];
    for (const query of QUERIES) {
      // What the engine records of itself no source closes.
      if (query.permission !== 'read') continue;
      const schemas = paramSchemas(query);
      const customer = 'identifier' in schemas && query.name !== 'consents' ? { identifier: 'userId:kim' } : {};
      const account = 'account' in schemas ? { source: 'crm', reference: 'acme' } : {};
      const params = { ...customer, ...account };
      const showsDays = query.columns.some(({ type }) => type === 'day');
      if (query.time !== 'as-of' && query.days !== true && !showsDays) continue;
      // Days to come are not closed yet.
      const last = query.days === true && 'to' in schemas ? { to: '2024-02-01' } : {};
      const until = query.time === 'as-of' ? { 'as-of': '2024-02-02' } : last;
      const { meta } = await engine.runQuery(query.name, { ...params, ...until });
      (meta.provisional === undefined ? unmarked : marked).push(query.name);
    }
    expect(marked.sort()).toEqual([
      ...['account-history', 'account-members', 'completeness', 'consents', 'customers', 'orders', 'referral-tree'],
      ...['revenue', 'rfm'],
      ...['segment-changes', 'stage-counts', 'stage-periods'],
    ]);
    // The days of these are those of receipt, which no source closes; of missing rates, a day with a rate is not listed whatever comes.
    expect(unmarked.sort()).toEqual(['missing-rates', 'outcomes', 'violations']);
  });

  it('and the timeline shows the brand of each touchpoint and what brought it, and those of one brand', async () => {
    const who = { userId: 'brand-1' };
    const visit = (at: number, brand?: string) => ({
      ...{ who, at, type: 'site-visited', source: 'site' },
      ...(brand === undefined ? {} : { brand }),
    });
    await engine.tell(visit(day(1)), visit(day(2), 'Alpine'), visit(day(3), 'Coast'));
    const timeline = (params: Readonly<Record<string, string>> = {}) =>
      engine.all('timeline', { identifier: 'userId:brand-1', ...params });
    expect((await timeline()).map(({ brand, by }) => [brand, by])).toEqual([
      ...[
        [null, null],
        ['Alpine', 'local'],
        ['Coast', 'local'],
      ],
    ]);
    expect(await timeline({ brand: 'Coast' })).toMatchObject([{ brand: 'Coast' }]);
    // A caller that is limited to brands sees these alone, and none of what has no brand, page by page.
    const limited = { ...engine.context, brands: ['Coast'] };
    const one = { identifier: 'userId:brand-1', limit: '1' };
    const seen = await runQuery(limited, 'timeline', one);
    expect(seen.rows).toMatchObject([{ brand: 'Coast' }]);
    expect(seen.nextCursor).toBeNull();
    await expect(runQuery(limited, 'timeline', { ...one, brand: 'Alpine' })).rejects.toThrow(
      '`brand` is none of the brands that the caller may see',
    );
    await expect(runQuery({ ...limited, brands: ['None'] }, 'timeline', one)).rejects.toThrow(
      'names no known customer',
    );
  });

  it('and a source that falls silent against its own rhythm is listed, one that is paused is not', async () => {
    const hours = (source: string, count: number, step: number) =>
      append(STREAMS.receipts(source), 'perennial/intake', 'intake-receipt', {
        ...{ source, receivedAt: engine.now - count * step * HOUR, received: 1, accepted: 1, quarantined: 0 },
        ...{ suppressed: {}, duplicates: [] },
      });
    for (let at = 40; at >= 20; at -= 1) await hours('hourly', at, 1);
    for (let at = 10; at >= 1; at -= 1) await hours('daily', at, 20);
    for (let at = 40; at >= 20; at -= 1) await hours('resting', at, 1);
    for (const [type, data] of [
      ['source-registered', { name: 'resting', kind: 'api', test: false }],
      ['source-paused', { name: 'resting' }],
    ] as const)
      await append(STREAMS.sources, 'perennial/sources', type, data);
    await engine.catchUp();
    const rows = await engine.all('silent-sources');
    expect(rows).toMatchObject([{ source: 'hourly', usualGapMinutes: 60 }]);
  });
});
