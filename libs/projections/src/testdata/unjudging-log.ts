import {
  eventUuid,
  type AppendItem,
  type EventLog,
  type IdTable,
  type ReadOptions,
  type RecordedEvent,
} from '#event-log';

/**
 * A log that knows only its streams, as EventStoreDB does: it stores whatever it is given, and leaves out for readers what the
 * id table names a duplicate. Positions have gaps. Only what the read models ask of a log.
 */
export class LogWithoutDeduplication {
  readonly #events: RecordedEvent[] = [];

  constructor(
    private readonly ids: IdTable,
    private readonly now: () => number,
  ) {}

  /** Stores all of them, asking nobody. */
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

  /** As the port, for the calls that reading models make. */
  asLog(): EventLog {
    const reading = {
      counts: 'bytes',
      readAll: (after: number, options?: ReadOptions) => this.#pages(after, options),
      follow: (after: number, options: ReadOptions) => this.#pages(after, options),
      readStreams: async (streams: readonly string[], { upTo = Infinity, after = 0 } = {}) =>
        (await this.#counting(after, upTo)).filter((event) => streams.includes(event.stream)),
      head: async () => ({ position: this.#events.at(-1)?.position ?? 0, recordedAt: this.now() }),
    };
    return reading as unknown as EventLog;
  }

  async *#pages(after: number, { pageSize = 1_000, upTo = Infinity }: ReadOptions = {}) {
    const events = await this.#counting(after, upTo);
    for (let at = 0; at < events.length; at += pageSize) yield events.slice(at, at + pageSize);
  }

  async #counting(after: number, upTo: number): Promise<RecordedEvent[]> {
    const repeated = new Set(await this.ids.duplicates(after));
    return this.#events.filter(({ position }) => position > after && position <= upTo && !repeated.has(position));
  }

  /** The UUIDs of all names stored, each once. */
  get uuids(): string[] {
    return [...new Set(this.#events.map(eventUuid))];
  }

  get events(): readonly RecordedEvent[] {
    return this.#events;
  }
}
