import { DAY, formatInstant, MINUTE, type Instant } from '#contracts';
import type { Clock } from './clock.js';

/** The clock may differ so far from elapsed time: beyond it, the clock was set, rightly or wrongly. */
const JUMP_MAX = DAY;
/** What is recorded may lie so far ahead of our clock: the clocks of several machines differ a little. */
const AHEAD_MAX = 5 * MINUTE;

/** The newest instants that are recorded, by clocks that were believed before. */
export interface ClockMarks {
  /** When the newest event was recorded; null in an empty log. */
  readonly newestEvent: Instant | null;
  /** Up to when deadlines are persisted; null before the projector caught up for the first time. */
  readonly projectorClock: Instant | null;
}

/** `behind`: what is recorded lies ahead of our clock. `jumped`: the clock was set while the process ran. */
export type ClockState = 'right' | 'behind' | 'jumped';

/** What is known of the clock of this process. */
export interface ClockReport extends ClockMarks {
  readonly state: ClockState;
  /** One sentence: what is wrong and what to do. */
  readonly detail: string;
  readonly now: Instant;
  /** By elapsed time since the clock was right; null where no elapsed time is known. */
  readonly expected: Instant | null;
  /** How far the newest recorded instant lies ahead of the clock; below 0 where it lies behind; null in an empty log. */
  readonly aheadMs: number | null;
}

/**
 * Watches the clock of this process. It is compared with elapsed time: where the two differ by more than a day, the clock was set, and until it
 * returns, or an operator confirms it, nothing is published and no deadline is fired. It is also compared with what is recorded: an instant
 * more than five minutes ahead of it tells that the clock is wrong, or was; then the process is not ready, and goes on. Recorded instants
 * that lie behind tell nothing: a quiet business has an old log.
 *
 * As a `Clock` it is one that was not set: while the clock has jumped, it goes on by elapsed time.
 */
export class ClockGuard implements Clock {
  private anchor: { readonly wall: Instant; readonly elapsed: number };
  private marks: ClockMarks = { newestEvent: null, projectorClock: null };
  /** What is recorded up to here was confirmed: it may lie ahead. */
  private accepted: Instant = -Infinity;

  constructor(private readonly clock: Clock) {
    this.anchor = this.reading();
  }

  /** How far the clock is ahead of elapsed time; below 0 where it is behind. */
  get jumpMs(): number {
    return this.clock.now() - this.expected();
  }

  get jumped(): boolean {
    return Math.abs(this.jumpMs) > JUMP_MAX;
  }

  /** Whether messages may be published, and deadlines fired. */
  get mayPublish(): boolean {
    return !this.jumped;
  }

  now(): Instant {
    return this.jumped ? this.expected() : this.clock.now();
  }

  /** Takes note of what is recorded, and up to where an operator accepted that it lies ahead. */
  see(marks: ClockMarks, accepted: Instant | null): void {
    this.marks = marks;
    if (accepted !== null) this.accepted = Math.max(this.accepted, accepted);
  }

  /** Accepts the clock as it is, and that what is recorded up to now may lie ahead of it. */
  confirm(): void {
    this.anchor = this.reading();
    this.accepted = this.newest() ?? -Infinity;
  }

  report(): ClockReport {
    const now = this.clock.now();
    const newest = this.newest();
    const aheadMs = newest === null ? null : newest - now;
    const expected = this.clock.elapsed === undefined ? null : this.expected();
    const about = { ...this.marks, now, expected, aheadMs };
    if (this.jumped) return { ...about, state: 'jumped', detail: this.jumpText(now) };
    if (newest !== null && now + AHEAD_MAX < newest && newest > this.accepted)
      return { ...about, state: 'behind', detail: this.behindText(now, newest) };
    return { ...about, state: 'right', detail: 'The clock agrees with elapsed time and with what is recorded.' };
  }

  private reading(): { readonly wall: Instant; readonly elapsed: number } {
    return { wall: this.clock.now(), elapsed: this.clock.elapsed?.() ?? 0 };
  }

  private expected(): Instant {
    const { clock, anchor } = this;
    return clock.elapsed === undefined ? clock.now() : Math.round(anchor.wall + (clock.elapsed() - anchor.elapsed));
  }

  private newest(): Instant | null {
    const { newestEvent, projectorClock } = this.marks;
    return newestEvent === null ? projectorClock : Math.max(newestEvent, projectorClock ?? -Infinity);
  }

  private jumpText(now: Instant): string {
    const { jumpMs } = this;
    return (
      `The clock says ${formatInstant(now)}, ${span(Math.abs(jumpMs))} ${jumpMs > 0 ? 'ahead of' : 'behind'} what elapsed time gives (${formatInstant(this.expected())}): ` +
      'nothing is published and no deadline is fired until it is set right, or perennial clock confirm accepts it.'
    );
  }

  private behindText(now: Instant, newest: Instant): string {
    const { newestEvent } = this.marks;
    const what = newest === newestEvent ? 'the newest event was recorded' : 'deadlines were fired';
    return (
      `The clock says ${formatInstant(now)}, and ${what} at ${formatInstant(newest)}, ${span(newest - now)} later: this clock is wrong, or another one was. ` +
      'Set it right; if it is right, perennial clock confirm accepts it.'
    );
  }
}

/** A span of time for people. */
function span(ms: number): string {
  if (ms >= 2 * DAY) return `${Math.round(ms / DAY)} days`;
  const minutes = Math.round(ms / MINUTE);
  return minutes >= 120 ? `${Math.round(minutes / 60)} hours` : `${minutes} minutes`;
}
