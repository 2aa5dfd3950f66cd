import { createHmac } from 'node:crypto';
import { STREAMS, type HashKeyChanged as Change, type Instant } from '#contracts';
import { LogMoveError, type EventLog, type MoveTarget, type ReadOptions, type RecordedEvent } from '#event-log';
import type { KeyStore } from '#keys';
import { factEvent, OWN_SOURCES, plainContentHash } from '#ingestion';

/** The data of a `hash-key-changed`. */
export type HashKeyChanged = Readonly<Change>;

/** The new id of each subject by its old one, and which of them are erased: in memory, about 140 bytes for each subject. */
export class KeyMapping implements Iterable<readonly [before: string, after: string]> {
  /** By the first byte of the old id: a single map cannot hold more than 16 million entries. */
  private readonly ids = Array.from({ length: 256 }, () => new Map<string, string>());
  private readonly erasedIds = new Set<string>();

  add(pair: { readonly before: string; readonly after: string; readonly erased: boolean }): void {
    this.ids[Number.parseInt(pair.before.slice(0, 2), 16)]?.set(pair.before, pair.after);
    if (pair.erased) this.erasedIds.add(pair.before);
  }

  get(before: string): string | undefined {
    return this.ids[Number.parseInt(before.slice(0, 2), 16)]?.get(before);
  }

  get subjects(): number {
    return this.ids.reduce((subjects, { size }) => subjects + size, 0);
  }

  get erased(): number {
    return this.erasedIds.size;
  }

  *[Symbol.iterator](): Generator<readonly [before: string, after: string], void> {
    for (const some of this.ids) yield* some;
  }

  /**
   * A digest of the whole mapping: HMAC-SHA256 under the new hash key over `perennial key mapping v1` and a line `OLD NEW` for each subject, in the
   * order of the old ids. It is keyed, since for a log with few subjects all possible mappings could be tested against a plain hash.
   */
  digest(hashKey: Uint8Array): string {
    const digest = createHmac('sha256', hashKey).update('perennial key mapping v1\n');
    for (const some of this.ids)
      for (const before of [...some.keys()].sort()) digest.update(`${before} ${some.get(before)}\n`);
    return digest.digest('hex');
  }
}

/** The event that a migration to another hash key appends after the last event, once the comparison succeeded. */
export class KeyChange {
  private readonly id: string;

  constructor(
    private readonly oldKeys: KeyStore,
    private readonly newKeys: KeyStore,
  ) {
    // Numbered, so that all changes can be found without the keys.
    this.id = `hash-key-change/${(oldKeys.earlier?.count ?? 0) + 1}`;
  }

  /** Whether an event is this change, recorded when the same migration ended before. */
  is({ source, id, data }: RecordedEvent): boolean {
    if (source !== OWN_SOURCES.privacy || id !== this.id) return false;
    return (JSON.parse(data) as HashKeyChanged).check === this.newKeys.hashKeyCheck;
  }

  /** The new log without this change: the events that were copied. */
  without<Log extends Pick<EventLog, 'readAll'>>(log: Log): Pick<EventLog, 'readAll'> & { readonly found: boolean } {
    const is = (event: RecordedEvent): boolean => this.is(event);
    let found = false;
    return {
      get found() {
        return found;
      },
      async *readAll(after: number, options?: ReadOptions) {
        for await (const page of log.readAll(after, options)) {
          const moved = page.filter((event) => !is(event));
          if (moved.length < page.length) found = true;
          if (moved.length > 0) yield moved;
        }
      },
    };
  }

  /** The target of a migration that may have ended before: its change event is ignored, and no event can be appended after it. */
  target(to: MoveTarget): MoveTarget {
    const moved = this.without(to);
    return {
      readAll: (after, options) => moved.readAll(after, options),
      belongTo: (log) => to.belongTo(log),
      importEvents: async (events) => {
        if (moved.found)
          throw new LogMoveError(
            'occupied',
            `This migration has ended, and the old log has grown since, by ${events.length} events or more: they cannot be added. ` +
              'Delete the new log and its keys, and migrate again.',
          );
        await to.importEvents(events);
      },
    };
  }

  /** Records the change. Twice is the same as once: the first record counts. @returns the recorded data */
  async record(
    log: EventLog,
    { events, mapping, by }: { readonly events: number; readonly mapping: KeyMapping; readonly by: string },
    now: Instant,
  ): Promise<HashKeyChanged> {
    for await (const page of log.read(STREAMS.privacy)) {
      const found = page.find((event) => this.is(event));
      if (found !== undefined) return JSON.parse(found.data) as HashKeyChanged;
    }
    const data: HashKeyChanged = {
      formerCheck: this.oldKeys.hashKeyCheck,
      check: this.newKeys.hashKeyCheck,
      events,
      subjects: mapping.subjects,
      erased: mapping.erased,
      mapping: mapping.digest(this.newKeys.hashKey),
      command: 'perennial move --rekey',
      by,
    };
    const event = factEvent({
      name: 'hash-key-changed',
      source: OWN_SOURCES.privacy,
      id: this.id,
      occurredAt: now,
      contentHash: plainContentHash(data),
      data,
    });
    const [verdict] = await log.appendMany([{ stream: STREAMS.privacy, event }]);
    if (verdict?.status !== 'accepted')
      throw new Error(`The new log did not record that its hash key changed (${verdict?.status}): migrate again.`);
    return data;
  }
}
