import { describe, expect, it } from '@jest/globals';
import { folded } from '../../testdata/folded.js';
import { day, order, touchpoint } from '../../testdata/touchpoints.js';
import type { FoldedView } from '../read-model.js';
import { BOOKED_MONEY } from './projection.js';

const ANNA = { userId: 'anna' };
const rowsOf = (view: FoldedView) => {
  if (BOOKED_MONEY.shape !== 'by-event') throw new Error('Rows belong to events.');
  return BOOKED_MONEY.rows(view);
};
const returned = (at: number, data: object) =>
  touchpoint({
    who: ANNA,
    at,
    type: 'order-returned',
    id: `return-${at}`,
    data: { orderId: 'A', currency: 'EUR', ...data },
  });

describe('the rows of bookings', () => {
  it('given an order, book its amount on its own date, and name the event', () => {
    const rows = rowsOf(folded([order(ANNA, day(3), 'A', 2_500)], day(4)));
    expect(rows).toEqual([
      {
        ...{ customer_id: 's1', order_id: 'A', at: day(3), kind: 'order', amount_minor: 2_500, currency: 'EUR' },
        ...{ cost_minor: null, reverses: false, source: 'shop', event_id: 'order-A' },
        ...{ order_source: 'shop', order_at: day(3), contract_id: null, voided_at: null },
        brand: null,
      },
    ]);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(Object.keys(BOOKED_MONEY.table.columns).sort());
  });

  it('given a stated cost, keep it', () => {
    const data = {
      orderId: 'B',
      currency: 'EUR',
      lines: [{ sku: 'x', quantity: 2, unitPriceMinor: 700, costMinor: 600 }],
    };
    const costly = touchpoint({ who: ANNA, at: day(3), type: 'order-placed', data });
    expect(rowsOf(folded([costly], day(4)))).toMatchObject([{ amount_minor: 1_400, cost_minor: 600 }]);
  });

  it('given a return of some and then of the rest, book both as negative, and only the last reverses', () => {
    const two = touchpoint({
      ...{ who: ANNA, at: day(3), type: 'order-placed', id: 'order-A' },
      data: { orderId: 'A', currency: 'EUR', lines: [{ sku: 'x', quantity: 2, unitPriceMinor: 700 }] },
    });
    const one = { lines: [{ sku: 'x', quantity: 1 }] };
    expect(rowsOf(folded([two, returned(day(5), one), returned(day(9), {})], day(10)))).toMatchObject([
      { kind: 'order', at: day(3), amount_minor: 1_400, reverses: false, event_id: 'order-A' },
      { kind: 'return', at: day(5), amount_minor: -700, reverses: false },
      { kind: 'return', at: day(9), amount_minor: -700, reverses: true },
    ]);
  });

  it('given a payment for a contract, book it without an order', () => {
    const data = { contractId: 'c', amountMinor: 900, currency: 'EUR' };
    const paid = touchpoint({ who: ANNA, at: day(3), type: 'payment-succeeded', id: 'paid', data });
    expect(rowsOf(folded([paid], day(4)))).toMatchObject([
      { kind: 'payment', order_id: null, order_source: null, contract_id: 'c', amount_minor: 900, event_id: 'paid' },
    ]);
  });

  it('given a reversal before its order, book it with the order, and until then by itself', () => {
    const rows = rowsOf(folded([returned(day(2), { amountMinor: 300 }), order(ANNA, day(3), 'A', 2_500)], day(10)));
    expect(rows).toMatchObject([
      { kind: 'return', at: day(2), amount_minor: -300, order_at: null, voided_at: day(3) },
      { kind: 'order', at: day(3), voided_at: null },
      { kind: 'return', at: day(3), amount_minor: -300, order_at: day(3), voided_at: null },
    ]);
  });

  it('given no purchase, or the cancellation of an unknown order, book nothing', () => {
    const visited = touchpoint({ who: ANNA, at: day(0), type: 'site-visited' });
    const cancelled = touchpoint({
      who: ANNA,
      at: day(1),
      type: 'order-cancelled',
      data: { orderId: 'Z', currency: 'EUR' },
    });
    expect(rowsOf(folded([visited, cancelled], day(2)))).toEqual([]);
  });

  it('are the same for the same events in any order, and twice', () => {
    const events = [order(ANNA, day(3), 'A'), order(ANNA, day(4), 'B'), returned(day(5), {})];
    const rows = rowsOf(folded(events, day(10)));
    expect(rows).toHaveLength(3);
    expect(rowsOf(folded([...events].reverse(), day(10)))).toEqual(rows);
  });
});
