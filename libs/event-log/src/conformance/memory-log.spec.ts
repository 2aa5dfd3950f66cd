import { memoryLog } from '#testing';
import { eventLogConformance } from './event-log-conformance.js';

/** The model itself passes, so that it may judge others. */
eventLogConformance(
  'the log in memory',
  async () => {
    const clock = { at: Date.UTC(2026, 0, 1), now: () => clock.at };
    return { log: memoryLog({ clock }), clock, dense: true, close: async () => {} };
  },
  () => memoryLog(),
);
