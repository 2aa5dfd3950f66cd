import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { InFlight } from './http/in-flight.js';
import type { IngestResult } from './pipeline/item.js';

/** Counts every ingested batch. */
export function ingestionMetrics(registry: Registry): (result: IngestResult) => void {
  const registers = [registry];
  const events = new Counter({
    name: 'perennial_intake_events_total',
    help: 'Events received, by outcome.',
    labelNames: ['outcome'],
    registers,
  });
  const batches = new Histogram({
    name: 'perennial_intake_batch_events',
    help: 'Events in a batch.',
    buckets: [1, 10, 100, 1_000, 10_000],
    registers,
  });
  const warnings = new Counter({
    name: 'perennial_intake_warnings_total',
    help: 'Accepted events that are likely meant otherwise, by the kind of warning: senders over HTTP are told which fields.',
    labelNames: ['code'],
    registers,
  });
  return ({ counts: { received, ...outcomes }, warnings: told }) => {
    batches.observe(received);
    for (const { code, count } of told) warnings.inc({ code }, count);
    for (const [outcome, count] of Object.entries(outcomes)) if (count > 0) events.inc({ outcome }, count);
  };
}

/** Shows the requests in progress, the bytes of their bodies, and for how long the oldest has been in progress. */
export function inFlightMetrics(registry: Registry, inFlight: InFlight): void {
  new Gauge({
    name: 'perennial_intake_in_flight_bytes',
    help: 'Bytes of request bodies being ingested.',
    registers: [registry],
    collect() {
      this.set(inFlight.bytes);
    },
  });
  new Gauge({
    name: 'perennial_intake_in_flight_requests',
    help: 'Requests being ingested.',
    registers: [registry],
    collect() {
      this.set(inFlight.requests);
    },
  });
  new Gauge({
    name: 'perennial_intake_oldest_request_seconds',
    help: 'For how long the oldest request being ingested has been in progress; 0 where there is none.',
    registers: [registry],
    collect() {
      this.set(inFlight.oldestMs / 1_000);
    },
  });
}
