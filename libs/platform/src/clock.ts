/** The time in UTC milliseconds: injected, so that a test can fix it. */
export interface Clock {
  now(): number;
}

export const SYSTEM_CLOCK: Clock = { now: () => Date.now() };
