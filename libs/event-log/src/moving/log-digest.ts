import { createHash } from 'node:crypto';
import type { MovedEvent } from './moved-event.js';

/**
 * A digest over a whole log: every event, in the order of the log, with everything that is told of it. It knows no positions, which each kind
 * of log gives in its own way; the order says the same. Two logs of one digest hold the same events in the same order, each stream's too.
 */
export class LogDigest {
  private readonly hash = createHash('sha256');
  private count = 0;

  add(event: MovedEvent): void {
    this.hash.update(`${lineOf(event)}\n`);
    this.count += 1;
  }

  get events(): number {
    return this.count;
  }

  /** Ends it: 64 hex characters. */
  end(): string {
    return this.hash.digest('hex');
  }
}

/** Everything of an event but where it lies, as one line: equal for equal events. */
export function lineOf(event: MovedEvent): string {
  const { stream, source, id, type, schemaVersion, occurredAt, recordedAt, contentHash, meta, data } = event;
  const hash = Buffer.from(contentHash).toString('hex');
  return JSON.stringify([stream, source, id, type, schemaVersion, occurredAt, recordedAt, hash, meta, data]);
}
