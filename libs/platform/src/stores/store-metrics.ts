import { Counter, Gauge, type Registry } from 'prom-client';
import type { StoreWatch, WatchedWork } from './store-watch.js';

/** Registers the metrics of what a process waits for: how often its stores failed, and for how long they have not answered. */
export function registerStoreMetrics(watch: StoreWatch, metrics: Registry): void {
  new Gauge({
    name: 'perennial_store_waiting_seconds',
    help: 'For how long calls of this store have failed without an answer; 0 while it answers',
    labelNames: ['store', 'work'],
    registers: [metrics],
    collect() {
      for (const { watched, failingForMs } of watch.waits) this.set(labelsOf(watched), failingForMs / 1_000);
    },
  });
  const failures = new Counter({
    name: 'perennial_store_failures_total',
    help: 'Calls of a store that failed because it did not answer, or could not be reached, and are tried again',
    labelNames: ['store', 'work'],
    registers: [metrics],
  });
  watch.countedBy({
    begun: (work) => failures.inc(labelsOf(work), 0),
    failed: (work) => failures.inc(labelsOf(work)),
  });
}

const labelsOf = ({ store, work }: WatchedWork): { readonly store: string; readonly work: string } => ({ store, work });
