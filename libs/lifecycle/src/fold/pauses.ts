import type { Instant } from '#contracts';
import type { State } from './state.js';

/** How long, since an instant, pauses that are over have held its deadlines up, in milliseconds. */
export function pausedSince(state: State, since: Instant): number {
  let sum = 0;
  for (const [from, until] of state.pauses) if (until > since) sum += until - Math.max(from, since);
  return sum;
}
