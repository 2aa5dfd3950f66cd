import { HOUR } from '#contracts';
import type { Instant } from '#contracts';

/** A change further back than this is published as history, and calls for no action. */
const HISTORICAL_AFTER_MS = 24 * HOUR;

/** What happened before this instant is history, and what happened at it or later is not. */
export function historyEnds(now: Instant): Instant {
  return now - HISTORICAL_AFTER_MS;
}
