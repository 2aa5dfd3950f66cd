import {
  eventUuid,
  type AppendItem,
  type EventLog,
  type IdTable,
  type ReadOptions,
  type RecordedEvent,
} from '#event-log';
import { newLogIdentity } from '#platform';

/**
 * A log that does not deduplicate, as EventStoreDB: it stores every event, and readers do not get the events that the id table lists as
 * duplicates. Positions have gaps. It has only those methods of a log that the projections call.
 */
export class LogWithoutDeduplication {
  readonly #events: RecordedEvent[] = [];
  readonly #identity = newLogIdentity();

  constructor(
    private readonly ids: IdTable,
    private readonly now: () => number,
  ) {}

  /** Stores all items, without a check. */
  store(items: readonly AppendItem[]): void {
    for (const { stream, event } of items)
      this.#events.push({
        ...event,
        stream,
        position: (this.#events.at(-1)?.position ?? 0) + 100 + event.data.length,
        revision: this.#events.filter((each) => each.stream === stream).length,
        recordedAt: this.now(),
      });
  }

  /** As the port, with the methods that projections call. */
  asLog(): EventLog {
    const reading = {
      counts: 'bytes',
      readAll: (after: number, options?: ReadOptions) => this.#pages(after, options),
      follow: (after: number, options: ReadOptions) => this.#pages(after, options),
      readStreams: async (streams: readonly string[], { upTo = Infinity, after = 0 } = {}) =>
        (await this.#counting(after, upTo)).filter((event) => streams.includes(event.stream)),
      at: async (position: number) => this.#events.find((event) => event.position === position) ?? null,
      identity: async () => this.#identity,
      head: async () => ({ position: this.#events.at(-1)?.position ?? 0, recordedAt: this.now() }),
    };
    return reading as unknown as EventLog;
  }

  async *#pages(after: number, { pageSize = 1_000, upTo = Infinity }: ReadOptions = {}) {
    const events = await this.#counting(after, upTo);
    for (let at = 0; at < events.length; at += pageSize) yield events.slice(at, at + pageSize);
  }

  async #counting(after: number, upTo: number): Promise<RecordedEvent[]> {
    const duplicates = new Set(await this.ids.duplicates(after));
    return this.#events.filter(({ position }) => position > after && position <= upTo && !duplicates.has(position));
  }

  /** The UUIDs of all event ids stored, each once. */
  get uuids(): string[] {
    return [...new Set(this.#events.map(eventUuid))];
  }

  get events(): readonly RecordedEvent[] {
    return this.#events;
  }
}
