import type { TouchpointMeta } from '#contracts';
import { subjectOfStream } from '#contracts';
import type { RecordedEvent } from '#event-log';

/** What an event costs in memory beside its own texts, about: measured, as the two below. */
const BYTES_AN_EVENT = 440;
const BYTES_A_SUBJECT = 270;
const BYTES_A_LINK = 390;

/** What a reading of the log keeps in memory of its subjects and links, about. */
export function bytesSeen(subjects: number, links: number): number {
  return subjects * BYTES_A_SUBJECT + links * BYTES_A_LINK;
}

/**
 * The touchpoints of a log that is small enough to be held, by subject, so that it is read once only. The first reading puts
 * them in; whoever folds takes them out. Holds of the metadata only what the fold needs: the channel, and whether it was a test.
 */
export class HeldLog {
  readonly #bySubject = new Map<string, RecordedEvent[]>();
  readonly #metas = new Map<string, string>();
  readonly #words = new Map<string, string>();
  #bytes = 0;

  /** About so much memory is held. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Holds the touchpoints of a page, in the order of the log. Other events are passed over. */
  hold(page: readonly RecordedEvent[]): void {
    for (const event of page) {
      const subjectId = subjectOfStream(event.stream);
      if (subjectId === null) continue;
      const list = this.#bySubject.get(subjectId);
      const held = {
        ...event,
        stream: list?.[0]?.stream ?? event.stream,
        source: this.#word(event.source),
        type: this.#word(event.type),
        meta: this.#shortMeta(event.meta),
      };
      this.#bytes += BYTES_AN_EVENT + event.id.length + event.data.length;
      if (list === undefined) this.#bySubject.set(subjectId, [held]);
      else list.push(held);
    }
  }

  /** A subject's touchpoints; they are held no longer. */
  take(subjectId: string): readonly RecordedEvent[] {
    const events = this.#bySubject.get(subjectId) ?? [];
    this.#bySubject.delete(subjectId);
    return events;
  }

  /** How many touchpoints of a subject are held. */
  count(subjectId: string): number {
    return this.#bySubject.get(subjectId)?.length ?? 0;
  }

  /** One text for all that are equal, of few: what a store reads is a text of its own each time. */
  #word(text: string): string {
    const known = this.#words.get(text);
    if (known !== undefined) return known;
    if (this.#words.size < WORDS_MAX) this.#words.set(text, text);
    return text;
  }

  /** One text for all metadata that mean the same to the fold. Metadata that cannot be read are kept: the fold says so. */
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

/** Sources and types are few; where they are not, they are held as they come. */
const WORDS_MAX = 10_000;

/** Intake writes the channel first. */
const CHANNEL = /^\{"channel":"[^"\\]*"/;
