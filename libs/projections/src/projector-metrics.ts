import { Counter, Gauge, type Registry } from 'prom-client';
import type { Projector, ProjectorStatus } from './projector.js';

/** One reading serves all figures of one scrape. */
const READING_MS = 500;

/** Figures of the projector for Prometheus, read when they are asked for. */
export function registerProjectorMetrics(register: Registry, projector: Projector): void {
  let reading: Promise<ProjectorStatus> | null = null;
  const read = (): Promise<ProjectorStatus> => {
    if (reading === null) {
      reading = projector.status();
      setTimeout(() => (reading = null), READING_MS).unref();
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
    'How far the head of the log is above the read models: events on SQLite, positions on EventStoreDB',
    (s) => s.lag,
  );
  gauge('perennial_projector_dirty_customers', 'Customers who must be folded again', (s) => s.dirty);
  gauge(
    'perennial_projector_parked_customers',
    'Customers who could not be folded and were set aside',
    (s) => s.parked,
  );
  gauge('perennial_projector_position', 'The log is indexed up to this position', (s) => s.position);
  counter('perennial_projector_events_total', 'Events indexed', (s) => s.counters.events);
  counter('perennial_projector_folded_total', 'Customers folded', (s) => s.counters.folded);
  counter('perennial_projector_published_total', 'Changes of stage said or taken back', (s) => s.counters.published);
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
