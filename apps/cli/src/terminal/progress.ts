import type { Clock } from '#platform';
import { formatNumber, formatDuration } from './format.js';

/** Where progress is written: stderr, so that it does not mix with the answer. */
export interface ProgressStream {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

const BAR_WIDTH = 24;
const REDRAW_MS = 100;
const LINE_EVERY_MS = 5_000;

export interface ProgressReading {
  /** How much is done, in the unit of `total`: bytes of a file, say. */
  readonly done: number;
  readonly total: number | null;
  /** What the rate counts, where that is not `done`. */
  readonly items?: number;
}

/**
 * A bar with rate and time left on a terminal; elsewhere a line every five seconds. The first reading is the start: what an earlier run had done
 * counts in the bar, but not in the rate.
 */
export class Progress {
  private readonly startedAt: number;
  private drawnAt = -Infinity;
  private first: ProgressReading | null = null;
  private last: ProgressReading | null = null;
  private drawn = false;

  constructor(
    private readonly title: string,
    private readonly unit: string,
    private readonly stream: ProgressStream,
    private readonly clock: Clock,
  ) {
    this.startedAt = clock.now();
  }

  update(reading: ProgressReading): void {
    this.first ??= reading;
    this.last = reading;
    const now = this.clock.now();
    const tty = this.stream.isTTY === true;
    if (!tty && this.drawnAt === -Infinity) this.drawnAt = this.startedAt;
    if (now - this.drawnAt < (tty ? REDRAW_MS : LINE_EVERY_MS)) return;
    this.drawnAt = now;
    if (tty) this.draw(reading, now);
    else this.stream.write(`${this.title}: ${this.words(reading, now)}\n`);
  }

  /** Removes the bar: the result comes next. */
  end(): void {
    if (this.drawn) this.stream.write('\r\u001b[K');
    this.drawn = false;
  }

  private draw(reading: ProgressReading, now: number): void {
    const share = reading.total === null || reading.total === 0 ? null : Math.min(1, reading.done / reading.total);
    const filled = Math.round((share ?? 0) * BAR_WIDTH);
    const bar = share === null ? '' : `[${'█'.repeat(filled)}${'░'.repeat(BAR_WIDTH - filled)}] `;
    const line = `${this.title} ${bar}${this.words(reading, now)}`;
    this.stream.write(`\r\u001b[K${line.slice(0, Math.max(20, (this.stream.columns ?? 100) - 1))}`);
    this.drawn = true;
  }

  private words(reading: ProgressReading, now: number): string {
    const seconds = Math.max(0.001, (now - this.startedAt) / 1000);
    const items = reading.items ?? reading.done;
    const rate = (items - (this.first?.items ?? this.first?.done ?? 0)) / seconds;
    const parts = [`${formatNumber(items)} ${this.unit}`, `${formatNumber(rate)}/s`];
    if (reading.total !== null && reading.total > 0) {
      parts.unshift(`${Math.min(100, Math.floor((reading.done / reading.total) * 100))} %`);
      const speed = (reading.done - (this.first?.done ?? 0)) / seconds;
      if (speed > 0) parts.push(`${formatDuration(((reading.total - reading.done) / speed) * 1000)} left`);
    }
    return parts.join(' · ');
  }
}
