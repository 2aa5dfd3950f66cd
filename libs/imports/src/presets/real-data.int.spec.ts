import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it, jest } from '@jest/globals';
import { compareEvents, foldCustomer, policyTimeline, type LifecycleEvent } from '#lifecycle';
import { readWhole } from '../testdata/read-file.js';
import { cdnowReader } from './cdnow.js';
import { onlineRetailReader } from './online-retail.js';
import type { TouchpointInput } from '../import-item.js';

const SHARED = resolve(process.env['PERENNIAL_SHARED'] ?? '../shared');
const CDNOW = `${SHARED}/data/CDNOW_sample.txt`;
const ONLINE_RETAIL = `${SHARED}/data/online-retail-2010-12_2011-06.csv.gz`;
const VECTORS = `${SHARED}/vectors/online-retail.json`;

/** Where the published data are missing, the suite says so instead of passing silently. */
function describeWith(files: readonly string[], name: string, suite: () => void): void {
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length === 0) describe(name, suite);
  else {
    console.warn(`Skipped: ${name}. Not found: ${missing.join(', ')}`);
    describe.skip(name, suite);
  }
}

const customersOf = (touchpoints: readonly TouchpointInput[]) =>
  new Set(touchpoints.map((touchpoint) => touchpoint.identifiers[0]?.value));

// The larger file has a quarter of a million lines.
jest.setTimeout(120_000);

describeWith([CDNOW], 'CDNOW_sample.txt', () => {
  it('is 6,919 purchases of 2,357 customers, all distinct', async () => {
    const { touchpoints, invalid } = await readWhole(CDNOW, cdnowReader('UTC'));
    expect(invalid).toEqual([]);
    expect(touchpoints).toHaveLength(6919);
    expect(new Set(touchpoints.map((touchpoint) => touchpoint.id)).size).toBe(6919);
    expect(customersOf(touchpoints).size).toBe(2357);
    expect(touchpoints.filter((touchpoint) => touchpoint.id.endsWith('-2'))).toHaveLength(19);
    const days = new Set(
      touchpoints.map((touchpoint) => `${touchpoint.identifiers[0]?.value} ${touchpoint.occurredAt}`),
    );
    expect(6919 - days.size).toBeGreaterThanOrEqual(177);
  });
});

describeWith([ONLINE_RETAIL, VECTORS], 'Online Retail, the first seven months', () => {
  interface Vector {
    readonly id: string;
    readonly expected: Readonly<Record<string, number>> & { readonly revenueByMonth: Readonly<Record<string, number>> };
  }
  const vectors = existsSync(VECTORS)
    ? (JSON.parse(readFileSync(VECTORS, 'utf8')) as { vectors: readonly Vector[] }).vectors
    : [];
  const expected = (id: string) => {
    const found = vectors.find((vector) => vector.id === id)?.expected;
    if (found === undefined) throw new Error(`No vector ${id}`);
    return found;
  };
  interface OrderLine {
    readonly quantity: number;
    readonly unitPriceMinor?: number;
  }
  const linesOf = (touchpoint: TouchpointInput) => touchpoint.data['lines'] as readonly OrderLine[];
  const priced = (touchpoint: TouchpointInput) => linesOf(touchpoint).filter((line) => (line.unitPriceMinor ?? 0) > 0);

  it('has the counts and the gross revenue by month that were published, and an outcome for each of its lines', async () => {
    const { touchpoints, invalid, report } = await readWhole(ONLINE_RETAIL, onlineRetailReader('UTC'));
    const rows = expected('rows');
    const totals = expected('totals');
    expect(report.lines).toBe(rows['raw']);
    expect(invalid).toHaveLength(rows['withoutCustomer'] ?? 0);
    expect(new Set(invalid.map((row) => row.code))).toEqual(new Set(['customer-missing']));
    expect(new Set([...touchpoints, ...invalid].map((item) => item.id)).size).toBe(touchpoints.length + invalid.length);

    const orders = touchpoints.filter((touchpoint) => touchpoint.type === 'order-placed');
    const returns = touchpoints.filter((touchpoint) => touchpoint.type === 'order-returned');
    const count = (of: readonly TouchpointInput[]) =>
      of.reduce((sum, touchpoint) => sum + linesOf(touchpoint).length, 0);
    expect(count(orders)).toBe(rows['excludingCancellations']);
    expect(count(returns)).toBe(rows['cancelledRowsWithCustomer']);
    expect(count(orders) + count(returns) + invalid.length).toBe(245_903);
    expect(orders).toHaveLength((rows['invoicesWithCustomer'] ?? 0) - (rows['cancellationInvoicesWithCustomer'] ?? 0));
    expect(new Set(returns.map((touchpoint) => touchpoint.id.split('>')[0])).size).toBe(
      rows['cancellationInvoicesWithCustomer'],
    );
    expect(customersOf(touchpoints).size).toBe(rows['customersAny']);

    // Over orders with an amount, as the vector counts them: one invoice is a gift of price 0 throughout.
    const paid = orders.filter((touchpoint) => priced(touchpoint).length > 0);
    expect(paid).toHaveLength(totals['invoices'] ?? 0);
    expect(customersOf(paid).size).toBe(totals['customers']);
    const byMonth: Record<string, number> = {};
    for (const touchpoint of orders) {
      const month = touchpoint.occurredAt.slice(0, 7);
      byMonth[month] = (byMonth[month] ?? 0) + (touchpoint.data['totalMinor'] as number);
    }
    expect(Object.fromEntries(Object.entries(byMonth).map(([month, minor]) => [month, minor / 100]))).toEqual(
      totals.revenueByMonth,
    );
    const back = returns.reduce((sum, touchpoint) => sum + (touchpoint.data['amountMinor'] as number), 0);
    expect(-back / 100).toBe(expected('cancellations')['value']);
  });

  it('matches 3,283 of 4,241 returned lines, and 72 orders are returned completely', async () => {
    const { touchpoints, report } = await readWhole(ONLINE_RETAIL, onlineRetailReader('UTC'));
    expect(Object.fromEntries(report.notices)).toEqual({
      'prices rounded to whole pence': 1,
      'order lines of price 0, kept as free articles': 14,
      'returned lines that match an order': 3283,
      'returned lines that match no order': 958,
      'orders wholly returned': 72,
    });
    expect(touchpoints.filter((touchpoint) => touchpoint.type === 'order-returned')).toHaveLength(2260);
  });

  it('folds to the revenue of each month; of what was given back only three amounts are more than their order cost', async () => {
    const { touchpoints } = await readWhole(ONLINE_RETAIL, onlineRetailReader('UTC'));
    const histories = new Map<string, LifecycleEvent[]>();
    touchpoints.forEach((touchpoint, index) => {
      const subjectId = touchpoint.identifiers[0]?.value ?? '';
      const at = Date.parse(touchpoint.occurredAt ?? '');
      const { id, source, type, data } = touchpoint;
      const event = { position: index + 1, recordedAt: at, occurredAt: at, source, id, type, subjectId, data };
      histories.set(subjectId, [...(histories.get(subjectId) ?? []), { ...event, channel: 'web', test: false }]);
    });
    const gross: Record<string, number> = {};
    const excess: Record<string, number> = {};
    let back = 0;
    let unmatched = 0;
    for (const events of histories.values()) {
      const asOf = Date.UTC(2011, 6, 1);
      const folded = foldCustomer({ events: events.sort(compareEvents), policies: policyTimeline([]), asOf });
      const monthOf = (at: number) => new Date(at).toISOString().slice(0, 7);
      for (const { at, kind, amountMinor } of folded.bookings)
        if (kind === 'order') gross[monthOf(at)] = (gross[monthOf(at)] ?? 0) + amountMinor / 100;
        else back += amountMinor;
      for (const { at, kind, amountMinor } of folded.discrepancies)
        if (kind === 'excess-refund') excess[monthOf(at)] = (excess[monthOf(at)] ?? 0) + (amountMinor ?? 0);
        else unmatched += 1;
    }
    const published = expected('totals').revenueByMonth;
    for (const [month, amount] of Object.entries(published)) expect(gross[month]).toBeCloseTo(amount, 2);
    expect(excess).toEqual({ '2011-01': 1_050, '2011-02': 13, '2011-04': 189_047 });
    // What was given back in all, less the excess: it is listed and not booked.
    const listed = Object.values(excess).reduce((sum, one) => sum + one, 0);
    expect((back - listed) / 100).toBeCloseTo(expected('cancellations')['value'] ?? 0, 2);
    expect(unmatched).toBe(497);
  });
});
