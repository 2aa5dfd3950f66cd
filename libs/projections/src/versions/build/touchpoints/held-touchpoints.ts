import { subjectOfStream } from '#contracts';
import type { RecordedEvent } from '#event-log';
import { SharedTexts } from './shared-texts.js';
import type { TouchpointSource } from './touchpoint-source.js';

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
 * folding takes them out. Of the metadata it holds what the fold needs.
 */
export class HeldTouchpoints implements TouchpointSource {
  readonly #bySubject = new Map<string, RecordedEvent[]>();
  readonly #texts = new SharedTexts();
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
        source: this.#texts.shared(event.source),
        type: this.#texts.shared(event.type),
        meta: this.#texts.shortMeta(event.meta),
      };
      this.#bytes += BYTES_AN_EVENT + event.id.length + event.data.length;
      if (list === undefined) this.#bySubject.set(subjectId, [held]);
      else list.push(held);
    }
  }

  /** Takes the touchpoints of these customers out: each subject is asked for once. */
  async of(): Promise<(subjectId: string) => readonly RecordedEvent[]> {
    return (subjectId) => {
      const events = this.#bySubject.get(subjectId) ?? [];
      this.#bySubject.delete(subjectId);
      return events;
    };
  }

  /** Takes everything out, subject by subject, each in the order of the log. */
  *drain(): Iterable<readonly RecordedEvent[]> {
    for (const [subjectId, events] of this.#bySubject) {
      yield events;
      this.#bySubject.delete(subjectId);
    }
    this.#bytes = 0;
  }
}
