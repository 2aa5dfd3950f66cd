import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { day, iso, order, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';

const ANN = { userId: 'ann', email: 'ann@shop.example' };
const BEN = { userId: 'ben' };
const CLEO = { userId: 'cleo' };
const DAN = { userId: 'dan' };

describe('the consents of customers', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(40);
    const given = (who: TestTouchpoint['who'], at: number, data: Record<string, unknown>) => ({
      ...{ who, at, type: 'consent-given', data, id: `given-${who['userId']}-${at}` },
    });
    await engine.tell(
      order(DAN, day(1), 'D1'),
      given(ANN, day(6), { purpose: 'marketing', medium: 'email', wording: 'newsletter 2024-01' }),
      given(ANN, day(7), { purpose: 'service' }),
      { who: ANN, at: day(20), type: 'consent-withdrawn', id: 'gone', data: { purpose: 'marketing', medium: 'email' } },
      given(BEN, day(8), { purpose: 'marketing', expiresAt: iso(day(30)) }),
      given(CLEO, day(9), { purpose: 'marketing', medium: 'sms' }),
    );
  }, 60_000);
  afterAll(() => engine.close());

  const lines = async (params: Record<string, string> = {}, page?: number): Promise<string[]> =>
    (await engine.all('consents', params, page))
      .map((row) =>
        [
          ...[
            row['identifier'],
            row['purpose'],
            row['medium'] ?? 'all',
            row['state'],
            String(row['since']).slice(0, 10),
          ],
          ...[row['until'] === null ? '-' : String(row['until']).slice(0, 10), row['eventId'], row['wording'] ?? '-'],
        ].join(' '),
      )
      .sort();

  it('stand as they stand now: withdrawn and expired ones too', async () => {
    const now = [
      'ann marketing email withdrawn 2024-01-21 - gone -',
      'ann service all given 2024-01-08 - given-ann-1704672000000 -',
      'ben marketing all expired 2024-01-09 2024-01-31 given-ben-1704758400000 -',
      'cleo marketing sms given 2024-01-10 - given-cleo-1704844800000 -',
    ];
    expect(await lines()).toEqual(now);
    for (const page of [1, 2, 3]) expect([page, await lines({}, page)]).toEqual([page, now]);
  });

  it('stand as they stood at any instant', async () => {
    const then = [
      'ann marketing email given 2024-01-07 - given-ann-1704585600000 newsletter 2024-01',
      'ann service all given 2024-01-08 - given-ann-1704672000000 -',
      'ben marketing all given 2024-01-09 2024-01-31 given-ben-1704758400000 -',
    ];
    for (const page of [undefined, 1, 2])
      expect([page, await lines({ 'as-of': iso(day(8)) }, page)]).toEqual([page, then]);
    expect(await lines({ 'as-of': iso(day(5)) })).toEqual([]);
  });

  it('are those of one purpose, medium, state or customer', async () => {
    expect(await lines({ 'consent-purpose': 'service' })).toHaveLength(1);
    expect(await lines({ medium: 'all', state: 'given' })).toEqual([
      'ann service all given 2024-01-08 - given-ann-1704672000000 -',
    ]);
    expect(await lines({ state: 'expired' })).toHaveLength(1);
    expect(await lines({ identifier: 'email:ann@shop.example' })).toHaveLength(2);
    expect(await lines({ identifier: 'userId:dan' })).toEqual([]);
    await expect(lines({ identifier: 'userId:eve' })).rejects.toMatchObject({ code: 'unknown-customer' });
  });
});
