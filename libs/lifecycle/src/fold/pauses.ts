import type { Instant } from '#contracts';
import type { State } from './state.js';

/** By how many milliseconds ended pauses have postponed the deadlines that run since an instant. */
export function pausedSince(state: State, since: Instant): number {
  let sum = 0;
  for (const [from, until] of state.pauses) if (until > since) sum += until - Math.max(from, since);
  return sum;
}
