/** How often a message is sent to an endpoint before it becomes a dead letter, and with which pauses. */
export interface AttemptSchedule {
  /** Attempts where the endpoint rejects the message itself (400, 413, 415, 422). */
  readonly rejected: number;
  /** Attempts where the endpoint is failing: no answer, no connection, or any other status. */
  readonly failing: number;
  readonly firstWaitMs: number;
  readonly longestWaitMs: number;
  /** An endpoint that accepted nothing for so long, in spite of attempts, is given up. */
  readonly givenUpAfterMs: number;
  /** For one attempt, from the first byte to the answer. */
  readonly timeoutMs: number;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

/** An endpoint may be down for a night and more; a message that it rejects holds up the others for a minute or two. */
export const ATTEMPT_SCHEDULE: AttemptSchedule = {
  rejected: 5,
  failing: 30,
  firstWaitMs: 5_000,
  longestWaitMs: HOUR,
  givenUpAfterMs: 5 * 24 * HOUR,
  timeoutMs: 15_000,
};

/** The longest pause that an endpoint's Retry-After can demand. */
const RETRY_AFTER_MS_MAX = 24 * HOUR;

/** The pause after so many failures in a row: doubled each time, and then a random share from half to all of it, so that retries spread out. */
export function waitAfter(
  failures: number,
  { firstWaitMs, longestWaitMs }: Pick<AttemptSchedule, 'firstWaitMs' | 'longestWaitMs'>,
  random: number,
): number {
  const whole = Math.min(longestWaitMs, firstWaitMs * 2 ** Math.min(40, failures - 1));
  return Math.round(whole / 2 + (whole / 2) * random);
}

/** A `Retry-After` header in milliseconds from now: seconds, or an HTTP date. Null where it is absent, past or not valid. */
export function parseRetryAfter(header: string | undefined, now: number): number | null {
  if (header === undefined) return null;
  const text = header.trim();
  const at = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/.test(text) ? Date.parse(text) : NaN;
  const waitMs = /^\d{1,9}$/.test(text) ? Number(text) * 1_000 : at - now;
  return Number.isFinite(waitMs) && waitMs > 0 ? Math.min(waitMs, RETRY_AFTER_MS_MAX) : null;
}
