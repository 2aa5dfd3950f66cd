import type { ReceivedEvents } from '../port.js';

/** Counts what the server sent to the subscriptions of one log, and how much of it was new. */
export class ReceivedCounts implements ReceivedEvents {
  received = 0;
  distinct = 0;
  #highest = 0;

  /** An event came. Subscriptions that read the same part of the log again bring nothing new. */
  came(position: number): void {
    this.received += 1;
    if (position <= this.#highest) return;
    this.#highest = position;
    this.distinct += 1;
  }
}
