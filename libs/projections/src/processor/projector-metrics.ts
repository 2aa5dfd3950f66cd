import { Counter, Gauge, type Registry } from 'prom-client';
import type { Projector } from './projector.js';
import type { ProjectorStatus } from './status.js';

/** One status serves all figures of one scrape. */
const STATUS_MS = 500;
/** A database that answers later than this counts as away: a scrape must not take as long as a connection may. */
const ANSWER_MS_MAX = 2_000;

const lateAnswer = (): Promise<null> =>
  new Promise((resolve) => setTimeout(() => resolve(null), ANSWER_MS_MAX).unref());

/**
 * Figures of the projector for Prometheus, read at each scrape. While the database does not answer, they are absent, and a scrape still returns
 * all others.
 */
export function registerProjectorMetrics(register: Registry, projector: Pick<Projector, 'status'>): void {
  let reading: Promise<ProjectorStatus | null> | null = null;
  const read = (): Promise<ProjectorStatus | null> => {
    if (reading === null) {
      reading = Promise.race([projector.status(), lateAnswer()]).catch(() => null);
      setTimeout(() => (reading = null), STATUS_MS).unref();
    }
    return reading;
  };
  const gauge = (name: string, help: string, value: (status: ProjectorStatus) => number) =>
    new Gauge({
      name,
      help,
      registers: [register],
      async collect() {
        const status = await read();
        if (status === null) this.remove();
        else this.set(value(status));
      },
    });
  const counter = (name: string, help: string, value: (status: ProjectorStatus) => number) =>
    new Counter({
      name,
      help,
      registers: [register],
      async collect() {
        const status = await read();
        if (status === null) return this.remove();
        this.reset();
        this.inc(value(status));
      },
    });
  new Gauge({
    name: 'perennial_projector_database_up',
    help: '1 while the database of the read models answers, 0 while it does not',
    registers: [register],
    async collect() {
      this.set((await read()) === null ? 0 : 1);
    },
  });
  gauge(
    'perennial_projector_lag_events',
    'How many events the read models are behind; not a number where the log counts bytes and they are behind',
    (s) => (s.lagUnit === 'events' || s.lag === 0 ? s.lag : Number.NaN),
  );
  gauge(
    'perennial_projector_lag_seconds',
    'How much later the last event of the log was recorded than the last event that the read models hold',
    (s) => s.lagMs / 1_000,
  );
  gauge('perennial_projector_dirty_customers', 'Customers that must be folded again', (s) => s.dirty);
  gauge(
    'perennial_projector_waiting_customers',
    'Customers whose first event is still to come: they are not behind',
    (s) => s.waiting,
  );
  gauge('perennial_projector_parked_customers', 'Customers that could not be folded and are parked', (s) => s.parked);
  gauge('perennial_projector_position', 'The log is indexed up to this position', (s) => s.position);
  counter('perennial_projector_events_total', 'Events indexed', (s) => s.counters.events);
  counter('perennial_projector_folded_total', 'Customers folded', (s) => s.counters.folded);
  counter('perennial_projector_accounts_folded_total', 'Accounts folded', (s) => s.counters.accounts);
  counter('perennial_projector_published_total', 'Stage changes published or retracted', (s) => s.counters.published);
  new Counter({
    name: 'perennial_projector_step_seconds_total',
    help: 'Time spent on each step of the projector',
    labelNames: ['step'],
    registers: [register],
    async collect() {
      const stepMs: Readonly<Record<string, number>> = (await read())?.stepMs ?? {};
      this.reset();
      for (const [step, ms] of Object.entries(stepMs)) this.inc({ step }, ms / 1_000);
    },
  });
}
