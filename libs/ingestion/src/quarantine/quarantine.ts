import { hash } from 'node:crypto';
import { formatInstant, STREAMS, upcast, type Data, type Instant, type ValidationIssue } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import type { Sealer } from '#keys';
import { factEvent } from '../publishing/fact-event.js';
import { documentItem } from '../cloudevents/http-message.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import type { Ingestion } from '../pipeline/ingestion.js';
import type { QuarantinedData, QuarantinedMeta } from '../pipeline/quarantined.js';

/** A quarantined event and what became of it. */
export interface Quarantined extends Omit<QuarantinedData, 'receivedAt'> {
  readonly quarantineId: string;
  readonly position: number;
  readonly receivedAt: string;
  readonly status: 'open' | 'released' | 'discarded';
  /** Where the log holds the touchpoint that it became. */
  readonly touchpointPosition?: number;
  /** Why it was discarded. */
  readonly reason?: string;
}

/** What came of trying to close a quarantined event. */
export type Closing =
  | { readonly outcome: 'closed'; readonly quarantined: Quarantined }
  | { readonly outcome: 'unknown' }
  /** It was closed the other way before. */
  | { readonly outcome: 'conflict'; readonly quarantined: Quarantined }
  /** A person in it was erased: there is no body any more. */
  | { readonly outcome: 'erased' }
  /** The body, as it is or as fixed, is still not a touchpoint. Nothing was written. */
  | { readonly outcome: 'refused'; readonly code: string; readonly errors: readonly ValidationIssue[] };

const ID = /^[0-9a-f]{32}$/;

/** What is quarantined: shown, released with its original time, or discarded. Each of it twice is the same as once. */
export class Quarantine {
  constructor(
    private readonly log: EventLog,
    private readonly ingestion: Ingestion,
    private readonly sealer: Sealer,
  ) {}

  /** Null where there is none of this id. */
  async find(quarantineId: string): Promise<Quarantined | null> {
    const events = await this.events(quarantineId);
    return events === null ? null : view(quarantineId, events);
  }

  /** The body as it was received; null where a person in it was erased. */
  async body(quarantineId: string): Promise<string | null> {
    const events = await this.events(quarantineId);
    return events === null ? null : this.open(quarantineId, events[0]);
  }

  /** Takes the event in after all: as it is, or as fixed; its time and its receipt stay what they were. */
  async release(quarantineId: string, fixed: unknown, by: string, now: Instant): Promise<Closing> {
    const events = await this.events(quarantineId);
    if (events === null) return { outcome: 'unknown' };
    const before = view(quarantineId, events);
    if (before.status === 'released') return { outcome: 'closed', quarantined: before };
    if (before.status === 'discarded') return { outcome: 'conflict', quarantined: before };
    let document = fixed;
    if (fixed === undefined) {
      const body = await this.open(quarantineId, events[0]);
      if (body === null) return { outcome: 'erased' };
      if (before.cut === true) return stillBad('not-storable', 'was too large to be kept whole', 'release it fixed');
      document = JSON.parse(body);
    }
    const { receivedAt } = JSON.parse(events[0].data) as QuarantinedData;
    const admission = await this.ingestion.admit(documentItem(document), receivedAt);
    if (admission.outcome === 'refused')
      return { outcome: 'refused', code: admission.rejection.code, errors: admission.rejection.issues };
    if (admission.outcome === 'suppressed') return { outcome: 'erased' };
    const { source, id, position } = admission;
    const data = { source, eventId: id, touchpointPosition: position, fixed: fixed !== undefined, by };
    return this.close(quarantineId, 'event-released', data, now);
  }

  /** Leaves the event where it is, for good. */
  async discard(quarantineId: string, reason: string, by: string, now: Instant): Promise<Closing> {
    const events = await this.events(quarantineId);
    if (events === null) return { outcome: 'unknown' };
    const before = view(quarantineId, events);
    if (before.status === 'discarded') return { outcome: 'closed', quarantined: before };
    if (before.status === 'released') return { outcome: 'conflict', quarantined: before };
    return this.close(quarantineId, 'event-discarded', { reason, by }, now);
  }

  private async close(
    quarantineId: string,
    type: 'event-released' | 'event-discarded',
    data: Readonly<Record<string, unknown>>,
    now: Instant,
  ): Promise<Closing> {
    const id = `${quarantineId}/${type}`;
    // Only the first to close it does: the record is the stream's second event.
    await this.log.append(STREAMS.quarantine(quarantineId), 0, [
      factEvent({
        name: type,
        source: OWN_SOURCES.quarantine,
        id,
        occurredAt: now,
        contentHash: Buffer.from(hash('sha256', id, 'hex').slice(0, 32), 'hex'),
        data,
      }),
    ]);
    const quarantined = await this.find(quarantineId);
    if (quarantined === null) throw new Error(`The stream of the quarantined event ${quarantineId} is gone.`);
    const wanted = type === 'event-released' ? 'released' : 'discarded';
    return { outcome: quarantined.status === wanted ? 'closed' : 'conflict', quarantined };
  }

  private async open(quarantineId: string, event: RecordedEvent): Promise<string | null> {
    const { sealed } = JSON.parse(event.meta) as QuarantinedMeta;
    const [body] = await this.sealer.openMany([{ subjectId: quarantineId, sealed }]);
    return body ?? null;
  }

  private async events(quarantineId: string): Promise<readonly [RecordedEvent, ...RecordedEvent[]] | null> {
    if (!ID.test(quarantineId)) return null;
    const [first, ...rest] = await this.log.readStreams([STREAMS.quarantine(quarantineId)]);
    return first === undefined ? null : [first, ...rest];
  }
}

function view(quarantineId: string, [first, ...rest]: readonly [RecordedEvent, ...RecordedEvent[]]): Quarantined {
  const data = upcast(first.type, first.schemaVersion, JSON.parse(first.data) as Data) as unknown as QuarantinedData;
  const closing = rest[0];
  const told = closing === undefined ? {} : (JSON.parse(closing.data) as Partial<Quarantined>);
  return {
    ...data,
    quarantineId,
    position: first.position,
    receivedAt: formatInstant(data.receivedAt),
    status: closing === undefined ? 'open' : closing.type === 'event-released' ? 'released' : 'discarded',
    ...(told.touchpointPosition === undefined ? {} : { touchpointPosition: told.touchpointPosition }),
    ...(told.reason === undefined ? {} : { reason: told.reason }),
  };
}

const stillBad = (code: string, reason: string, hint: string): Closing => ({
  outcome: 'refused',
  code,
  errors: [{ pointer: '#', detail: reason, hint: hint }],
});
