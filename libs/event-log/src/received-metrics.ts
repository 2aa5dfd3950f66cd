import { Counter, type Registry } from 'prom-client';
import type { ReceivedEvents } from './port.js';

/** Registers what a log on a server sent to this process: the first counter divided by the second is how often each event was read. */
export function registerReceived(metrics: Registry, events: ReceivedEvents): void {
  const counter = (name: string, help: string, value: () => number): void => {
    new Counter({
      name,
      help,
      registers: [metrics],
      collect() {
        this.reset();
        this.inc(value());
      },
    });
  };
  counter(
    'perennial_log_events_received_total',
    'Events that the server sent to the subscriptions of this process.',
    () => events.received,
  );
  counter(
    'perennial_log_events_distinct_total',
    'Events that the server sent to this process, each counted once: as many as received where each is read once.',
    () => events.distinct,
  );
}
