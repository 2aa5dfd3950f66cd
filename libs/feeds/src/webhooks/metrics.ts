import { Counter, Gauge, type Registry } from 'prom-client';
import { FailureLog, type Clock, type Logger } from '#platform';
import type { DispatcherObserver } from './dispatcher.js';
import type { EndpointRecord, Endpoints } from './endpoints.js';
import { lagSeconds } from './views.js';

/** For so long one read of the endpoints serves all gauges: all those of one scrape. */
const READ_MS = 500;

/** Registers gauges of each endpoint, which are read from the database at every scrape. */
export function registerWebhookMetrics(register: Registry, endpoints: Endpoints, clock: Clock): void {
  let current: Promise<readonly EndpointRecord[]> | null = null;
  const read = (): Promise<readonly EndpointRecord[]> => {
    if (current === null) {
      // Where the database does not answer, a scrape still returns the other metrics.
      current = endpoints.list().catch(() => []);
      setTimeout(() => (current = null), READ_MS).unref();
    }
    return current;
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
  gauge('perennial_webhooks_pending', 'Messages pending for an endpoint', ({ pending }) => pending);
  gauge('perennial_webhooks_lag_seconds', 'Age of the oldest message pending for an endpoint', (endpoint) =>
    lagSeconds(endpoint, clock.now()),
  );
  gauge('perennial_webhooks_dead_letters', 'Dead letters of an endpoint', ({ deadLetters }) => deadLetters);
  gauge('perennial_webhooks_failures_in_a_row', 'Failed attempts in a row', ({ failures }) => failures);
  gauge('perennial_webhooks_missed', 'Messages that only a replay sends to an endpoint', ({ missed }) => missed);
  gauge(
    'perennial_webhooks_active',
    '1 for an active endpoint, 0 for one that is paused, suspended, failed or gone',
    ({ status }) => (status === 'active' ? 1 : 0),
  );
}

/** Counts delivered messages and failed attempts, and logs failures. */
export function webhookObserver(register: Registry, logger: Logger): DispatcherObserver {
  const messages = new Counter({
    ...{ name: 'perennial_webhooks_messages_total', help: 'Messages that endpoints accepted', registers: [register] },
    labelNames: ['endpoint'],
  });
  const failures = new Counter({
    ...{ name: 'perennial_webhooks_failures_total', help: 'Failed attempts', registers: [register] },
    labelNames: ['endpoint'],
  });
  const failureLog = new FailureLog(logger, 'The webhook dispatcher');
  return {
    delivered: (endpoint, { delivered, failure, deadLetters }) => {
      messages.inc({ endpoint }, delivered);
      if (failure === null) return;
      failures.inc({ endpoint });
      logger.warn({ endpoint, reason: failure, deadLetters }, 'A webhook was not delivered.');
    },
    said: (sentence) => logger.warn(sentence),
    failed: (error, retryInMs) => failureLog.failed(error, retryInMs),
    succeeded: () => failureLog.succeeded(),
  };
}
