import { createHash, randomUUID } from 'node:crypto';
import type { AppendItem, EventLog, NewEvent, RecordedEvent, Verdict } from '#event-log';

/**
 * What an adapter gives the suite: one open log, which may hold events of others already. Every case writes to streams and under
 * event ids of its own, and counts from the head that it finds, so that a shared server can be tested too.
 */
export interface LogFixture {
  readonly log: EventLog;
  /** The clock that the adapter uses, where one can be injected. Cases that set it are skipped elsewhere. */
  readonly clock?: { at: number };
  /**
   * True where a batch is one commit of a log of its own: its events then take the next positions, in its order and without
   * a gap, with its receipts behind them. Elsewhere positions only rise, and a batch keeps the order of each stream.
   */
  readonly dense?: boolean;
  close(): Promise<void>;
}

/** Samples that no other case uses. */
export class Samples {
  #count = 0;

  constructor(private readonly prefix = randomUUID().slice(0, 8)) {}

  stream(): string {
    return `stream-${this.prefix}.${(this.#count += 1)}`;
  }

  source(): string {
    return `source-${this.prefix}.${(this.#count += 1)}`;
  }

  id(): string {
    return `id-${this.prefix}.${(this.#count += 1)}`;
  }

  /** A new event; its content hash is that of its data unless given. */
  event(given: Partial<NewEvent> = {}): NewEvent {
    const data = given.data ?? JSON.stringify({ n: (this.#count += 1) });
    return {
      source: `shop-${this.prefix}`,
      id: given.id ?? this.id(),
      type: 'order-placed',
      schemaVersion: 1,
      occurredAt: Date.UTC(2026, 0, 1),
      contentHash: contentHash(data),
      meta: '{"channel":"web"}',
      ...given,
      data,
    };
  }

  events(count: number): NewEvent[] {
    return Array.from({ length: count }, () => this.event());
  }

  items(count: number, stream = this.stream()): AppendItem[] {
    return this.events(count).map((event) => ({ stream, event }));
  }
}

export function contentHash(data: string): Uint8Array {
  return new Uint8Array(createHash('sha256').update(data).digest().subarray(0, 16));
}

export async function collect(pages: AsyncIterable<readonly RecordedEvent[]>): Promise<RecordedEvent[]> {
  const all: RecordedEvent[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

export const statuses = (verdicts: readonly Verdict[]) => verdicts.map((verdict) => verdict.status);

/** The position of an accepted event, or of the one that it repeats. */
export function positionOf(verdict: Verdict | undefined): number {
  if (verdict === undefined || !('position' in verdict)) throw new Error(`No position in ${JSON.stringify(verdict)}`);
  return verdict.position;
}

export const ascending = (positions: readonly number[]) => [...positions].sort((a, b) => a - b);

/** The first of a list; a list without one fails the case. */
export function only<T>(list: readonly T[]): T {
  if (list.length !== 1) throw new Error(`Expected one, found ${list.length}`);
  return list[0] as T;
}

/** Follows until it has seen so many events. */
export async function followUntil(log: EventLog, after: number, count: number, pageSize = 100) {
  const stop = new AbortController();
  const seen: RecordedEvent[] = [];
  for await (const page of log.follow(after, { signal: stop.signal, pageSize })) {
    seen.push(...page);
    if (seen.length >= count) stop.abort();
  }
  return seen;
}
