import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Temporal } from 'temporal-polyfill';
import { addDays, addMonths, addYears, dayOf, monthOf, monthStart, startOfDay, weekStart } from './calendar.js';

const at = (text: string) => Date.parse(text);
const text = (instant: number) => new Date(instant).toISOString();
const AMSTERDAM = 'Europe/Amsterdam';

describe('adding days', () => {
  it('keeps wall time over the day on which clocks go forward', () => {
    // 09:00 in Amsterdam is 08:00 UTC in winter and 07:00 UTC in summer.
    expect(text(addDays(at('2026-03-28T08:00:00Z'), 1, AMSTERDAM))).toBe('2026-03-29T07:00:00.000Z');
    expect(text(addDays(at('2026-10-24T07:00:00Z'), 1, AMSTERDAM))).toBe('2026-10-25T08:00:00.000Z');
  });

  it('takes the later time where the wall time is skipped, and the first where it comes twice', () => {
    expect(text(addDays(at('2026-03-28T01:30:00Z'), 1, AMSTERDAM))).toBe('2026-03-29T01:30:00.000Z'); // 02:30 is skipped: 03:30
    expect(text(addDays(at('2026-10-24T00:30:00Z'), 1, AMSTERDAM))).toBe('2026-10-25T00:30:00.000Z'); // 02:30, the first
  });
});

describe('adding months and years', () => {
  it('ends on the last day of a month that is too short', () => {
    expect(text(addMonths(at('2026-01-31T10:00:00Z'), 1, 'UTC'))).toBe('2026-02-28T10:00:00.000Z');
    expect(text(addMonths(at('2026-01-31T10:00:00Z'), -2, 'UTC'))).toBe('2025-11-30T10:00:00.000Z');
  });

  it('counts 29 February as the 28th in a common year, and as itself in a leap year', () => {
    expect(text(addYears(at('2024-02-29T10:00:00Z'), 1, 'UTC'))).toBe('2025-02-28T10:00:00.000Z');
    expect(text(addYears(at('2024-02-29T10:00:00Z'), 4, 'UTC'))).toBe('2028-02-29T10:00:00.000Z');
  });
});

describe('a day', () => {
  it('is that of the zone', () => {
    expect(dayOf(at('2026-01-01T23:30:00Z'), 'UTC')).toBe(dayOf(at('2026-01-01T00:00:00Z'), 'UTC'));
    expect(dayOf(at('2026-01-01T23:30:00Z'), AMSTERDAM)).toBe(dayOf(at('2026-01-02T12:00:00Z'), 'UTC'));
  });

  it('starts later where midnight is skipped', () => {
    // Clocks in São Paulo went from 00:00 to 01:00 on 4 November 2018.
    expect(text(startOfDay(at('2018-11-04T12:00:00Z'), 'America/Sao_Paulo'))).toBe('2018-11-04T03:00:00.000Z');
  });

  it('belongs to the week of its Monday and to its month', () => {
    const friday = dayOf(at('2026-05-01T00:00:00Z'), 'UTC');
    expect(weekStart(friday)).toBe(dayOf(at('2026-04-27T00:00:00Z'), 'UTC'));
    expect(weekStart(-1)).toBe(dayOf(at('1969-12-29T00:00:00Z'), 'UTC'));
    expect(monthStart(monthOf(friday))).toBe(friday);
  });
});

describe('calendar arithmetic', () => {
  const zones = fc.constantFrom(
    'UTC',
    AMSTERDAM,
    'America/Sao_Paulo',
    'Australia/Lord_Howe', // half an hour of summer time
    'Asia/Kathmandu', // 05:45
    'Pacific/Apia', // skipped a whole day, 30 December 2011
    'America/New_York',
  );
  const instants = fc.integer({ min: at('1995-01-01T00:00:00Z'), max: at('2045-01-01T00:00:00Z') });
  const zoned = (instant: number, zone: string) =>
    Temporal.Instant.fromEpochMilliseconds(instant).toZonedDateTimeISO(zone);

  it('agrees with Temporal, in every zone, near clock changes and away from them', () => {
    fc.assert(
      fc.property(zones, instants, fc.integer({ min: -400, max: 3000 }), (zone, instant, days) => {
        const there = zoned(instant, zone);
        expect(addDays(instant, days, zone)).toBe(there.add({ days }).epochMilliseconds);
        expect(addMonths(instant, days % 50, zone)).toBe(there.add({ months: days % 50 }).epochMilliseconds);
        expect(startOfDay(instant, zone)).toBe(there.startOfDay().epochMilliseconds);
        const epoch = Temporal.PlainDate.from('1970-01-01');
        expect(dayOf(instant, zone)).toBe(epoch.until(there.toPlainDate(), { largestUnit: 'days' }).days);
      }),
      { numRuns: 2_000 },
    );
  });

  it('agrees with Temporal within a day of each change of the clocks', () => {
    fc.assert(
      fc.property(zones, instants, fc.integer({ min: -30, max: 30 }), (zone, instant, quarters) => {
        const change = zoned(instant, zone).getTimeZoneTransition('next');
        const near = (change?.epochMilliseconds ?? instant) + quarters * 900_000;
        expect(addDays(near - 5 * 86_400_000, 5, zone)).toBe(
          zoned(near - 5 * 86_400_000, zone).add({ days: 5 }).epochMilliseconds,
        );
        expect(startOfDay(near, zone)).toBe(zoned(near, zone).startOfDay().epochMilliseconds);
      }),
      { numRuns: 2_000 },
    );
  });
});
