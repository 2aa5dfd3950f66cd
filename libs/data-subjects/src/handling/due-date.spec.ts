import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { lastDayToAnswer, MONTHS_TO_ANSWER } from './due-date.js';

describe('the last day to answer a request', () => {
  it.each([
    ['2026-01-31T12:00:00Z', 1, 'UTC', '2026-02-28'],
    ['2028-01-31T12:00:00Z', 1, 'UTC', '2028-02-29'],
    ['2026-02-28T12:00:00Z', 1, 'UTC', '2026-03-28'],
    ['2026-03-31T12:00:00Z', 1, 'UTC', '2026-04-30'],
    ['2026-12-31T12:00:00Z', 1, 'UTC', '2027-01-31'],
    // Three months from the receipt, not two from the end of February.
    ['2026-01-31T12:00:00Z', 3, 'UTC', '2026-04-30'],
    ['2025-11-30T12:00:00Z', 3, 'UTC', '2026-02-28'],
    // It is February already in Berlin.
    ['2026-01-31T23:30:00Z', 1, 'Europe/Berlin', '2026-03-01'],
    ['2026-01-31T23:30:00Z', 1, 'America/New_York', '2026-02-28'],
    // A midnight that is skipped by the clock belongs to its day.
    ['2026-03-07T12:00:00Z', 1, 'America/Havana', '2026-04-07'],
  ])('of what came at %s, %i months later in %s, is %s', (receivedAt, months, timeZone, expected) => {
    expect(lastDayToAnswer(Date.parse(receivedAt), months, timeZone)).toBe(expected);
  });

  const instant = fc.integer({ min: Date.UTC(2000, 0, 1), max: Date.UTC(2100, 0, 1) });
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/Havana', 'Pacific/Apia', 'Asia/Kathmandu');

  it('is of the same number, or the last of its month, and a later receipt is never due earlier', () => {
    fc.assert(
      fc.property(instant, fc.nat(100 * 86_400_000), zone, (at, later, timeZone) => {
        for (const months of Object.values(MONTHS_TO_ANSWER)) {
          const due = lastDayToAnswer(at, months, timeZone);
          const received = lastDayToAnswer(at, 0, timeZone);
          const lastOfMonth = new Date(Date.UTC(Number(due.slice(0, 4)), Number(due.slice(5, 7)), 0)).getUTCDate();
          expect(Number(due.slice(8))).toBe(Math.min(Number(received.slice(8)), lastOfMonth));
          expect(lastDayToAnswer(at + later, months, timeZone) >= due).toBe(true);
        }
      }),
    );
  });
});
