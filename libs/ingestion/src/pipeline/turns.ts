import { setImmediate as immediate } from 'node:timers/promises';

/** Work of so many events, or on so many bytes of text, is one turn: then other requests have theirs. */
export const TURN = { events: 1_000, bytes: 64 * 1024 } as const;

/** Long work in steps, each of which says how much it was: in bytes of text that take about as long to read. Its result comes last. */
export type Steps<Result> = Generator<number, Result>;

/** The result of work that need not be interrupted. */
export function finished<Result>(steps: Steps<Result>): Result {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
  }
}

/** Divides long work on the event loop into turns. Work asks after each event whether its turn is over, and waits only then. */
export class Turns {
  private events = 0;
  private bytes = 0;

  constructor(
    /** Lets everything run that waits. */
    readonly next: () => Promise<unknown> = immediate,
  ) {}

  /** Counts an event, and the bytes that it came in; whether the turn is over with it. */
  isOver(bytes = 0): boolean {
    this.events += 1;
    this.bytes += bytes;
    if (this.events < TURN.events && this.bytes < TURN.bytes) return false;
    this.events = 0;
    this.bytes = 0;
    return true;
  }

  /** The result of work in steps, with a pause where a turn is over. */
  async through<Result>(steps: Steps<Result>): Promise<Result> {
    for (;;) {
      const step = steps.next();
      if (step.done === true) return step.value;
      this.bytes += step.value;
      if (this.bytes < TURN.bytes) continue;
      this.events = 0;
      this.bytes = 0;
      await this.next();
    }
  }
}
