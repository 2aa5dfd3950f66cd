import type { Instant } from '#contracts';
import { addDays, addMonths } from './calendar.js';

/** A time of calendar months and days. */
export interface Period {
  readonly months: number;
  readonly days: number;
}

const PARTS = /^P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?$/;

/**
 * Reads a period of ISO 8601 in years, months, weeks and days: `P3Y`, `P1Y6M`, `P30D`.
 * @throws RangeError where it is none
 */
export function periodOf(text: string): Period {
  const parts = PARTS.exec(text);
  if (parts === null || text === 'P')
    throw new RangeError(`${JSON.stringify(text)} is not a period such as P3Y or P30D.`);
  const [years = 0, months = 0, weeks = 0, days = 0] = parts
    .slice(1)
    .map((part: string | undefined) => Number(part ?? 0));
  return { months: years * 12 + months, days: weeks * 7 + days };
}

/** The instant so much later by the calendar of the zone: months first, then days, each to the same wall time. */
export function addPeriod(at: Instant, { months, days }: Period, timeZone: string): Instant {
  const later = months === 0 ? at : addMonths(at, months, timeZone);
  return days === 0 ? later : addDays(later, days, timeZone);
}

/** The instant so much earlier. */
export function subtractPeriod(at: Instant, { months, days }: Period, timeZone: string): Instant {
  return addPeriod(at, { months: -months, days: -days }, timeZone);
}

/** A period for people: `3 years`, `1 year and 6 months`, `30 days`. */
export function periodInWords(text: string): string {
  const { months, days } = periodOf(text);
  const parts = [
    [Math.floor(months / 12), 'year'],
    [months % 12, 'month'],
    [days, 'day'],
  ] as const;
  return parts
    .filter(([count]) => count > 0)
    .map(([count, unit]) => `${count} ${unit}${count === 1 ? '' : 's'}`)
    .join(' and ');
}
