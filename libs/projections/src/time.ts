import type { Instant } from '#contracts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;

/** The day (`YYYY-MM-DD`) of an instant, in UTC. */
export function utcDay(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
