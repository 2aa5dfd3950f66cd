import { streamOfFact } from '#contracts';
import type { EventLog } from '#event-log';
import type { TypeContracts } from './type-contracts.js';
import { registeredTypes } from './register-type.js';

/** How often a process reads the registrations of other processes. */
const POLL_MS = 1_000;

/**
 * Keeps the contracts up to date with the types that other processes register, until it is stopped. An event of a new type that arrives
 * before the next poll is quarantined as unknown, and can be released.
 */
export function followTypes(log: EventLog, contracts: TypeContracts): { stop(): Promise<void> } {
  let nextRevision = 0;
  let polling: Promise<void> = Promise.resolve();
  const poll = async (): Promise<void> => {
    let last: number | null = null;
    for await (const page of log.read(streamOfFact('type-registered'), nextRevision))
      last = page.at(-1)?.revision ?? last;
    if (last === null) return;
    contracts.replace(await registeredTypes(log));
    nextRevision = last + 1;
  };
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    // The log's own health check reports a log that is unavailable; the next poll tries again.
    polling = poll()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, POLL_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return polling;
    },
  };
}
