import type { Instant } from '#contracts';
import type { RecordedEvent } from '../port.js';
import { eventUuid, NO_MARK, type IdTable, type KnownId, type Mark } from './ids.js';

/**
 * The id table in memory, for a log that one short-lived process reads from its beginning: specs, and tools that copy a
 * log. It knows what it was given by `index`, in the order of the log, and nothing after the process has ended.
 */
export class MemoryIdTable implements IdTable {
  readonly #known = new Map<string, KnownId>();
  readonly #duplicates: number[] = [];
  readonly #marks: Mark[] = [];

  /** Takes the next page of the log in, as the indexer does: events with their content hashes, none left out. */
  index(events: readonly RecordedEvent[]): void {
    let { position, recordedAt } = this.#marks.at(-1) ?? NO_MARK;
    for (const event of events) {
      if (event.position <= position) continue;
      if (event.contentHash === undefined) throw new Error('Read the log with its content hashes to index it.');
      const uuid = eventUuid(event);
      if (this.#known.has(uuid)) this.#duplicates.push(event.position);
      else this.#known.set(uuid, { position: event.position, contentHash: event.contentHash });
      position = event.position;
      recordedAt = Math.max(recordedAt, event.recordedAt);
    }
    if (position > (this.#marks.at(-1) ?? NO_MARK).position) this.#marks.push({ position, recordedAt });
  }

  /** Up to where the log was indexed. */
  get position(): number {
    return (this.#marks.at(-1) ?? NO_MARK).position;
  }

  async lookup(
    uuids: readonly string[],
  ): Promise<{ readonly known: readonly (KnownId | null)[]; readonly upTo: number }> {
    return { known: uuids.map((uuid) => this.#known.get(uuid) ?? null), upTo: this.position };
  }

  async duplicates(after: number): Promise<readonly number[]> {
    return this.#duplicates.filter((position) => position > after);
  }

  async markAt(position: number): Promise<Mark> {
    return this.#marks.findLast((mark) => mark.position <= position) ?? NO_MARK;
  }

  async markBy(knownAt: Instant): Promise<Mark> {
    return this.#marks.findLast((mark) => mark.recordedAt <= knownAt) ?? NO_MARK;
  }
}
