import { EventLogError, type EventLog } from './port.js';
import { wrappedLog } from './wrapped-log.js';

/**
 * The same log, which tells when a call met damage. Health is asked for the head alone, and a torn page elsewhere is met by the component that reads it: what was met once
 * is remembered until the process ends.
 */
export function watchingForDamage(log: EventLog, onTorn: (error: EventLogError) => void): EventLog {
  const noted = (error: unknown): unknown => {
    if (error instanceof EventLogError && error.code === 'torn') onTorn(error);
    return error;
  };
  return wrappedLog(log, {
    answer: async (call) => {
      try {
        return await call();
      } catch (error) {
        throw noted(error);
      }
    },
    pages: async function* (read) {
      try {
        yield* read();
      } catch (error) {
        throw noted(error);
      }
    },
  });
}
