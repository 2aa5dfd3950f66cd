import { subjectOfStream, type TouchpointMeta } from '#contracts';
import type { RecordedEvent } from '#event-log';

/** About so many bytes an event takes in memory beside its own texts: measured, as the two below. */
const BYTES_AN_EVENT = 440;
const BYTES_A_SUBJECT = 270;
const BYTES_A_LINK = 390;

/** About so many bytes the subjects and links of a log take in memory. */
export function bytesSeen(subjects: number, links: number): number {
  return subjects * BYTES_A_SUBJECT + links * BYTES_A_LINK;
}

/**
 * The touchpoints of a log that is small enough to be held in memory, by subject, so that it is read only once. The scan puts them in, and
 * folding takes them out. Of the metadata it holds what the fold needs: the channel, and whether it was a test.
 */
export class HeldLog {
  readonly #bySubject = new Map<string, RecordedEvent[]>();
  readonly #metas = new Map<string, string>();
  readonly #texts = new Map<string, string>();
  #bytes = 0;

  /** About so many bytes are held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Holds the touchpoints of a page, in the order of the log. Other events are skipped. */
  hold(page: readonly RecordedEvent[]): void {
    for (const event of page) {
      const subjectId = subjectOfStream(event.stream);
      if (subjectId === null) continue;
      const list = this.#bySubject.get(subjectId);
      const held = {
        ...event,
        stream: list?.[0]?.stream ?? event.stream,
        source: this.#shared(event.source),
        type: this.#shared(event.type),
        meta: this.#shortMeta(event.meta),
      };
      this.#bytes += BYTES_AN_EVENT + event.id.length + event.data.length;
      if (list === undefined) this.#bySubject.set(subjectId, [held]);
      else list.push(held);
    }
  }

  /** Takes a subject's touchpoints out. */
  take(subjectId: string): readonly RecordedEvent[] {
    const events = this.#bySubject.get(subjectId) ?? [];
    this.#bySubject.delete(subjectId);
    return events;
  }

  /** How many touchpoints of a subject are held. */
  count(subjectId: string): number {
    return this.#bySubject.get(subjectId)?.length ?? 0;
  }

  /** One string for all equal texts: a store returns a new string for each event. */
  #shared(text: string): string {
    const known = this.#texts.get(text);
    if (known !== undefined) return known;
    if (this.#texts.size < TEXTS_MAX) this.#texts.set(text, text);
    return text;
  }

  /** One string for all metadata that are equal for the fold. Unreadable metadata are kept, and the fold reports them. */
  #shortMeta(meta: string): string {
    const quick = CHANNEL.exec(meta)?.[0];
    if (quick !== undefined && !meta.includes('"test"')) {
      let short = this.#metas.get(quick);
      if (short === undefined) this.#metas.set(quick, (short = `${quick}}`));
      return short;
    }
    try {
      const { channel, test } = JSON.parse(meta) as TouchpointMeta;
      return JSON.stringify({ channel, ...(test === undefined ? {} : { test }) });
    } catch {
      return meta;
    }
  }
}

/** Sources and types are few; above this many texts, each is held as it comes. */
const TEXTS_MAX = 10_000;

/** Ingestion writes the channel first. */
const CHANNEL = /^\{"channel":"[^"\\]*"/;
