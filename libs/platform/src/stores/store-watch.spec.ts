import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Registry } from 'prom-client';
import { StoreWatch } from './store-watch.js';
import { registerStoreMetrics } from './store-metrics.js';

const APPEND = { store: 'event-log', work: 'append', subject: 'Appending to the event log' } as const;

function watched() {
  const lines: [string, object, string][] = [];
  const logger = {
    warn: (facts: object, message: string) => void lines.push(['warn', facts, message]),
    info: (facts: object, message: string) => void lines.push(['info', facts, message]),
  };
  const metrics = new Registry();
  const watch = new StoreWatch({ logger, now: () => Date.now() });
  registerStoreMetrics(watch, metrics);
  return { lines, metrics, watch, wait: watch.of(APPEND) };
}

describe('the watch over the stores', () => {
  beforeEach(() => void jest.useFakeTimers());
  afterEach(() => void jest.useRealTimers());

  it('logs the cause at once, again once a minute although nothing was tried, and how long it took', () => {
    const { lines, wait } = watched();
    wait.failed(new Error('connect ECONNREFUSED'));
    jest.advanceTimersByTime(130_000);
    wait.answered();
    jest.advanceTimersByTime(5_000);
    expect(lines).toEqual([
      ['warn', { cause: 'connect ECONNREFUSED', failures: 1 }, 'Appending to the event log failed, and tries again.'],
      ['warn', { cause: 'connect ECONNREFUSED', failures: 1 }, 'Appending to the event log failed, and tries again.'],
      ['warn', { cause: 'connect ECONNREFUSED', failures: 1 }, 'Appending to the event log failed, and tries again.'],
      ['info', { failures: 1, failedForMs: 130_000 }, 'Appending to the event log works again.'],
    ]);
  });

  it('takes a store that answers between failures for one outage', () => {
    const { lines, wait } = watched();
    for (let n = 0; n < 50; n += 1) {
      wait.failed(new Error('broken'));
      wait.answered();
      jest.advanceTimersByTime(500);
    }
    expect(lines).toHaveLength(1);
    jest.advanceTimersByTime(1_000);
    expect(lines.at(-1)).toEqual([
      'info',
      { failures: 50, failedForMs: 24_500 },
      'Appending to the event log works again.',
    ]);
  });

  it('says for health what has failed for so long, until it is answered steadily', () => {
    const { watch, wait } = watched();
    wait.failed(new Error('broken'));
    jest.advanceTimersByTime(29_000);
    expect(watch.failingFor(30_000)).toBeNull();
    jest.advanceTimersByTime(2_000);
    expect(watch.failingFor(30_000)).toBe('Appending to the event log has failed for 31 s: broken');
    wait.answered();
    jest.advanceTimersByTime(1_000);
    expect(watch.failingFor(30_000)).toBeNull();
  });

  it('counts each failed call, and shows for how long', async () => {
    const { metrics, wait } = watched();
    wait.failed(new Error('broken'));
    wait.failed(new Error('broken'));
    jest.advanceTimersByTime(7_000);
    const text = await metrics.metrics();
    expect(text).toContain('perennial_store_failures_total{store="event-log",work="append"} 2');
    expect(text).toContain('perennial_store_waiting_seconds{store="event-log",work="append"} 7');
  });

  it('names a store that is being opened and does not answer', async () => {
    const { lines, watch } = watched();
    const opening = watch.opening(
      'the event log at esdb://host:2113',
      () => new Promise((resolve) => setTimeout(resolve, 60_000)),
    );
    jest.advanceTimersByTime(2_000);
    expect(lines).toEqual([
      ['warn', {}, 'The process waits for the event log at esdb://host:2113, which has not answered yet.'],
    ]);
    jest.advanceTimersByTime(60_000);
    await opening;
  });
});
