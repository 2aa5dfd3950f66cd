import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseRetryAfter, ATTEMPT_SCHEDULE, waitAfter } from './attempts.js';

describe('the schedule of attempts', () => {
  it('waits twice as long after each failure, up to an hour', () => {
    expect([1, 2, 3, 4, 30, 2_000].map((failures) => waitAfter(failures, ATTEMPT_SCHEDULE, 1))).toEqual([
      ...[5_000, 10_000, 20_000, 40_000, 3_600_000, 3_600_000],
    ]);
  });

  it('waits a random share from half to all of it', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 100 }), fc.double({ min: 0, max: 1, noNaN: true }), (failures, random) => {
        const whole = waitAfter(failures, ATTEMPT_SCHEDULE, 1);
        const wait = waitAfter(failures, ATTEMPT_SCHEDULE, random);
        expect(wait).toBeGreaterThanOrEqual(whole / 2);
        expect(wait).toBeLessThanOrEqual(whole);
      }),
    );
  });

  it('lasts longer than a night', () => {
    const waits = Array.from({ length: ATTEMPT_SCHEDULE.failing - 1 }, (_, at) =>
      waitAfter(at + 1, ATTEMPT_SCHEDULE, 0),
    );
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(10 * 3_600_000);
  });

  it('reads Retry-After as seconds or as a date, and nothing longer than a day', () => {
    const now = Date.UTC(2026, 0, 1);
    expect(parseRetryAfter('120', now)).toBe(120_000);
    expect(parseRetryAfter('Thu, 01 Jan 2026 00:01:00 GMT', now)).toBe(60_000);
    expect(parseRetryAfter('999999999', now)).toBe(86_400_000);
    for (const nothing of [undefined, '', '0', '-5', 'soon', '1.5', 'Thu, 01 Jan 2020 00:00:00 GMT', '2026-01-02'])
      expect([nothing, parseRetryAfter(nothing, now)]).toEqual([nothing, null]);
  });
});
