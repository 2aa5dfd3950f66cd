import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Problem } from '../problems/problem.js';
import { LOCAL_PRINCIPAL, type Principal } from './principal.js';
import { RateLimits, type Admission } from './rate-limits.js';
import { DEFAULT_RATES, type GivenRates, type RateName } from './rates.js';
import { UNLIMITED } from './scopes.js';

const key = (id: string, rate: GivenRates = {}, ...roles: Principal['roles']): Principal => ({
  ...{ id, kind: 'key', name: `key ${id}`, roles, permissions: new Set(), scopes: UNLIMITED, rate },
});

function limiting(general: GivenRates = {}, roles: Record<string, GivenRates> = {}) {
  const time = { now: 1_000 };
  const refused: string[] = [];
  const limits = new RateLimits({
    settings: { general: { ...DEFAULT_RATES, ...general }, roles },
    elapsed: () => time.now,
    onRefused: ({ id }, name) => refused.push(`${id} ${name}`),
  });
  const attempt = (principal: Principal, name: RateName = 'events'): Admission | Problem => {
    try {
      return limits.admit(principal, name);
    } catch (error) {
      return error as Problem;
    }
  };
  const isAdmitted = (principal: Principal, name?: RateName): boolean => !(attempt(principal, name) instanceof Error);
  return { limits, time, refused, attempt, isAdmitted };
}

describe('what a principal may do in a minute', () => {
  it('is refilled steadily, up to ten seconds’ worth', () => {
    const { time, isAdmitted } = limiting();
    const shop = key('shop', { events: 60 });
    expect(Array.from({ length: 12 }, () => isAdmitted(shop))).toEqual([...Array(10).fill(true), false, false]);
    time.now += 999;
    expect(isAdmitted(shop)).toBe(false);
    time.now += 1;
    expect([isAdmitted(shop), isAdmitted(shop)]).toEqual([true, false]);
    time.now += 3_600_000;
    expect(Array.from({ length: 12 }, () => isAdmitted(shop)).filter(Boolean)).toHaveLength(10);
  });

  it('is exceeded by a large batch, and the next request waits until the debt is paid', () => {
    const { time, attempt, isAdmitted } = limiting();
    const shop = key('shop', { events: 600 });
    const batch = attempt(shop) as Admission;
    batch.count(1_000);
    batch.charge(100);
    const refusal = attempt(shop) as Problem;
    expect(refusal.getStatus()).toBe(429);
    expect(refusal.problem).toMatchObject({
      type: 'rate-limited',
      detail:
        'The key "key shop" may publish 600 events a minute in this process, and has used that up. Nothing of this request was carried out: send it again after 101 s.',
      headers: { 'retry-after': '101', ratelimit: '"events";r=0;t=101', 'ratelimit-policy': '"events";q=100;w=10' },
      extension: { 'violated-policies': ['events'], principal: 'key:shop', perMinute: 600, retryAfterS: 101 },
    });
    time.now += 100_000;
    expect(isAdmitted(shop)).toBe(false);
    time.now += 1_000;
    expect(isAdmitted(shop)).toBe(true);
  });

  it('is refused after counting too, where other requests used it up in the meantime', () => {
    const { attempt } = limiting();
    const shop = key('shop', { events: 60 });
    const [first, second] = [attempt(shop) as Admission, attempt(shop) as Admission];
    first.count(50);
    expect(() => second.count(1)).toThrow(/has used that up/);
  });

  it('counts a batch as its events, and a body without any by its bytes', () => {
    const { attempt } = limiting();
    const remaining = (principal: Principal) => (attempt(principal) as Admission).headers['ratelimit'];
    const shop = key('shop', { events: 6_000 });
    const batch = attempt(shop) as Admission;
    batch.read(1_000_000);
    batch.count(100);
    batch.end();
    expect(remaining(shop)).toBe('"events";r=899;t=2');
    const erp = key('erp', { events: 6_000 });
    const unreadable = attempt(erp) as Admission;
    unreadable.read(10_240);
    unreadable.end();
    expect(remaining(erp)).toBe('"events";r=989;t=1');
  });

  it('is its own, then the highest of its roles, then the general one; the engine’s own machine has none', () => {
    const { limits } = limiting(
      { requests: 60 },
      { marketer: { requests: 120 }, auditor: { requests: 600, opened: null } },
    );
    const policy = (principal: Principal, name: RateName = 'requests') =>
      limits.admit(principal, name).headers['ratelimit-policy'];
    expect(policy(key('a'))).toBe('"requests";q=10;w=10');
    expect(policy(key('b', {}, 'channel'))).toBe('"requests";q=10;w=10');
    expect(policy(key('c', {}, 'marketer'))).toBe('"requests";q=20;w=10');
    expect(policy(key('d', {}, 'marketer', 'auditor'))).toBe('"requests";q=100;w=10');
    expect(policy(key('e', { requests: 6 }, 'auditor'))).toBe('"requests";q=1;w=10');
    expect(policy(key('f', { requests: 1 }))).toBe('"requests";q=1;w=60');
    expect(policy(key('g', { requests: null }))).toBeUndefined();
    expect(policy(key('d', {}, 'auditor'), 'opened')).toBeUndefined();
    expect(policy(LOCAL_PRINCIPAL)).toBeUndefined();
  });

  it('is counted apart for each principal and each name, and refusals are counted', () => {
    const { isAdmitted, refused } = limiting({ events: 6, requests: 6 });
    const [a, b] = [key('a'), key('b')];
    expect([isAdmitted(a), isAdmitted(a), isAdmitted(b), isAdmitted(a, 'requests')]).toEqual([true, false, true, true]);
    // Read again from the store, it is the same principal.
    expect(isAdmitted({ ...a })).toBe(false);
    expect(isAdmitted({ ...a, rate: { events: 60 } })).toBe(true);
    expect(refused).toEqual(['a events', 'a events']);
  });

  it('takes a bounded memory: beyond 10,000 principals, those that owe nothing are forgotten', () => {
    const { time, isAdmitted, attempt } = limiting({ events: 60 });
    const debtor = key('debtor');
    (attempt(debtor) as Admission).count(10_000);
    for (let n = 0; n < 10_001; n += 1) isAdmitted(key(`${n}`));
    time.now += 10_000;
    for (let n = 0; n < 10_001; n += 1) isAdmitted(key(`more ${n}`));
    expect(isAdmitted(debtor)).toBe(false);
  });

  it('holds on average for every sequence of batches and pauses', () => {
    const step = fc.record({ points: fc.integer({ min: 1, max: 500 }), pauseMs: fc.integer({ min: 0, max: 5_000 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const { time, attempt } = limiting();
        const shop = key('shop', { events: 6_000 });
        let admitted = 0;
        for (const { points, pauseMs } of steps) {
          const admission = attempt(shop);
          if (!(admission instanceof Error)) {
            admission.count(points);
            admitted += points;
          }
          time.now += pauseMs;
        }
        // What is refilled, the bucket that was full at first, and the last batch that was let in with one token left.
        expect(admitted).toBeLessThanOrEqual((time.now - 1_000) / 10 + 1_000 + 500);
      }),
    );
  });
});
