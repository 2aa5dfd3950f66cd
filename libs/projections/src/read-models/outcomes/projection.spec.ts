import { describe, expect, it } from '@jest/globals';
import type { Receipt } from '#event-log';
import { day } from '../../testdata/touchpoints.js';
import { hourRows, outcomeRows } from './projection.js';
import { INGEST_OUTCOMES, SOURCE_HOURS } from './table.js';

const receipt = (over: Partial<Receipt> = {}): Receipt => ({
  ...{ source: 'shop', receivedAt: day(0), received: 1, accepted: 1, quarantined: 0, suppressed: {}, duplicates: [] },
  ...over,
});

describe('the counts of ingestion outcomes', () => {
  it('given receipts of one source and day, add up to what was received', () => {
    const rows = outcomeRows([
      receipt({ received: 5, accepted: 2, quarantined: 1, duplicates: [['e1', 3]], suppressed: { erased: 1 } }),
      receipt({ received: 3, accepted: 0, suppressed: { erased: 2, blocked: 1 } }),
    ]);
    expect(rows).toEqual([
      {
        ...{ source: 'shop', day: '2024-01-01', received: 8, accepted: 2, duplicate: 1, quarantined: 1, suppressed: 4 },
        reasons: { erased: 3, blocked: 1 },
      },
    ]);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(Object.keys(INGEST_OUTCOMES.columns).sort());
  });

  it('are apart by source, and by the UTC day of receipt', () => {
    const rows = outcomeRows([
      receipt({ receivedAt: day(1) - 1 }),
      receipt({ receivedAt: day(1) }),
      receipt({ source: 'app' }),
    ]);
    expect(rows.map((row) => `${row.source} ${row.day}`)).toEqual([
      'shop 2024-01-01',
      'shop 2024-01-02',
      'app 2024-01-01',
    ]);
  });

  it('given a recount, move the duplicates, also before the receipt is known', () => {
    const recount = { source: 'shop', day: '2024-01-01', accepted: 2, quarantined: 1 };
    expect(outcomeRows([], [recount])).toMatchObject([{ received: 0, accepted: -2, quarantined: -1, duplicate: 3 }]);
    expect(outcomeRows([receipt({ received: 4, accepted: 3, quarantined: 1 })], [recount])).toMatchObject([
      { received: 4, accepted: 1, quarantined: 0, duplicate: 3, suppressed: 0 },
    ]);
  });

  it('given nothing, are nothing', () => {
    expect(outcomeRows([])).toEqual([]);
  });

  it('are the same for any order of receipts; the indexer counts each receipt once', () => {
    const receipts = [receipt({ received: 2, accepted: 2 }), receipt({ suppressed: { erased: 1 }, accepted: 0 })];
    expect(outcomeRows([...receipts].reverse())).toEqual(outcomeRows(receipts));
  });
});

describe('the counts of a source by the hour', () => {
  it('given receipts, add up to what was received, with the latest receipt', () => {
    const rows = hourRows([
      receipt({
        receivedAt: day(0) + 5,
        received: 5,
        accepted: 2,
        quarantined: 1,
        duplicates: [['e1', 3]],
        suppressed: { erased: 1 },
      }),
      receipt({ receivedAt: day(0) + 3 }),
      receipt({ receivedAt: day(0) + 3_600_000 }),
      receipt({ receivedAt: day(0) - 1, source: 'app' }),
    ]);
    expect(rows).toEqual([
      {
        source: 'shop',
        hour: day(0),
        received: 6,
        accepted: 3,
        duplicate: 1,
        quarantined: 1,
        suppressed: 1,
        last_at: day(0) + 5,
      },
      {
        source: 'shop',
        hour: day(0) + 3_600_000,
        received: 1,
        accepted: 1,
        duplicate: 0,
        quarantined: 0,
        suppressed: 0,
        last_at: day(0) + 3_600_000,
      },
      {
        source: 'app',
        hour: day(0) - 3_600_000,
        received: 1,
        accepted: 1,
        duplicate: 0,
        quarantined: 0,
        suppressed: 0,
        last_at: day(0) - 1,
      },
    ]);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(Object.keys(SOURCE_HOURS.columns).sort());
  });
});
