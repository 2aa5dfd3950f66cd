import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { streamOfFact } from '#contracts';
import { day, iso, order, specEngine, type SpecEngine, type TestTouchpoint } from '../testdata/engine.js';

const ANN = { userId: 'ann' };
const BEN = { userId: 'ben' };
const CLEO = { userId: 'cleo' };
const survey = (who: TestTouchpoint['who'], at: number, score: number): TestTouchpoint => ({
  ...{ who, at, type: 'survey-answered', data: { kind: 'nps', score } },
});

describe('customers by their figures', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(40);
    const definition = {
      ...{ id: 'satisfied', name: 'Satisfied' },
      when: { field: 'figure.satisfaction', op: 'at-least', value: 0.8 },
    };
    await engine.log.append(streamOfFact('segment-defined'), 'any', [
      {
        ...{ source: 'perennial/segments', id: 'satisfied@1', type: 'segment-defined', schemaVersion: 1 },
        ...{ occurredAt: engine.now, contentHash: Buffer.alloc(16, 's'), meta: '{"by":"key:m"}' },
        data: JSON.stringify({ segmentId: 'satisfied', version: 1, definition }),
      },
    ]);
    await engine.tell(
      order(ANN, day(1), 'A1'),
      survey(ANN, day(20), 9),
      order(BEN, day(2), 'B1'),
      survey(BEN, day(21), 3),
      { who: BEN, at: day(22), type: 'complaint-made', data: { caseId: 'k' } },
      order(CLEO, day(3), 'C1'),
    );
  }, 120_000);
  afterAll(() => engine.close());

  const names = async (params: Record<string, string>) =>
    (await engine.all('customers', params, 1)).map(({ identifier }) => identifier);

  it('are listed with them, filtered and sorted, page by page', async () => {
    expect(await engine.all('customers', { sort: 'satisfaction' })).toMatchObject([
      { identifier: 'ben', satisfaction: 0.2, grade: 'disappointed', openCases: 1, referrals: 0, rung: 'customer' },
      { identifier: 'ann', satisfaction: 0.9, grade: 'very-satisfied', openCases: 0 },
      { identifier: 'cleo', satisfaction: null, grade: null },
    ]);
    expect(await names({ sort: 'satisfaction', order: 'desc' })).toEqual(['ann', 'ben', 'cleo']);
    expect(await names({ satisfaction: 'disappointed' })).toEqual(['ben']);
    expect(await names({ 'open-cases-min': '1', rung: 'customer' })).toEqual(['ben']);
    expect(await names({ sort: 'openCases' })).toHaveLength(3);
    expect(await names({ sort: 'referrals' })).toHaveLength(3);
  });

  it('are not known of the past in the list, which says so', async () => {
    for (const params of [{ satisfaction: 'satisfied' }, { rung: 'client' }, { sort: 'satisfaction' }])
      await expect(engine.runQuery('customers', { ...params, 'as-of': iso(day(30)) })).rejects.toThrow(
        /known of now only/,
      );
    expect(await engine.all('customers', { 'as-of': iso(day(30)) })).toMatchObject([
      { satisfaction: null },
      { satisfaction: null },
      { satisfaction: null },
    ]);
  });

  it('say what the query of one customer says, also when an answer comes late and when two customers become one', async () => {
    const figure = async (name: string) => {
      const [row] = await engine.all('figures', { identifier: 'userId:ann', figure: name });
      return row?.['number'] ?? row?.['word'];
    };
    const listed = async () => (await engine.all('customers', {})).find((row) => row['identifier'] === 'ann');
    await engine.tell(survey(ANN, day(5), 2));
    expect(Math.round(1_000 * Number(await figure('satisfaction')))).toBe(
      Math.round(1_000 * Number((await listed())?.['satisfaction'])),
    );
    await engine.tell(
      { who: { userId: 'ann', email: 'ann@shop.example' }, at: day(30), type: 'profile-updated' },
      {
        ...survey({ email: 'ann@shop.example' }, day(10), 10),
      },
    );
    expect((await listed())?.['grade']).toBe(await figure('satisfaction-grade'));
    expect((await listed())?.['satisfaction']).toBeCloseTo(Number(await figure('satisfaction')), 3);
    expect(await engine.projector.verify()).toMatchObject({ equal: true, differences: [] });
  });

  it('belong to a segment of the satisfied until the instant at which satisfaction is no longer known', async () => {
    await engine.tell(survey(CLEO, day(20), 9));
    const members = async () =>
      (await engine.all('segment-members', { segment: 'satisfied' })).map((row) => row['identifier']);
    expect(await members()).toEqual(['cleo']);
    engine.now = day(500);
    await engine.catchUp();
    expect(await members()).toEqual([]);
    const [left] = (await engine.all('segment-changes', { segment: 'satisfied' })).filter(
      (row) => row['kind'] === 'left' && row['customerId'] === engine.subjectId('userId', 'cleo'),
    );
    // The answer of day 20 is known for 360 days, and no longer on the next.
    expect(left).toMatchObject({ at: iso(day(20 + 361)).replace('.000', ''), cause: { kind: 'time' } });
    expect(await engine.projector.verify()).toMatchObject({ equal: true, differences: [] });
  });
});
