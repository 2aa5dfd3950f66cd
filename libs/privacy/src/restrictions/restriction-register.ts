import { STREAMS, type Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import type { RestrictionLifted, RestrictionMeta, RestrictionPlaced } from './restriction-facts.js';

/** A restriction of processing, as the log records it. */
export interface Restriction extends RestrictionPlaced {
  readonly placedAt: Instant;
  readonly placedBy: string;
  readonly lifted: { readonly at: Instant; readonly by: string } | null;
}

/** Reads the restrictions from the log, and what was recorded since the last call. */
export class RestrictionRegister {
  /** In the order of the log. */
  readonly restrictions = new Map<string, Restriction>();
  private next = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: Pick<EventLog, 'read'>) {}

  /** All that is on record now. */
  load(): Promise<ReadonlyMap<string, Restriction>> {
    const read = (): Promise<ReadonlyMap<string, Restriction>> => this.read();
    const loaded = this.last.then(read, read);
    this.last = loaded;
    return loaded;
  }

  private async read(): Promise<ReadonlyMap<string, Restriction>> {
    for await (const page of this.log.read(STREAMS.privacy, this.next))
      for (const event of page) {
        this.apply(event);
        this.next = event.revision + 1;
      }
    return this.restrictions;
  }

  private apply({ type, data: text, meta, occurredAt }: RecordedEvent): void {
    if (type !== 'restriction-placed' && type !== 'restriction-lifted') return;
    const { by } = JSON.parse(meta) as RestrictionMeta;
    if (type === 'restriction-placed') {
      const data = JSON.parse(text) as RestrictionPlaced;
      this.restrictions.set(data.restrictionId, { ...data, placedAt: occurredAt, placedBy: by, lifted: null });
      return;
    }
    const { restrictionId } = JSON.parse(text) as RestrictionLifted;
    const known = this.restrictions.get(restrictionId);
    if (known !== undefined) this.restrictions.set(restrictionId, { ...known, lifted: { at: occurredAt, by } });
  }
}
