import { memoryLog } from '#testing';
import { eventLogConformance } from './index.js';

/** The model itself passes: other logs are compared with it. */
eventLogConformance(
  'the log in memory',
  async () => {
    const clock = { at: Date.UTC(2026, 0, 1), now: () => clock.at };
    return { log: memoryLog({ clock }), clock, dense: true, close: async () => {} };
  },
  () => memoryLog(),
);
