import type { Readable } from 'node:stream';
import { Problem } from '../problems/problem.js';

export interface ArrivalLimits {
  /** In each such time at least `WINDOW_BYTES` of a body must arrive, or its end. */
  readonly idleMs: number;
  /** A body that is read as a whole must have arrived within this time. */
  readonly totalMs: number;
}

/** Fewer bytes in one window are silence: a client that drips holds its place as one that sends nothing. */
const WINDOW_BYTES = 1_024;
/** How often the bodies that are still arriving are looked at. */
const CHECK_MS_MAX = 1_000;

/** A body that is arriving. */
export interface Arriving {
  /** Counts bytes that have arrived. */
  received(bytes: number): void;
  /** The body has arrived, or is not waited for any more. */
  end(): void;
}

interface Watched {
  readonly source: Readable;
  readonly isStream: boolean;
  readonly startedAt: number;
  windowAt: number;
  windowBytes: number;
  readonly fail: (problem: Problem) => void;
}

/** Ends the wait for bodies that do not arrive: one timer watches all of them. */
export class Arrivals {
  private readonly watched = new Set<Watched>();
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly limits: ArrivalLimits,
    private readonly now: () => number = () => performance.now(),
  ) {}

  /** How long the oldest body has been arriving, in milliseconds. */
  get oldestMs(): number {
    const [oldest] = this.watched;
    return oldest === undefined ? 0 : this.now() - oldest.startedAt;
  }

  /** Watches a body. Of a stream, which may be of any length, only silence is an error; while we do not read, the silence is ours. */
  watch(source: Readable, isStream: boolean, fail: (problem: Problem) => void): Arriving {
    const now = this.now();
    const entry: Watched = { source, isStream, startedAt: now, windowAt: now, windowBytes: 0, fail };
    this.watched.add(entry);
    this.timer ??= setInterval(() => this.check(), Math.min(CHECK_MS_MAX, this.limits.idleMs / 2)).unref();
    return {
      received(bytes) {
        entry.windowBytes += bytes;
      },
      end: () => this.forget(entry),
    };
  }

  private forget(entry: Watched): void {
    this.watched.delete(entry);
    if (this.watched.size > 0 || this.timer === null) return;
    clearInterval(this.timer);
    this.timer = null;
  }

  private check(): void {
    const now = this.now();
    const { idleMs, totalMs } = this.limits;
    for (const entry of this.watched) {
      const isLate = !entry.isStream && now - entry.startedAt > totalMs;
      const isIdle = now - entry.windowAt >= idleMs && entry.windowBytes < WINDOW_BYTES && isWaitedFor(entry);
      if (isLate || isIdle) {
        this.forget(entry);
        entry.fail(timeout(isLate ? totalMs : idleMs, isLate));
      } else if (now - entry.windowAt >= idleMs) {
        entry.windowAt = now;
        entry.windowBytes = 0;
      }
    }
  }
}

/** Whether the client is silent, and not we who do not read. */
const isWaitedFor = ({ source }: Watched): boolean => source.readableLength === 0 && !source.isPaused();

function timeout(ms: number, isLate: boolean): Problem {
  const seconds = Math.ceil(ms / 1_000);
  return new Problem(408, {
    type: 'body-timeout',
    detail: isLate
      ? `The body did not arrive within ${seconds} seconds: send it again, in several parts or over a faster connection.`
      : `Less than ${WINDOW_BYTES} bytes of the body arrived in ${seconds} seconds: send it again.`,
    headers: { connection: 'close' },
  });
}
