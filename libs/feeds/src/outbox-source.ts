import type { Instant } from '#contracts';
import type { Database } from '#database';
import type { OutboxMessage } from './outbox-message.js';
import type { RoundRobinCursor } from './relay/outbox.js';

/** Where a feed's messages come from: a table of pending messages, and a table from which published ones can be replayed. */
export interface OutboxSource {
  /** SQL condition: true while messages are pending. */
  readonly pending: string;
  /**
   * Passes one batch of pending messages to `publish`, each customer's in order, and marks them as published once `publish` resolves. Returns
   * the number of messages. Delivery is at least once: a relay that dies between publishing and marking publishes the same messages again, with
   * the same ids. `cursor` is where the last batch ended, and is moved to where this one ends.
   */
  drain(
    database: Database,
    publish: (messages: readonly OutboxMessage[]) => Promise<void>,
    now: () => Instant,
    cursor: RoundRobinCursor,
  ): Promise<number>;
  /** Every published message that rests on the log from this position on, customer by customer, with its original id. */
  replay(database: Database, fromPosition: number): AsyncIterable<readonly OutboxMessage[]>;
}
