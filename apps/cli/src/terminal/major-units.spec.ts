import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isCurrency, toMinor } from '#contracts';
import type { Answer } from '#queries';
import { inMajorUnits, majorText } from './major-units.js';

const answer = (rows: readonly Record<string, unknown>[]) => ({
  query: 'customers',
  columns: [
    { name: 'revenueMinor', type: 'integer' as const, description: 'net, in minor units; null in several currencies' },
    { name: 'currency', type: 'text' as const, description: '' },
    { name: 'totals', type: 'json' as const, description: '' },
  ],
  rows,
  nextCursor: null,
  meta: {} as Answer['meta'],
});

describe('amounts in major units', () => {
  it.each([
    [123_450, 'EUR', '1234.50'],
    [-5, 'EUR', '-0.05'],
    [0, 'EUR', '0.00'],
    [2_000, 'JPY', '2000'],
    [12_500, 'KWD', '12.500'],
    [12_345, 'CLF', '1.2345'],
    [7, 'XXX', '7'],
  ])('%d of %s are %s', (amount, currency, text) => {
    expect(majorText(amount, currency)).toBe(text);
  });

  it('do not take the place of a count that has their name', () => {
    const { columns, rows } = inMajorUnits({
      ...answer([{ payments: 2, paymentsMinor: 1_980, currency: 'EUR' }]),
      columns: [
        { name: 'payments', type: 'integer', description: 'how many' },
        { name: 'paymentsMinor', type: 'integer', description: 'their sum, in minor units' },
        { name: 'currency', type: 'text', description: '' },
      ],
    });
    expect(columns.map(({ name }) => name)).toEqual(['payments', 'paymentsAmount', 'currency']);
    expect(rows).toEqual([{ payments: 2, paymentsAmount: '19.80', currency: 'EUR' }]);
  });

  it('are exact: the text read again gives the amount', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1e12, max: 1e12 }),
        fc.constantFrom('EUR', 'JPY', 'KWD').filter(isCurrency),
        (amount, currency) => expect(toMinor(majorText(amount, currency), currency)).toBe(amount),
      ),
    );
  });

  it('stand in columns of their own name, within values too, and not where there is no currency', () => {
    const { columns, rows } = inMajorUnits(
      answer([
        { revenueMinor: 1_999, currency: 'EUR', totals: [{ amountMinor: 2_000, currency: 'JPY' }] },
        { revenueMinor: null, currency: null, totals: { costMinor: 5 } },
      ]),
    );
    expect(columns.map(({ name, type }) => [name, type])).toEqual([
      ['revenue', 'number'],
      ['currency', 'text'],
      ['totals', 'json'],
    ]);
    expect(rows).toEqual([
      { revenue: '19.99', currency: 'EUR', totals: [{ amount: '2000', currency: 'JPY' }] },
      { revenue: null, currency: null, totals: { costMinor: 5 } },
    ]);
  });
});
