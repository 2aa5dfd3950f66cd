import { uptime } from 'node:os';

/** The time in UTC milliseconds: injected, so that a test can fix it. */
export interface Clock {
  now(): number;
  /**
   * Milliseconds since some moment, by a counter that cannot be set and that counts on while the machine sleeps; absent where there is none. Only
   * differences mean anything.
   */
  elapsed?(): number;
}

export const SYSTEM_CLOCK: Clock = { now: () => Date.now(), elapsed: () => uptime() * 1_000 };
