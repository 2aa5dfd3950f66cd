import { Gauge, type Registry } from 'prom-client';
import type { CheckResult } from '#platform';
import type { ClockWatch } from './clock-watch.js';

/** Not ready while the clock is not to be trusted: ingestion goes on. */
export function clockHealth(watch: ClockWatch): CheckResult {
  const { state, detail } = watch.report();
  return { ok: state === 'right', detail };
}

/** Figures of the clock for Prometheus. */
export function registerClockMetrics(register: Registry, watch: ClockWatch): void {
  const gauge = (name: string, help: string, value: () => number) =>
    new Gauge({
      ...{ name, help, registers: [register] },
      collect() {
        this.set(value());
      },
    });
  gauge('perennial_clock_right', '1 while the clock is to be trusted, else 0', () =>
    watch.report().state === 'right' ? 1 : 0,
  );
  gauge(
    'perennial_clock_recorded_ahead_seconds',
    'How far the newest recorded instant lies ahead of the clock; below 0 where it lies behind, not a number in an empty log',
    () => (watch.report().aheadMs ?? Number.NaN) / 1_000,
  );
  gauge(
    'perennial_clock_jump_seconds',
    'How far the clock is ahead of elapsed time; below 0 where it is behind',
    () => {
      const { now, expected } = watch.report();
      return (expected === null ? 0 : now - expected) / 1_000;
    },
  );
}
