import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { addPeriod, periodInWords, periodOf, subtractPeriod } from './period.js';

const at = (text: string) => Date.parse(text);
const text = (instant: number) => new Date(instant).toISOString();

describe('a period', () => {
  it.each([
    ['P3Y', { months: 36, days: 0 }],
    ['P1Y6M', { months: 18, days: 0 }],
    ['P2W', { months: 0, days: 14 }],
    ['P1Y2M3W4D', { months: 14, days: 25 }],
    ['P30D', { months: 0, days: 30 }],
  ])('%s is read', (period, expected) => {
    expect(periodOf(period)).toEqual(expected);
  });

  it.each([
    ['P3Y', '3 years'],
    ['P1Y6M', '1 year and 6 months'],
    ['P2W1D', '15 days'],
  ])('%s is %s in words', (period, words) => {
    expect(periodInWords(period)).toBe(words);
  });

  it.each(['', 'P', '3Y', 'P-1D', 'PT1H', 'P1D2Y', 'P1.5Y'])('%j is none', (period) => {
    expect(() => periodOf(period)).toThrow(RangeError);
  });

  it('ends at the same wall time, also over a change of the clocks, and on the last day of a short month', () => {
    // 09:00 in Amsterdam is 08:00 UTC in winter and 07:00 UTC in summer.
    expect(text(addPeriod(at('2026-01-31T08:00:00Z'), periodOf('P6M'), 'Europe/Amsterdam'))).toBe(
      '2026-07-31T07:00:00.000Z',
    );
    expect(text(addPeriod(at('2024-02-29T08:00:00Z'), periodOf('P3Y'), 'UTC'))).toBe('2027-02-28T08:00:00.000Z');
    expect(text(subtractPeriod(at('2026-03-31T07:00:00Z'), periodOf('P1M'), 'UTC'))).toBe('2026-02-28T07:00:00.000Z');
  });

  it('is added as Temporal adds it: months, then days', () => {
    const zones = fc.constantFrom('UTC', 'Europe/Amsterdam', 'America/Sao_Paulo', 'Pacific/Apia');
    const instants = fc.integer({ min: at('2001-01-01T00:00:00Z'), max: at('2040-01-01T00:00:00Z') });
    const amounts = fc.integer({ min: 0, max: 400 });
    fc.assert(
      fc.property(zones, instants, amounts, amounts, (zone, instant, months, days) => {
        const zoned = (from: number) => Temporal.Instant.fromEpochMilliseconds(from).toZonedDateTimeISO(zone);
        // One step after the other, since each ends at a wall time that exists.
        const later = zoned(zoned(instant).add({ months }).epochMilliseconds).add({ days }).epochMilliseconds;
        expect(addPeriod(instant, periodOf(`P${months}M${days}D`), zone)).toBe(later);
      }),
      { numRuns: 500 },
    );
  });
});
