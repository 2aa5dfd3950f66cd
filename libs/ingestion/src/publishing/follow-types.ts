import { streamOfFact } from '#contracts';
import type { EventLog } from '#event-log';
import type { TypeContracts } from '../pipeline/type-contracts.js';
import { registeredTypes } from './register-type.js';

/** Another intake looks this often for types that were registered elsewhere. */
const LOOK_MS = 1_000;

/**
 * Keeps the contracts up with the types that other processes register, until it is stopped. An event of a type that came
 * between two looks is quarantined as unknown, and can be released.
 */
export function followTypes(log: EventLog, contracts: TypeContracts): { stop(): Promise<void> } {
  let next = 0;
  let looking: Promise<void> = Promise.resolve();
  const look = async (): Promise<void> => {
    let last: number | null = null;
    for await (const page of log.read(streamOfFact('type-registered'), next)) last = page.at(-1)?.revision ?? last;
    if (last === null) return;
    contracts.replace(await registeredTypes(log));
    next = last + 1;
  };
  let busy = false;
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    // A log that is gone is told of by its health; it is looked at again in a second.
    looking = look()
      .catch(() => undefined)
      .finally(() => {
        busy = false;
      });
  }, LOOK_MS);
  timer.unref();
  return {
    stop: () => {
      clearInterval(timer);
      return looking;
    },
  };
}
