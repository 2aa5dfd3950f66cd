import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { orderPlaced } from '#testing';
import { ingestingEngine, type IngestingEngine } from '#testing/stores';
import type { Answer } from '../running/answer.js';
import { runQuery } from '../running/run-query.js';

const NOW = Date.UTC(2026, 2, 1, 12);

describe('violations of contracts', () => {
  let engine: IngestingEngine;
  let now = NOW;
  beforeAll(async () => {
    engine = await ingestingEngine(() => now);
    const ann = [{ namespace: 'userId', value: 'ann' }];
    const lines = (...quantities: unknown[]) =>
      quantities.map((quantity, at) => ({ sku: `s${at}`, quantity, unitPriceMinor: 100 }));
    const order = (id: string, data: object, more: object = {}) => ({
      ...(orderPlaced({ id, identifiers: ann }) as object),
      ...more,
      data: { orderId: id, currency: 'EUR', ...data },
    });
    await engine.take(
      order('good', { lines: lines(1) }),
      order('bad-1', { lines: lines('two') }),
      order('bad-2', { lines: lines(1, 'three') }),
      order('bad-3', { lines: lines(1) }, { type: 'order-plced' }),
    );
    now = NOW + DAY;
    await engine.take(order('bad-4', { lines: lines('four') }), { note: 'nothing' });
  }, 60_000);
  afterAll(() => engine.close());

  /** All rows, page by page of the size given. */
  const rows = async (params: Readonly<Record<string, string>> = {}, pageSize = 100) => {
    const all: Record<string, unknown>[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const paging = { limit: String(pageSize), ...(cursor === '' ? {} : { cursor }) };
      const page: Answer = await runQuery(engine.context, 'violations', { ...params, ...paging });
      all.push(...page.rows);
      cursor = page.nextCursor;
    }
    return all;
  };

  it('are counted by day, source, type and field, whatever the item of a list', async () => {
    const quantity = { type: 'order-placed', code: 'data-invalid', field: '#/data/lines/*/quantity' };
    expect(await rows({ type: 'order-placed' })).toMatchObject([
      { ...quantity, day: '2026-03-01', events: 2, open: 2, lastAt: '2026-03-01T12:00:00Z' },
      { ...quantity, day: '2026-03-02', events: 1, open: 1 },
    ]);
    expect(await rows({ type: 'order-plced' })).toMatchObject([{ code: 'type-unknown', field: '#/type', events: 1 }]);
    expect((await rows()).reduce((sum, { events }) => sum + Number(events), 0)).toBe(5);
  });

  it('come by their days, and page by page as they come at once', async () => {
    expect((await rows({ from: '2026-03-02' })).map(({ day }) => day)).not.toContain('2026-03-01');
    expect((await rows({ to: '2026-03-01' })).map(({ day }) => day)).not.toContain('2026-03-02');
    expect(await rows({}, 1)).toEqual(await rows());
  });
});
