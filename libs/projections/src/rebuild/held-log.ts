import type { TouchpointMeta } from '#contracts';
import { subjectOfStream } from '#contracts';
import type { RecordedEvent } from '#event-log';

/** What an event costs in memory beside its texts, about. */
const BYTES_AN_EVENT = 300;

/**
 * The touchpoints of a log that is small enough to be held, by subject, so that it is read once only. The first reading puts
 * them in; whoever folds takes them out. Holds of the metadata only what the fold needs: the channel, and whether it was a test.
 */
export class HeldLog {
  readonly #bySubject = new Map<string, RecordedEvent[]>();
  readonly #metas = new Map<string, string>();
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
      const held = { ...event, meta: this.#shortMeta(event.meta) };
      this.#bytes += BYTES_AN_EVENT + event.id.length + event.data.length;
      const list = this.#bySubject.get(subjectId);
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

/** Intake writes the channel first. */
const CHANNEL = /^\{"channel":"[^"\\]*"/;
