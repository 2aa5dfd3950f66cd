import { describe, expect, it } from '@jest/globals';
import { LOCAL_PRINCIPAL, type Principal } from '#platform';
import { RateLimits, type Problem } from '#platform/nest';
import { OpeningRate } from './opening-rate.js';

const PRINCIPAL: Principal = { ...LOCAL_PRINCIPAL, id: 'crm', kind: 'key', name: 'crm', rate: { opened: 6_000 } };

/** A rate of 100 customers a second, of which 1,000 may be opened at once. */
function opening() {
  const time = { now: 0 };
  const slept: number[] = [];
  const settings = { general: { events: null, rejected: null, requests: null, opened: 6_000 }, roles: {} };
  const rate = new OpeningRate(new RateLimits({ settings, elapsed: () => time.now }), (ms) => {
    slept.push(ms);
    time.now += ms;
    return Promise.resolve();
  });
  return {
    slept,
    count: (requestId: string, subjects: number) => rate.count({ principal: PRINCIPAL, requestId }, subjects),
  };
}

describe('the rate of opened customers', () => {
  it('holds back the pages of an answer that was begun, and rejects another one', async () => {
    const { slept, count } = opening();
    for (let page = 0; page < 5; page += 1) await count('export', 1_000);
    // 1,000 at once; then each page waits for what the page before took.
    expect(slept.length).toBeGreaterThan(0);
    expect(slept.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(30_000);
    const refused = count('another', 1).catch((error: Problem) => error.getStatus());
    expect(await refused).toBe(429);
  });

  it('throws any other error', async () => {
    const failing = new OpeningRate(
      {
        admit: () => {
          throw new Error('broken');
        },
      },
      () => Promise.resolve(),
    );
    await expect(failing.count({ principal: PRINCIPAL, requestId: 'a' }, 1)).rejects.toThrow('broken');
  });
});
