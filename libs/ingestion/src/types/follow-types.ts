import { streamOfFact } from '#contracts';
import type { EventLog } from '#event-log';
import { Loop } from '#platform';
import type { TypeContracts } from './type-contracts.js';
import { registeredTypes } from './register-type.js';

/** How often a process reads the registrations of other processes, whether the last poll succeeded or not. */
const POLL_MS = 1_000;

/**
 * Keeps the contracts up to date with the types that other processes register, until it is stopped. An event of a new type that arrives
 * before the next poll is quarantined as unknown, and can be released.
 */
export function followTypes(log: EventLog, contracts: TypeContracts): { stop(): Promise<void> } {
  let nextRevision = 0;
  const poll = async (): Promise<number> => {
    let last: number | null = null;
    for await (const page of log.read(streamOfFact('type-registered'), nextRevision))
      last = page.at(-1)?.revision ?? last;
    if (last !== null) {
      contracts.replace(await registeredTypes(log));
      nextRevision = last + 1;
    }
    return POLL_MS;
  };
  // The log's own health check reports a log that is unavailable; the next poll tries again.
  const loop = new Loop(poll, { backoff: { firstMs: POLL_MS, maxMs: POLL_MS }, keepsProcessAlive: false });
  loop.start();
  return loop;
}
