import type { EventLog } from './port.js';
import { wrappedLog } from './wrapped-log.js';

/** The same log, which reports how long each append took, from the call to its outcome, in milliseconds. */
export function timedLog(log: EventLog, onCommit: (elapsedMs: number) => void): EventLog {
  return wrappedLog(log, {
    answer: async (call, name) => {
      if (name !== 'append' && name !== 'appendMany') return call();
      const begun = performance.now();
      try {
        return await call();
      } finally {
        onCommit(performance.now() - begun);
      }
    },
  });
}
