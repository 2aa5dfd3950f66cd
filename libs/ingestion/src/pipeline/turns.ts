import { setImmediate as immediate } from 'node:timers/promises';

/** Work of so many events, or on so many bytes of text, is one turn: then other requests have theirs. */
export const TURN = { events: 1_000, bytes: 64 * 1024 } as const;

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
}
