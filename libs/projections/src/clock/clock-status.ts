import { formatInstant, type Instant } from '#contracts';
import type { ClockState } from '#platform';
import type { ClockWatch } from './clock-watch.js';

/** The state of the clock, as the API and the command line show it: instants in RFC 3339. */
export interface ClockStatus {
  readonly state: ClockState;
  /** One sentence: what is wrong and what to do. */
  readonly detail: string;
  readonly now: string;
  /** What elapsed time gives; null where it is not known. */
  readonly expected: string | null;
  readonly newestEvent: string | null;
  /** Deadlines up to here are persisted. */
  readonly projectorClock: string | null;
  readonly aheadMs: number | null;
  /** The last confirmation of an operator. */
  readonly confirmed: { readonly at: string; readonly by: string } | null;
}

export function clockView(watch: ClockWatch): ClockStatus {
  const { state, detail, now, expected, newestEvent, projectorClock, aheadMs } = watch.report();
  const { confirmation } = watch;
  return {
    ...{ state, detail, now: formatInstant(now), expected: instant(expected) },
    ...{ newestEvent: instant(newestEvent), projectorClock: instant(projectorClock), aheadMs },
    confirmed: confirmation === null ? null : { at: formatInstant(confirmation.confirmedAt), by: confirmation.by },
  };
}

const instant = (at: Instant | null): string | null => (at === null ? null : formatInstant(at));
