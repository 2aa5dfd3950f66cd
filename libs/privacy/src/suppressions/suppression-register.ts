import { STREAMS, type Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import type { SuppressionAdded, SuppressionLifted, SuppressionMeta } from './suppression-facts.js';

/** A suppression, as the log records it. */
export interface Suppression extends SuppressionAdded {
  readonly addedAt: Instant;
  readonly addedBy: string;
  readonly lifted: { readonly at: Instant; readonly by: string } | null;
}

/** Reads the suppressions from the log, and what was recorded since the last call. */
export class SuppressionRegister {
  private readonly byId = new Map<string, Suppression>();
  private readonly bySubject = new Map<string, string[]>();
  private next = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: Pick<EventLog, 'read'>) {}

  /** Takes note of all that is on record now. */
  load(): Promise<void> {
    const read = (): Promise<void> => this.read();
    const loaded = this.last.then(read, read);
    this.last = loaded;
    return loaded;
  }

  find(suppressionId: string): Suppression | null {
    return this.byId.get(suppressionId) ?? null;
  }

  /** Those of a subject, in the order of the log. */
  of(subjectId: string): readonly Suppression[] {
    return (this.bySubject.get(subjectId) ?? []).flatMap((id) => this.byId.get(id) ?? []);
  }

  private async read(): Promise<void> {
    for await (const page of this.log.read(STREAMS.suppressions, this.next))
      for (const event of page) {
        this.apply(event);
        this.next = event.revision + 1;
      }
  }

  private apply({ type, data: text, meta, occurredAt }: RecordedEvent): void {
    const { by } = JSON.parse(meta) as SuppressionMeta;
    if (type === 'suppression-lifted') {
      const { suppressionId } = JSON.parse(text) as SuppressionLifted;
      const known = this.byId.get(suppressionId);
      if (known !== undefined) this.byId.set(suppressionId, { ...known, lifted: { at: occurredAt, by } });
      return;
    }
    const data = JSON.parse(text) as SuppressionAdded;
    this.byId.set(data.suppressionId, { ...data, addedAt: occurredAt, addedBy: by, lifted: null });
    this.bySubject.set(data.subjectId, [...(this.bySubject.get(data.subjectId) ?? []), data.suppressionId]);
  }
}
