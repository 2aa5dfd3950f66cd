import { describe, expect, it } from '@jest/globals';
import { policyTimeline } from '#lifecycle';
import { foldOne, inOrder } from '../../folding/fold-one.js';
import { folded, recorded } from '../../testdata/folded.js';
import { day, touchpoint, type TestTouchpoint } from '../../testdata/touchpoints.js';
import type { FoldedView } from '../read-model.js';
import { BRANDS_OF_CUSTOMERS } from './projection.js';

const ANNA = { userId: 'anna' };
const rowsOf = (view: FoldedView | null) => {
  if (BRANDS_OF_CUSTOMERS.shape !== 'by-event' || view === null) throw new Error('Rows belong to events.');
  return BRANDS_OF_CUSTOMERS.rows(view);
};
const visit = (at: number, brand?: string, more: Partial<TestTouchpoint> = {}) =>
  touchpoint({
    ...{ who: ANNA, at: day(at), type: 'site-visited', id: `v-${at}` },
    ...(brand === undefined ? {} : { brand }),
    ...more,
  });
/** The fold of what came later, on top of what came first. */
const onTop = (first: readonly ReturnType<typeof visit>[], later: readonly ReturnType<typeof visit>[]) => {
  const events = recorded([...first, ...later]);
  const customer = { customerId: 's1', subjectIds: ['s1'] };
  const options = { policies: policyTimeline([]), asOf: day(100), position: events.length, snapshotEvery: 256 };
  const base = foldOne(customer, inOrder(events.slice(0, first.length)), null, options).newest;
  return foldOne(customer, inOrder(events.slice(first.length)), base, options).folded;
};

describe('the rows of customer brands', () => {
  it('name the first touchpoint with each brand, and leave out tests and what has no brand', () => {
    const test = visit(1, 'Coast', { test: true });
    const rows = rowsOf(folded([test, visit(2), visit(3, 'Alpine'), visit(4, 'Coast'), visit(5, 'Alpine')], day(6)));
    expect(rows).toEqual([
      { customer_id: 's1', brand: 'Alpine', at: day(3), source: 'shop', event_id: 'v-3' },
      { customer_id: 's1', brand: 'Coast', at: day(4), source: 'shop', event_id: 'v-4' },
    ]);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(Object.keys(BRANDS_OF_CUSTOMERS.table.columns).sort());
  });

  it('given a fold on top of another, are those of the new brands alone', () => {
    expect(rowsOf(onTop([visit(3, 'Alpine')], [visit(4, 'Alpine'), visit(5, 'Coast')]))).toMatchObject([
      { brand: 'Coast', event_id: 'v-5' },
    ]);
  });

  it('given an order for what came before it, give the row of that event again: its rows are replaced', () => {
    const data = { orderId: 'A', currency: 'EUR' };
    const returned = { type: 'order-returned', data: { ...data, amountMinor: 100 } };
    const placed = { type: 'order-placed', data: { ...data, totalMinor: 500 } };
    expect(rowsOf(onTop([visit(3, 'Coast', returned)], [visit(4, 'Alpine', placed)]))).toMatchObject([
      { brand: 'Coast', event_id: 'v-3' },
      { brand: 'Alpine', event_id: 'v-4' },
    ]);
  });
});
