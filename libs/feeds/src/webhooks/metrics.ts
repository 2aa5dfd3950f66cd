import { Counter, Gauge, type Registry } from 'prom-client';
import type { Clock, Logger } from '#platform';
import type { DispatcherObserver } from './dispatcher.js';
import type { EndpointRecord, Endpoints } from './endpoints.js';
import { lagSeconds } from './views.js';

/** One reading serves all figures of one scrape. */
const READING_MS = 500;

/** How the endpoints fare, for Prometheus: read when it is asked for. */
export function registerWebhookMetrics(register: Registry, endpoints: Endpoints, clock: Clock): void {
  let reading: Promise<readonly EndpointRecord[]> | null = null;
  const read = (): Promise<readonly EndpointRecord[]> => {
    if (reading === null) {
      // Where the database is away, the other figures are still told.
      reading = endpoints.list().catch(() => []);
      setTimeout(() => (reading = null), READING_MS).unref();
    }
    return reading;
  };
  const gauge = (name: string, help: string, value: (endpoint: EndpointRecord) => number) =>
    new Gauge({
      ...{ name, help, labelNames: ['endpoint'], registers: [register] },
      async collect() {
        const all = await read();
        this.reset();
        for (const endpoint of all) this.set({ endpoint: endpoint.id }, value(endpoint));
      },
    });
  gauge('perennial_webhooks_waiting', 'Messages that wait for an endpoint', ({ waiting }) => waiting);
  gauge(
    'perennial_webhooks_lag_seconds',
    'For how long the oldest message that waits for an endpoint has waited',
    (e) => lagSeconds(e, clock.now()),
  );
  gauge('perennial_webhooks_dead_letters', 'Messages to an endpoint that were given up', (e) => e.deadLetters);
  gauge('perennial_webhooks_failures_in_a_row', 'Tries in a row that were in vain', ({ failures }) => failures);
  gauge('perennial_webhooks_missed', 'Messages that an endpoint is told by a replay alone', (e) => e.missed);
  gauge(
    'perennial_webhooks_active',
    '1 where an endpoint is sent to, 0 where it is paused, suspended or was given up',
    (e) => (e.status === 'active' ? 1 : 0),
  );
}

/** Counts what is delivered, and tells the log what is not. */
export function watchingWebhooks(register: Registry, logger: Logger): DispatcherObserver {
  const messages = new Counter({
    ...{ name: 'perennial_webhooks_messages_total', help: 'Messages that endpoints took', registers: [register] },
    labelNames: ['endpoint'],
  });
  const failures = new Counter({
    ...{ name: 'perennial_webhooks_failures_total', help: 'Tries that were in vain', registers: [register] },
    labelNames: ['endpoint'],
  });
  return {
    delivered: (endpoint, { taken, failure, deadLetters }) => {
      messages.inc({ endpoint }, taken);
      if (failure === null) return;
      failures.inc({ endpoint });
      logger.warn({ endpoint, reason: failure, deadLetters }, 'A webhook was not taken.');
    },
    failed: (error, waitMs) => {
      const reason = error instanceof Error ? error.message : String(error);
      logger.warn({ reason, waitMs }, 'Webhooks could not be carried; trying again.');
    },
  };
}
