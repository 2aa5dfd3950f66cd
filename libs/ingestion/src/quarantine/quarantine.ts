import { hash } from 'node:crypto';
import { formatInstant, STREAMS, upcast, type Data, type Instant, type ValidationIssue } from '#contracts';
import type { EventLog, NewEvent, RecordedEvent } from '#event-log';
import type { Sealer } from '#keys';
import { factEvent } from '../facts/fact-event.js';
import { OWN_SOURCES } from '../pipeline/envelope.js';
import type { QuarantinedData, QuarantinedMeta } from '../pipeline/quarantined.js';

/** A quarantined event and its status. */
export interface Quarantined extends Omit<QuarantinedData, 'receivedAt'> {
  readonly quarantineId: string;
  readonly position: number;
  readonly receivedAt: string;
  readonly status: 'open' | 'released' | 'discarded' | 'replaced';
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
    const events = await this.log.readStreams([STREAMS.quarantine(quarantineId)]);
    const own = events.find(({ type }) => type === 'event-quarantined');
    // What a publisher sent for another's source is kept in a stream of the publisher; its closing alone stands in a stream of its own.
    const first = own ?? (await this.log.find([{ source: OWN_SOURCES.quarantine, id: quarantineId }]))[0];
    if (first === undefined || first === null) return null;
    const quarantined = viewOf(
      quarantineId,
      first,
      events.find((event) => event !== own),
    );
    return {
      quarantined: quarantined.status === 'open' ? await this.replaced(quarantined) : quarantined,
      event: first,
    };
  }

  /** An open event that came again in a valid form, under the same source and id, is replaced by it. */
  private async replaced(quarantined: Quarantined): Promise<Quarantined> {
    const { source, eventId: id, position } = quarantined;
    if (source === null || id === null) return quarantined;
    const [touchpoint] = await this.log.find([{ source, id }]);
    if (touchpoint === undefined || touchpoint === null || touchpoint.position <= position) return quarantined;
    return { ...quarantined, status: 'replaced', touchpointPosition: touchpoint.position };
  }

  /** Closes many events without ingesting them, in one commit. Those that are closed already stay as they are. Returns how many were closed. */
  async discardMany(
    quarantineIds: readonly string[],
    data: { readonly reason: string; readonly by: string; readonly replaced?: true },
    now: Instant,
  ): Promise<number> {
    const known = [...new Set(quarantineIds)].filter((id) => ID.test(id));
    const [events, found] = await Promise.all([
      this.log.readStreams(known.map(STREAMS.quarantine)),
      this.log.find(known.map((id) => ({ source: OWN_SOURCES.quarantine, id }))),
    ]);
    const closed = new Set(events.filter(({ type }) => type !== 'event-quarantined').map(({ stream }) => stream));
    const open = found.filter((event) => event !== null).filter(({ id }) => !closed.has(STREAMS.quarantine(id)));
    const verdicts = await this.log.appendMany(
      open.map(({ id, stream }) => ({
        stream: STREAMS.quarantine(id),
        expected: beforeClosing(stream),
        event: closingEvent(id, 'event-discarded', data, now),
      })),
    );
    return verdicts.filter(({ status }) => status === 'accepted').length;
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

  /** Records that an event is released or discarded. Only the first close counts: the log enforces it. */
  async close(
    quarantineId: string,
    type: 'event-released' | 'event-discarded',
    data: Readonly<Record<string, unknown>>,
    now: Instant,
  ): Promise<Closing> {
    const record = await this.record(quarantineId);
    await this.log.append(STREAMS.quarantine(quarantineId), beforeClosing(record?.event.stream ?? ''), [
      closingEvent(quarantineId, type, data, now),
    ]);
    const quarantined = await this.find(quarantineId);
    if (quarantined === null) throw new Error(`The stream of the quarantined event ${quarantineId} is missing.`);
    const wanted = type === 'event-released' ? 'released' : 'discarded';
    return { outcome: quarantined.status === wanted ? 'closed' : 'conflict', quarantined };
  }
}

/** What stands in the stream of a quarantined event before it is closed: its record, unless that is kept in a stream of its publisher. */
const beforeClosing = (stream: string): 0 | 'no-stream' => (stream.startsWith(STREAMS.rejected('')) ? 'no-stream' : 0);

function closingEvent(
  quarantineId: string,
  name: 'event-released' | 'event-discarded',
  data: Readonly<Record<string, unknown>>,
  occurredAt: Instant,
): NewEvent {
  const id = `${quarantineId}/${name}`;
  return factEvent({
    name,
    source: OWN_SOURCES.quarantine,
    id,
    occurredAt,
    contentHash: Buffer.from(hash('sha256', id, 'hex').slice(0, 32), 'hex'),
    data,
  });
}

function viewOf(quarantineId: string, first: RecordedEvent, closing: RecordedEvent | undefined): Quarantined {
  const data = upcast(first.type, first.schemaVersion, JSON.parse(first.data) as Data) as unknown as QuarantinedData;
  const { touchpointPosition, reason, replaced } =
    closing === undefined ? {} : (JSON.parse(closing.data) as Partial<Quarantined> & { readonly replaced?: boolean });
  return {
    ...data,
    quarantineId,
    position: first.position,
    receivedAt: formatInstant(data.receivedAt),
    status:
      closing === undefined
        ? 'open'
        : closing.type === 'event-released'
          ? 'released'
          : replaced === true
            ? 'replaced'
            : 'discarded',
    ...(touchpointPosition === undefined ? {} : { touchpointPosition }),
    ...(reason === undefined ? {} : { reason }),
  };
}
