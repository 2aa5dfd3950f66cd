import { hash } from 'node:crypto';
import { formatInstant, STREAMS, upcast, type Data, type Instant, type ValidationIssue } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import type { Sealer } from '#keys';
import { factEvent } from '../facts/fact-event.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import type { QuarantinedData, QuarantinedMeta } from '../pipeline/quarantined.js';

/** A quarantined event and its status. */
export interface Quarantined extends Omit<QuarantinedData, 'receivedAt'> {
  readonly quarantineId: string;
  readonly position: number;
  readonly receivedAt: string;
  readonly status: 'open' | 'released' | 'discarded';
  /** Position in the log of the touchpoint that it became. */
  readonly touchpointPosition?: number;
  /** Why it was discarded. */
  readonly reason?: string;
}

/** The result of a release or a discard. */
export type Closing =
  | { readonly outcome: 'closed'; readonly quarantined: Quarantined }
  | { readonly outcome: 'unknown' }
  /** It was closed the other way before. */
  | { readonly outcome: 'conflict'; readonly quarantined: Quarantined }
  /** A person in it was erased: its body can no longer be opened. */
  | { readonly outcome: 'erased' }
  /** The body, as it is or as fixed, is still not a touchpoint. Nothing was written. */
  | { readonly outcome: 'rejected'; readonly code: string; readonly errors: readonly ValidationIssue[] };

/** A quarantined event with what the log holds of it. */
export interface QuarantineRecord {
  readonly quarantined: Quarantined;
  readonly event: RecordedEvent;
}

const ID = /^[0-9a-f]{32}$/;

/** The quarantined events in the log: read here, closed once and for all by `close`. */
export class Quarantine {
  constructor(
    private readonly log: EventLog,
    private readonly sealer: Sealer,
  ) {}

  /** Null where there is none of this id. */
  async find(quarantineId: string): Promise<Quarantined | null> {
    return (await this.record(quarantineId))?.quarantined ?? null;
  }

  async record(quarantineId: string): Promise<QuarantineRecord | null> {
    if (!ID.test(quarantineId)) return null;
    const [first, ...rest] = await this.log.readStreams([STREAMS.quarantine(quarantineId)]);
    return first === undefined ? null : { quarantined: viewOf(quarantineId, first, rest[0]), event: first };
  }

  /** The body as it was received; null where a person in it was erased. */
  async body(quarantineId: string): Promise<string | null> {
    const record = await this.record(quarantineId);
    return record === null ? null : this.open(record);
  }

  /** The body of a record; null where a person in it was erased. */
  async open({ quarantined, event }: QuarantineRecord): Promise<string | null> {
    const { sealed } = JSON.parse(event.meta) as QuarantinedMeta;
    const [body] = await this.sealer.openMany([{ subjectId: quarantined.quarantineId, sealed }]);
    return body ?? null;
  }

  /** Records that an event is released or discarded. Only the first close counts: it is the second event of the stream. */
  async close(
    quarantineId: string,
    type: 'event-released' | 'event-discarded',
    data: Readonly<Record<string, unknown>>,
    now: Instant,
  ): Promise<Closing> {
    const id = `${quarantineId}/${type}`;
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
    if (quarantined === null) throw new Error(`The stream of the quarantined event ${quarantineId} is missing.`);
    const wanted = type === 'event-released' ? 'released' : 'discarded';
    return { outcome: quarantined.status === wanted ? 'closed' : 'conflict', quarantined };
  }
}

function viewOf(quarantineId: string, first: RecordedEvent, closing: RecordedEvent | undefined): Quarantined {
  const data = upcast(first.type, first.schemaVersion, JSON.parse(first.data) as Data) as unknown as QuarantinedData;
  const { touchpointPosition, reason } =
    closing === undefined ? {} : (JSON.parse(closing.data) as Partial<Quarantined>);
  return {
    ...data,
    quarantineId,
    position: first.position,
    receivedAt: formatInstant(data.receivedAt),
    status: closing === undefined ? 'open' : closing.type === 'event-released' ? 'released' : 'discarded',
    ...(touchpointPosition === undefined ? {} : { touchpointPosition }),
    ...(reason === undefined ? {} : { reason }),
  };
}
