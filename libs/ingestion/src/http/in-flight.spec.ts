import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { inFlightMetrics } from '../metrics.js';
import { InFlight } from './in-flight.js';

const inFlight = () => new InFlight({ maxInFlightBytes: 1_000, maxInFlightRequests: 4 });
const statusOf = (act: () => unknown): number => {
  try {
    act();
    return 200;
  } catch (error) {
    return (error as { getStatus(): number }).getStatus();
  }
};

describe('requests in flight', () => {
  it('hold what has arrived, and not what was announced', () => {
    const all = inFlight();
    const silent = ['a', 'b', 'c'].map((key) => all.enter(key, 900));
    expect(all.bytes).toBe(0);
    const other = all.enter('d', 900);
    other.add(900);
    expect(all.bytes).toBe(900);
    for (const lease of [...silent, other, other]) lease.end();
    expect([all.bytes, all.requests]).toEqual([0, 0]);
  });

  it('have an oldest one, whose age the metrics show, whichever of them end', async () => {
    let now = 5_000;
    const all = new InFlight({ maxInFlightBytes: 1_000, maxInFlightRequests: 8 }, () => now);
    const registry = new Registry();
    inFlightMetrics(registry, all);
    const shown = async () => {
      const text = await registry.metrics();
      return ['in_flight_requests', 'oldest_request_seconds'].map((name) =>
        Number(new RegExp(`^perennial_intake_${name} (\\S+)$`, 'm').exec(text)?.[1]),
      );
    };
    expect(await shown()).toEqual([0, 0]);
    const first = all.enter('a');
    now += 2_000;
    const second = all.enter('b');
    now += 30_000;
    expect(await shown()).toEqual([2, 32]);
    first.end();
    first.end();
    expect(await shown()).toEqual([1, 30]);
    second.end();
    expect(await shown()).toEqual([0, 0]);
  });

  it('of one key leave room for those of another', () => {
    const all = inFlight();
    all.enter('greedy');
    all.enter('greedy');
    expect(statusOf(() => all.enter('greedy'))).toBe(429);
    const other = all.enter('other');
    all.enter('other');
    expect(statusOf(() => all.enter('third'))).toBe(429);
    other.end();
    expect(statusOf(() => all.enter('third'))).toBe(200);
  });

  it('are ended where their bytes are more than the process can hold, or more than the share of the key', () => {
    const all = inFlight();
    const first = all.enter('a');
    first.add(400);
    expect(statusOf(() => all.enter('b', 700))).toBe(503);
    const second = all.enter('a');
    expect(statusOf(() => second.add(200))).toBe(503);
    second.end();
    const other = all.enter('b');
    expect(statusOf(() => other.add(500))).toBe(200);
    expect(statusOf(() => other.add(200))).toBe(503);
    other.end();
    expect(all.bytes).toBe(400);
  });

  it('alone may be as large as a body may be', () => {
    const alone = inFlight().enter('a', 5_000);
    expect(statusOf(() => alone.add(5_000))).toBe(200);
  });
});
