import { describe, expect, it } from '@jest/globals';
import { folded } from '../../testdata/folded.js';
import { day, order, touchpoint } from '../../testdata/touchpoints.js';
import type { FoldedView } from '../read-model.js';
import { MONEY_DISCREPANCIES } from './projection.js';

const ANNA = { userId: 'anna' };
const rowsOf = (view: FoldedView) => {
  if (MONEY_DISCREPANCIES.shape !== 'by-event') throw new Error('Rows belong to events.');
  return MONEY_DISCREPANCIES.rows(view);
};
const returned = (at: number, amountMinor: number, orderId = 'A') =>
  touchpoint({ who: ANNA, at, type: 'order-returned', id: `return-${at}`, data: { orderId, amountMinor } });

describe('the rows of discrepancies', () => {
  it('given a refund beyond the order, list the excess with the order and the event', () => {
    const rows = rowsOf(folded([order(ANNA, day(3), 'A', 2_500), returned(day(5), 3_000)], day(10)));
    expect(rows).toEqual([
      {
        ...{ customer_id: 's1', kind: 'excess-refund', order_source: 'shop', order_id: 'A', order_at: day(3) },
        ...{ contract_id: null, amount_minor: 500, currency: 'EUR', at: day(5), settled_at: null },
        ...{ source: 'shop', event_id: `return-${day(5)}`, brand: null },
      },
    ]);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(Object.keys(MONEY_DISCREPANCIES.table.columns).sort());
  });

  it('given a reversal before its order, say since when it adds up', () => {
    const early = [returned(day(2), 300), order(ANNA, day(3), 'A', 2_500)];
    expect(rowsOf(folded(early, day(10)))).toMatchObject([{ kind: 'unmatched-reversal', settled_at: day(3) }]);
    expect(rowsOf(folded(early, day(2)))).toMatchObject([{ kind: 'unmatched-reversal', settled_at: null }]);
  });

  it('are the same for the same events in any order, and twice', () => {
    const events = [order(ANNA, day(3), 'A', 100), returned(day(5), 200), returned(day(6), 10, 'B')];
    const rows = rowsOf(folded(events, day(10)));
    expect(rows).toHaveLength(2);
    expect(rowsOf(folded([...events].reverse(), day(10)))).toEqual(rows);
  });

  it('given orders that add up, are none', () => {
    expect(rowsOf(folded([order(ANNA, day(3), 'A', 100), returned(day(5), 100)], day(10)))).toEqual([]);
  });
});
