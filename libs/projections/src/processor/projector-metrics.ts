import { Counter, Gauge, type Registry } from 'prom-client';
import type { Projector } from './projector.js';
import type { ProjectorStatus } from './status.js';

/** One status serves all figures of one scrape. */
const STATUS_MS = 500;

/** Figures of the projector for Prometheus, read at each scrape. */
export function registerProjectorMetrics(register: Registry, projector: Projector): void {
  let reading: Promise<ProjectorStatus> | null = null;
  const read = (): Promise<ProjectorStatus> => {
    if (reading === null) {
      reading = projector.status();
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
        this.set(value(await read()));
      },
    });
  const counter = (name: string, help: string, value: (status: ProjectorStatus) => number) =>
    new Counter({
      name,
      help,
      registers: [register],
      async collect() {
        this.reset();
        this.inc(value(await read()));
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
  gauge('perennial_projector_parked_customers', 'Customers that could not be folded and are parked', (s) => s.parked);
  gauge('perennial_projector_position', 'The log is indexed up to this position', (s) => s.position);
  counter('perennial_projector_events_total', 'Events indexed', (s) => s.counters.events);
  counter('perennial_projector_folded_total', 'Customers folded', (s) => s.counters.folded);
  counter('perennial_projector_published_total', 'Stage changes published or retracted', (s) => s.counters.published);
  new Counter({
    name: 'perennial_projector_step_seconds_total',
    help: 'Time spent on each step of the projector',
    labelNames: ['step'],
    registers: [register],
    async collect() {
      const { stepMs } = await read();
      this.reset();
      for (const [step, ms] of Object.entries(stepMs)) this.inc({ step }, ms / 1_000);
    },
  });
}
