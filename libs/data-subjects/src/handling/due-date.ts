import { DAY, type Instant } from '#contracts';
import { addMonths, dayOf, startOfDay } from '#lifecycle';

/** Months from the receipt of a request within which it is to be answered, and within which where the time was extended (GDPR art. 12(3)). */
export const MONTHS_TO_ANSWER = { ordinary: 1, extended: 3 } as const;

const DAY_LENGTH = 10;

/**
 * The last day to answer what was received at an instant, in a zone: the day of the same number so many months later, and the last day of the month where it has
 * no such day (Regulation 1182/71, art. 3). That a weekend or a holiday would lengthen the time is left aside: no request is answered late by it.
 */
export function lastDayToAnswer(receivedAt: Instant, months: number, timeZone: string): string {
  const day = dayOf(addMonths(startOfDay(receivedAt, timeZone), months, timeZone), timeZone);
  return new Date(day * DAY).toISOString().slice(0, DAY_LENGTH);
}
