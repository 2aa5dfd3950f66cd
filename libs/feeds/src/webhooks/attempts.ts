/** How a message is tried: how often, and with how much time between. */
export interface AttemptSchedule {
  /** Where the endpoint says that it does not want this message (400, 413, 415, 422). */
  readonly rejected: number;
  /** Where it is not well: silent, out of reach, or answering anything else. */
  readonly failing: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** An endpoint that took nothing for so long, though it was tried, is given up. */
  readonly givenUpAfterMs: number;
  /** For one try, from the first byte to the answer. */
  readonly timeoutMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An endpoint may be away for a night and more; a message that it does not want holds up the others for a minute or two. */
export const ATTEMPT_SCHEDULE: AttemptSchedule = {
  rejected: 5,
  failing: 30,
  firstWaitMs: 5_000,
  longestWaitMs: HOUR,
  givenUpAfterMs: 5 * 24 * HOUR,
  timeoutMs: 15_000,
};

/** Longer than this nobody can have us wait. */
const WAIT_MS_MAX = 24 * HOUR;

/** How long to wait after so many failures in a row: doubled each time, and somewhere between half and all of it, so that not all come back at once. */
export function waitAfter(
  failures: number,
  { firstWaitMs, longestWaitMs }: Pick<AttemptSchedule, 'firstWaitMs' | 'longestWaitMs'>,
  random: number,
): number {
  const whole = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(40, failures - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}

/** What a `Retry-After` says, in milliseconds from now: seconds, or a date of HTTP. Null where it says nothing of use. */
export function parseWait(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : NaN;
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : at - now;
  return Number.isFinite(waitMs) && waitMs > 0 ? Math.min(waitMs, WAIT_MS_MAX) : null;
}
