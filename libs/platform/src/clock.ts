/** Tells the time in UTC milliseconds: injected, so that a test can hold it still. */
export interface Clock {
  now(): number;
}

export const SYSTEM_CLOCK: Clock = { now: () => Date.now() };
