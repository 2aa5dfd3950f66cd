import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { story, when } from '#testing';
import { purchaseSummary } from './purchase-summary.js';

const file = `${process.env['PERENNIAL_SHARED'] ?? '../shared'}/vectors/rfm-summary.json`;
const there = existsSync(file);
if (!there) console.warn(`SKIPPED: the published summaries need ${file}.`);

interface Published {
  readonly id: string;
  readonly input: {
    readonly transactions: readonly (readonly [id: number, day: string, amount?: number])[];
    readonly observationEnd: string;
    readonly unit: string;
  };
  readonly expected: readonly (readonly number[])[];
  readonly columns: readonly string[];
}

const TRIED = ['daily-basic', 'daily-compact-dates', 'weekly', 'daily-monetary', 'daily-monetary-same-day-summed'];

(there ? describe : describe.skip)('frequency, recency, T and monetary value as others published them', () => {
  const cases = there ? (JSON.parse(readFileSync(file, 'utf8')) as { cases: Published[] }).cases : [];

  it.each(TRIED)('%s', (id) => {
    const { input, expected, columns } = cases.find((one) => one.id === id) as Published;
    const period = input.unit.startsWith('week') ? 'week' : 'day';
    const day = (text: string) => text.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3');
    const found = expected.map(([customer = 0]) => {
      const told = story();
      input.transactions.forEach(([who, on, amount = 0], index) => {
        if (who === customer) told.buys(day(on), `t${index}`, { amount: amount * 100 });
      });
      const asOf = day(input.observationEnd);
      const options = { asOf: when(asOf), period, unit: period, timeZone: 'UTC' } as const;
      const summary = purchaseSummary(told.at(asOf).bookings, options);
      const row = [customer, summary?.frequency, summary?.recency, summary?.T];
      return columns.includes('monetary') ? [...row, (summary?.monetaryMinor ?? 0) / 100] : row;
    });
    expect(found).toEqual(expected);
  });
});
