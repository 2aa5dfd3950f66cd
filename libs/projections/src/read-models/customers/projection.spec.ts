import { describe, expect, it } from '@jest/globals';
import { folded } from '../../testdata/folded.js';
import { day, order, touchpoint } from '../../testdata/touchpoints.js';
import type { FoldedView } from '../read-model.js';
import { PROFILE } from './projection.js';

const ANNA = { userId: 'anna' };
const visited = (at: number) => touchpoint({ who: ANNA, at, type: 'site-visited', id: `visit-${at}` });
const rowOf = (view: FoldedView) => {
  if (PROFILE.shape !== 'row') throw new Error('One row per customer.');
  return PROFILE.row(view);
};

describe('the row of a customer', () => {
  it('given a first purchase, holds the phase with its cause, and the revenue', () => {
    const row = rowOf(folded([visited(day(0)), order(ANNA, day(3), 'A', 2_500)], day(4), ['s1', 's2']));
    expect(row).toMatchObject({
      ...{ customer_id: 's1', digest_id: 's1', subjects: 2, cycle: 1, stage: 'retention', phase: 'onboarding' },
      ...{ entered_at: day(3), cause: { rule: 'first-purchase' }, first_seen_at: day(0), last_seen_at: day(3) },
      ...{ touchpoints: 2, orders: 1, revenue_minor: 2_500, currency: 'EUR' },
      ...{ first_purchase_at: day(3), last_purchase_at: day(3), folded_position: 2, waiting_until: null },
    });
    expect(Object.keys(row).sort()).toEqual(Object.keys(PROFILE.table.columns).sort());
  });

  it('given no purchase, has no currency and a revenue of zero', () => {
    expect(rowOf(folded([visited(day(0))], day(1)))).toMatchObject({
      ...{ stage: 'acquisition', orders: 0, revenue_minor: 0, currency: null, revenue: [] },
      ...{ first_purchase_at: null, last_purchase_at: null },
    });
  });

  it('given an order that was returned, counts neither the order nor its revenue', () => {
    const returned = touchpoint({
      who: ANNA,
      at: day(5),
      type: 'order-returned',
      data: { orderId: 'A', currency: 'EUR' },
    });
    expect(rowOf(folded([order(ANNA, day(3), 'A', 2_500), returned], day(6)))).toMatchObject({
      ...{ orders: 0, first_purchase_at: null, last_purchase_at: null },
      touchpoints: 2,
    });
  });

  it('given orders in two currencies, lists both and has no single revenue', () => {
    const dollars = touchpoint({
      ...{ who: ANNA, at: day(4), type: 'order-placed' },
      data: { orderId: 'B', currency: 'USD', lines: [{ sku: 'x', quantity: 2, unitPriceMinor: 700 }] },
    });
    expect(rowOf(folded([order(ANNA, day(3), 'A', 2_500), dollars], day(6)))).toMatchObject({
      ...{ orders: 2, revenue_minor: null, currency: null },
      revenue: [
        { currency: 'EUR', amountMinor: 2_500 },
        { currency: 'USD', amountMinor: 1_400 },
      ],
    });
  });

  it('given an event of the future, wakes at its instant or at an earlier deadline', () => {
    const before = rowOf(folded([visited(day(0))], day(1)));
    expect(before['wake_at']).toBe(before['next_due_at']);
    const waiting = rowOf(folded([visited(day(0)), visited(day(1.5))], day(1)));
    expect(waiting).toMatchObject({ waiting_until: day(1.5), wake_at: day(1.5), touchpoints: 1 });
  });

  it('given an action that is called for, wakes when it is no longer valid', () => {
    const consent = touchpoint({
      ...{ who: ANNA, at: day(0), type: 'consent-given', id: 'consent' },
      data: { purpose: 'marketing', medium: 'email' },
    });
    const view = folded([consent, order(ANNA, day(1), 'A')], day(2));
    const [action] = view.view.actions;
    expect(action).toBeDefined();
    const row = rowOf(view);
    expect(row['actions']).toEqual(view.view.actions);
    expect(row['wake_at']).toBe(Math.min(action?.validUntil ?? 0, row['next_due_at'] as number));
  });

  it('holds no sealed value of the identifiers, so that an erasure leaves nothing to remove', () => {
    expect(JSON.stringify(rowOf(folded([visited(day(0)), order(ANNA, day(3), 'A')], day(4))))).not.toContain('sealed');
  });

  it('is the same for the same events in any order, and twice', () => {
    const events = [visited(day(0)), order(ANNA, day(3), 'A'), visited(day(9))];
    const row = rowOf(folded(events, day(10)));
    expect(rowOf(folded(events, day(10)))).toEqual(row);
    expect(rowOf(folded([...events].reverse(), day(10)))).toEqual(row);
  });
});
