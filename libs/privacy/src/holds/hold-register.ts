import { STREAMS, type Instant } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import type { KeptHold } from '#keys';
import type { PersonErased } from '../erasure/person-erased.js';
import type { ErasureRequested, HoldMeta, HoldPlaced } from './hold-facts.js';

/** A legal hold, as the log records it. */
export interface Hold extends HoldPlaced {
  readonly position: number;
  readonly placedAt: Instant;
  readonly placedBy: string;
  /** The reason, sealed; null where none was given. */
  readonly reason: string | null;
  readonly lifted: { readonly at: Instant; readonly by: string; readonly reason: string | null } | null;
}

/** An erasure that waits for the end of a hold. */
export interface WaitingErasure extends ErasureRequested {
  readonly requestedAt: Instant;
  readonly by: string;
}

/** Everything that the log records of holds. */
export interface HoldsOnRecord {
  /** In the order of the log. */
  readonly holds: ReadonlyMap<string, Hold>;
  /** Requested and not recorded as done, in the order of the log. */
  readonly waiting: ReadonlyMap<string, WaitingErasure>;
}

/** Reads the holds and the waiting erasures from the log, and what was recorded since the last call. */
export class HoldRegister implements HoldsOnRecord {
  readonly holds = new Map<string, Hold>();
  readonly waiting = new Map<string, WaitingErasure>();
  private next = 0;
  private last: Promise<unknown> = Promise.resolve();

  constructor(private readonly log: Pick<EventLog, 'read'>) {}

  /** All that is on record now. */
  load(): Promise<HoldsOnRecord> {
    const loaded = this.last.then(
      () => this.read(),
      () => this.read(),
    );
    this.last = loaded;
    return loaded;
  }

  /** The holds in force on any of these subjects. */
  activeOn(subjectIds: Iterable<string>): readonly Hold[] {
    const wanted = new Set(subjectIds);
    return [...this.holds.values()].filter(
      (hold) => hold.lifted === null && hold.subjectIds.some((id) => wanted.has(id)),
    );
  }

  private async read(): Promise<HoldsOnRecord> {
    for await (const page of this.log.read(STREAMS.privacy, this.next))
      for (const event of page) {
        this.apply(event);
        this.next = event.revision + 1;
      }
    return this;
  }

  private apply({ type, data: text, meta: metaText, occurredAt, position }: RecordedEvent): void {
    switch (type) {
      case 'hold-placed': {
        const data = JSON.parse(text) as HoldPlaced;
        const { by, sealed = null } = JSON.parse(metaText) as HoldMeta;
        this.holds.set(data.holdId, {
          ...data,
          ...{ position, placedAt: occurredAt, placedBy: by, reason: sealed, lifted: null },
        });
        return;
      }
      case 'hold-lifted': {
        const { holdId } = JSON.parse(text) as { readonly holdId: string };
        const { by, sealed = null } = JSON.parse(metaText) as HoldMeta;
        const hold = this.holds.get(holdId);
        if (hold !== undefined) this.holds.set(holdId, { ...hold, lifted: { at: occurredAt, by, reason: sealed } });
        return;
      }
      case 'erasure-requested': {
        const data = JSON.parse(text) as ErasureRequested;
        const { by } = JSON.parse(metaText) as HoldMeta;
        this.waiting.set(data.erasureId, { ...data, requestedAt: occurredAt, by });
        return;
      }
      case 'person-erased': {
        if (this.waiting.size === 0) return;
        const erased = new Set((JSON.parse(text) as PersonErased).subjectIds);
        for (const [erasureId, { subjectIds }] of this.waiting)
          if (subjectIds.every((id) => erased.has(id))) this.waiting.delete(erasureId);
        return;
      }
      default:
      // Other facts of the stream say nothing about holds.
    }
  }
}

/** What the key store keeps of a hold. */
export const keptHold = ({ holdId, case: caseName, subjectIds, quarantineIds }: HoldPlaced): KeptHold => ({
  id: holdId,
  case: caseName,
  subjectIds: [...subjectIds, ...quarantineIds],
});
