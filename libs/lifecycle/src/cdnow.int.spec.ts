import { existsSync, readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { formatInstant } from '#contracts';
import { when } from '#testing';
import { compareEvents, foldCustomer, policyTimeline, purchaseSummary, type LifecycleEvent } from './index.js';

const shared = process.env['PERENNIAL_SHARED'] ?? '../shared';
const there = existsSync(`${shared}/data/CDNOW_sample.txt`);
if (!there) console.warn(`SKIPPED: the CDNOW comparison needs the public CDNOW sample in ${shared}/data.`);

/** The public CDNOW sample: id, the sample's own number, yyyymmdd, quantity, dollars. Each row is one order. */
function ordersByCustomer(): ReadonlyMap<string, LifecycleEvent[]> {
  const customers = new Map<string, LifecycleEvent[]>();
  const rows = readFileSync(`${shared}/data/CDNOW_sample.txt`, 'utf8').trim().split(/\r?\n/);
  rows.forEach((row, index) => {
    const [, customer = '', day = '', , dollars = ''] = row.trim().split(/\s+/);
    const at = when(`${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}`);
    const orders = customers.get(customer) ?? [];
    customers.set(customer, orders);
    orders.push({
      position: index + 1,
      recordedAt: at,
      occurredAt: at,
      source: 'cdnow',
      id: String(index + 1).padStart(5, '0'),
      type: 'order-placed',
      channel: 'site',
      subjectId: customer,
      test: false,
      data: { orderId: String(index + 1), currency: 'USD', totalMinor: Math.round(Number(dollars) * 100) },
    });
  });
  for (const orders of customers.values()) orders.sort(compareEvents);
  return customers;
}

const linesOf = (text: string): string[][] =>
  text
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(','));

(there ? describe : describe.skip)('the CDNOW sample', () => {
  it('gives the stage periods of an independent reading of the rules, all of them, for 2,345 customers', () => {
    const expected = new Map<string, string[]>();
    for (const [customer = '', ...period] of linesOf(
      gunzipSync(readFileSync(`${shared}/vectors/stages-cdnow.csv.gz`)).toString(),
    ))
      expected.set(customer, [...(expected.get(customer) ?? []), period.join(',')]);
    const policies = policyTimeline([]);
    const found = new Map<string, string[]>();
    for (const [customer, events] of ordersByCustomer()) {
      // Twelve hang on the order of purchases at one instant: the reading leaves them out.
      if (!expected.has(customer)) continue;
      const { stagePeriods } = foldCustomer({ events, policies, asOf: when('1998-07-01') });
      found.set(
        customer,
        stagePeriods.map(({ cycle, stage, phase, enteredAt, leftAt }) =>
          [cycle, stage, phase, formatInstant(enteredAt), leftAt === null ? '' : formatInstant(leftAt)].join(','),
        ),
      );
    }
    expect(expected.size).toBe(2345);
    expect([...found].sort()).toEqual([...expected].sort());
  });

  it('gives the published frequency, recency and T of all 2,357 at the calibration end', () => {
    const asOf = when('1997-09-30');
    const customers = ordersByCustomer();
    const published = linesOf(readFileSync(`${shared}/data/cdnow_customers_summary.csv`, 'utf8'));
    expect(published).toHaveLength(2357);
    for (const [id = '', frequency, recency, t] of published) {
      const events = customers.get(id.padStart(4, '0')) ?? [];
      const { bookings, view } = foldCustomer({ events, policies: policyTimeline([]), asOf });
      const summary = purchaseSummary(bookings, { asOf, period: 'day', unit: 'week', timeZone: 'UTC' });
      expect([id, summary?.frequency, summary?.recency.toFixed(2), summary?.T.toFixed(2)]).toEqual([
        id,
        Number(frequency),
        Number(recency).toFixed(2),
        Number(t).toFixed(2),
      ]);
      expect([view?.frequency, view?.recencyDays, view?.tDays]).toEqual([
        summary?.frequency,
        Math.round((summary?.recency ?? 0) * 7),
        Math.round((summary?.T ?? 0) * 7),
      ]);
    }
  });
});
