import type { Instant } from '#contracts';

/** The day (`YYYY-MM-DD`) of an instant, in UTC. */
export function utcDay(at: Instant): string {
  return new Date(at).toISOString().slice(0, 10);
}
