import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamOfFact } from '#contracts';
import { EXAMPLE_POLICY } from '#lifecycle';
import { runQuery } from '../running/run-query.js';
import { day, iso, order, specEngine, type SpecEngine } from '../testdata/engine.js';

const KIM = { userId: 'kim' };

describe('the figures of a customer', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    await fact('policy-published', {
      version: 'tea-shop@1',
      policy: { ...EXAMPLE_POLICY, timeZone: 'UTC' },
      ...{ effectiveFrom: null, restates: false, reason: null },
    });
  }, 120_000);
  afterAll(() => engine.close());

  let next = 0;
  async function fact(type: 'policy-published' | 'rate-published', data: object): Promise<void> {
    const text = JSON.stringify(data);
    const contentHash = createHash('md5').update(text).digest();
    const event = { source: 'erp', id: `f${(next += 1)}`, type, schemaVersion: type === 'rate-published' ? 1 : 2 };
    await engine.log.append(streamOfFact(type), 'any', [
      { ...event, occurredAt: engine.now, contentHash, meta: '{}', data: text },
    ]);
  }
  const figure = async (name: string, params: Readonly<Record<string, string>> = {}) =>
    (await engine.all('figures', { identifier: 'userId:kim', figure: name, ...params }))[0];

  it('follow from the events up to as-of, recorded by known-at', async () => {
    await engine.tell(
      order(KIM, day(1), 'A', 2_000),
      { who: KIM, at: day(40), type: 'survey-answered', data: { kind: 'nps', score: 9 } },
      order(KIM, day(60), 'B', 1_000),
    );
    const known = engine.now;
    expect(await figure('revenue')).toMatchObject({
      number: 3_000,
      currency: 'EUR',
      value: '30.00 EUR',
      unknown: null,
    });
    expect(await figure('revenue', { 'as-of': iso(day(50)) })).toMatchObject({ number: 2_000 });
    expect(await figure('satisfaction', { 'as-of': iso(day(50)) })).toMatchObject({ number: 0.9, value: '90 %' });
    expect(await figure('satisfaction', { 'as-of': iso(day(30)) })).toMatchObject({ number: null, value: null });
    expect(await figure('satisfaction-grade', { 'as-of': iso(day(50)) })).toMatchObject({ word: 'very-satisfied' });

    engine.now += 1_000;
    await engine.tell({ who: KIM, at: day(41), type: 'survey-answered', data: { kind: 'nps', score: 0 } });
    const then = { 'as-of': iso(day(41)) };
    expect((await figure('satisfaction', then))?.['number']).toBeLessThan(0.5);
    expect(await figure('satisfaction', { ...then, 'known-at': iso(known) })).toMatchObject({ number: 0.9 });
  });

  it('are not known where a rate is missing, and known once it is published', async () => {
    const usd = order(KIM, day(70), 'C', 1_000);
    await engine.tell({ ...usd, data: { ...usd.data, currency: 'USD' } });
    expect(await figure('revenue')).toMatchObject({
      number: null,
      unknown: expect.stringContaining('USD in EUR on 2024-03-11'),
    });
    expect(await engine.all('missing-rates')).toEqual([
      { day: '2024-03-11', currency: 'USD', in: 'EUR', bookings: 1, customers: 1, amountMinor: 1_000 },
    ]);
    const before = engine.now;
    engine.now += 1_000;
    await fact('rate-published', { day: '2024-03-11', currency: 'USD', in: 'EUR', rate: '0.9' });
    await engine.catchUp();
    expect(await figure('revenue')).toMatchObject({ number: 3_900, unknown: null });
    expect(await figure('revenue', { 'known-at': iso(before) })).toMatchObject({ number: null });
    expect(await engine.all('missing-rates')).toEqual([]);
    const [yen, pounds] = [order({ userId: 'lee' }, day(70), 'D', 500), order(KIM, day(71), 'E', 700)];
    await engine.tell(
      { ...yen, data: { ...yen.data, currency: 'JPY' } },
      { ...pounds, data: { ...pounds.data, currency: 'GBP' } },
    );
    expect((await engine.all('missing-rates', {}, 1)).map((row) => [row['day'], row['currency']])).toEqual([
      ['2024-03-11', 'JPY'],
      ['2024-03-12', 'GBP'],
    ]);
    await fact('rate-published', { day: '2024-03-12', currency: 'GBP', in: 'EUR', rate: '1' });
    await engine.catchUp();
  });

  it('explain themselves', async () => {
    const [row] = await engine.all('explain-figure', { identifier: 'userId:kim', figure: 'revenue' });
    expect(row).toMatchObject({
      customerId: engine.subjectId('userId', 'kim'),
      number: 4_600,
      steps: [
        '+ 20.00 EUR: order A, 2024-01-02',
        '+ 10.00 EUR: order B, 2024-03-01',
        '+ 10.00 USD: order C, 2024-03-11 × 0.9 = 9.00 EUR',
        '+ 7.00 GBP: order E, 2024-03-12 × 1 = 7.00 EUR',
        'sum = 46.00 EUR',
      ],
      events: [{ id: 'order-A' }, { id: 'order-B' }, { id: 'order-C' }, { id: 'order-E' }],
      policyVersion: 'tea-shop@1',
    });
    expect(String(row?.['text'])).toContain('revenue is 46.00 EUR.');
  });

  it('have one value each, by the name of the registry, and a name that is not one of them is rejected', async () => {
    const rows = await engine.all('figures', { identifier: 'userId:kim' });
    expect(new Set(rows.map(({ figure: name }) => name)).size).toBe(rows.length);
    await expect(figure('revenu')).rejects.toThrow();
  });

  it('are not of an erased person for a caller without the right to audit', async () => {
    const context = { ...engine.context, mayAudit: false };
    await engine.keys.destroy([engine.subjectId('userId', 'kim')]);
    await expect(runQuery(context, 'figures', { identifier: 'userId:kim' })).rejects.toThrow('no known customer');
  });
});
