import { describe, expect, it } from '@jest/globals';
import { policyTimeline } from '#lifecycle';
import { foldOne, inOrder } from '../../folding/fold-one.js';
import { folded, recorded } from '../../testdata/folded.js';
import { day, order, touchpoint } from '../../testdata/touchpoints.js';
import type { FoldedView } from '../read-model.js';
import { STAGE_PERIOD_HISTORY } from './projection.js';

const ANNA = { userId: 'anna' };
const visited = (at: number) => touchpoint({ who: ANNA, at, type: 'site-visited', id: `visit-${at}` });
const rowsOf = (view: FoldedView) => {
  if (STAGE_PERIOD_HISTORY.shape !== 'sequence') throw new Error('Rows follow the stage periods.');
  return STAGE_PERIOD_HISTORY.rows(view);
};

describe('the rows of stage periods', () => {
  it('given a visit, a purchase and years of silence, cover the time without gap or overlap', () => {
    const rows = rowsOf(folded([visited(day(0)), order(ANNA, day(3), 'A')], day(900)));
    expect(rows.map(({ stage, phase }) => `${String(stage)} ${String(phase)}`)).toEqual([
      'acquisition awareness',
      'retention onboarding',
      ...['at-risk', 'lapsed', 'lost'].map((phase) => `retention ${phase}`),
    ]);
    expect(rows.map(({ seq }) => seq)).toEqual(rows.map((_, n) => n));
    for (const [n, row] of rows.entries()) expect(row['left_at']).toBe(rows[n + 1]?.['entered_at'] ?? null);
    expect(Object.keys(rows[0] ?? {}).sort()).toEqual(Object.keys(STAGE_PERIOD_HISTORY.table.columns).sort());
  });

  it('carry the cause of each entry, and the version of its policy', () => {
    const [first, second] = rowsOf(folded([visited(day(0)), order(ANNA, day(3), 'A')], day(4)));
    expect(first).toMatchObject({ cycle: 1, entered_at: day(0), left_at: day(3), cause: { rule: 'first-touchpoint' } });
    expect(second).toMatchObject({ cycle: 1, entered_at: day(3), left_at: null, cause: { rule: 'first-purchase' } });
    expect(second?.['policy_version']).toBe((second?.['cause'] as { policyVersion: string }).policyVersion);
  });

  it('given an order that was cancelled, the retraction, leave no stage period of the purchase', () => {
    const cancelled = touchpoint({
      who: ANNA,
      at: day(5),
      type: 'order-cancelled',
      data: { orderId: 'A', currency: 'EUR' },
    });
    const kept = rowsOf(folded([visited(day(0)), order(ANNA, day(3), 'A')], day(6)));
    const rows = rowsOf(folded([visited(day(0)), order(ANNA, day(3), 'A'), cancelled], day(6)));
    expect(kept.at(-1)).toMatchObject({ stage: 'retention' });
    expect(rows.at(-1)).toMatchObject({ stage: 'acquisition', left_at: null });
  });

  it('given a fold on a stored state, begin with the stage period that was open there', () => {
    const options = { policies: policyTimeline([]), asOf: day(10), position: 2, snapshotEvery: 256 };
    const customer = { customerId: 's1', subjectIds: ['s1'] };
    const events = inOrder(
      recorded([visited(day(0)), order(ANNA, day(3), 'A'), order(ANNA, day(8), 'B'), visited(day(9))]),
    );
    const all = foldOne(customer, events, null, options);
    const base = foldOne(customer, events.slice(0, 3), null, options).newest;
    const later = foldOne(customer, events.slice(3), base, options);
    if (all.folded === null || later.folded === null) throw new Error('Both have something to show.');
    const rows = rowsOf(later.folded);
    expect(later.folded.whole).toBe(false);
    const from = rows[0]?.['seq'] as number;
    expect(from).toBeGreaterThan(0);
    expect([...rowsOf(all.folded).slice(0, from), ...rows]).toEqual(rowsOf(all.folded));
  });

  it('are the same for the same events in any order, and twice', () => {
    const events = [visited(day(0)), order(ANNA, day(3), 'A'), visited(day(9))];
    expect(rowsOf(folded([...events].reverse(), day(300)))).toEqual(rowsOf(folded(events, day(300))));
  });
});
