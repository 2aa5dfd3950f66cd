import { HOUR } from '#contracts';
import type { Instant } from '#contracts';
import type { Epoch } from '../fitting/epoch.js';

/** A change further back than this is published as history, and calls for no action. */
const HISTORICAL_AFTER_MS = 24 * HOUR;

/**
 * What happened before this instant is history, and what happened at it or later is not. What happened before an epoch began is history too: the epoch
 * before may have published it, and called for its actions.
 */
export function historyEnds(now: Instant, { beganAt }: Pick<Epoch, 'beganAt'>): Instant {
  return Math.max(now - HISTORICAL_AFTER_MS, beganAt);
}
