import { formatInstant, type Instant, type SourceSettings, type TypeRegistry } from '#contracts';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { MadeIds, statedId } from './call-id.js';
import { identifiersOf, type CallIdentifier } from './call-identifiers.js';
import { timesOf, statesTime, type CallTimes } from './call-time.js';
import { callOf, CALL_KINDS, isJsonObject, TRANSPORT, type Call, type CallKind } from './call.js';
import type { EventReading } from './commerce-events.js';
import { touchpointOf } from './touchpoint-of-call.js';

type Json = Readonly<Record<string, unknown>>;

/** What a call is read by, besides itself. */
export interface ReadingContext {
  /** The source whose key the request shows. */
  readonly source: string;
  /** What is registered of it; null where nothing is. */
  readonly settings: SourceSettings | null;
  readonly types: TypeRegistry;
  readonly receivedAt: Instant;
  /** Bytes of one call; a longer one of a batch is rejected by itself. */
  readonly maxEventBytes: number;
}

/** Segment's limit: the events of a longer batch are rejected. */
export const BATCH_EVENTS_MAX = 2_500;

/** A call as an item of ingestion, with the id that it has or was given. */
export interface CallItem extends IngestItem {
  readonly messageId: string;
}

/** Reads one call, of the kind of its route. */
export function readCall(kind: CallKind, body: Json, context: ReadingContext): CallItem {
  return new CallReader(context).item(body, kind, null);
}

/** Reads a batch. Each of its calls is judged by itself. `rejections`: what is known to be wrong with one already, by its place. */
export function readBatch(
  body: Json,
  context: ReadingContext,
  rejections: ReadonlyMap<number, Rejection> = new Map(),
): readonly CallItem[] {
  const calls = body['batch'] as readonly unknown[];
  const reader = new CallReader(context);
  const isTooLong = calls.length > BATCH_EVENTS_MAX;
  return calls.map((call, at) => {
    const known = isTooLong ? BATCH_TOO_LONG : (rejections.get(at) ?? reader.sizeRejection(call));
    return reader.item(call, null, body, known);
  });
}

const BATCH_TOO_LONG = Rejection.of(
  'batch-too-large',
  '#',
  `must be in a batch of at most ${BATCH_EVENTS_MAX.toLocaleString('en')} events`,
  'send smaller batches; the events of this one can be released',
);

/** Calls become touchpoints of our own form; what cannot become one is rejected, and kept as it came. */
class CallReader {
  private readonly ids: MadeIds;

  constructor(private readonly context: ReadingContext) {
    this.ids = new MadeIds(context.source);
  }

  sizeRejection(call: unknown): Rejection | null {
    const { maxEventBytes } = this.context;
    // The text is at most four times as long in bytes: most calls need no counting.
    const text = JSON.stringify(call) ?? '';
    if (text.length * 4 <= maxEventBytes || Buffer.byteLength(text) <= maxEventBytes) return null;
    return Rejection.of(
      'event-too-large',
      '#',
      `must be at most ${maxEventBytes.toLocaleString('en')} bytes long`,
      'send less with each event, or set MAX_TRACKING_EVENT_BYTES',
    );
  }

  item(given: unknown, kind: CallKind | null, batch: Json | null, known: Rejection | null = null): CallItem {
    if (!isJsonObject(given)) return this.unreadable(given);
    const call = callOf(given, kind, batch);
    const { fields } = call;
    const stated = statedId(fields['messageId']);
    const messageId = typeof stated === 'string' ? stated : this.ids.of(given, this.stampOf(fields, batch));
    const identifiers = identifiersOf(call);
    const times = timesOf(fields, fields['sentAt'] ?? batch?.['sentAt'] ?? batch?.['sent_at'], this.hasZone);
    const read = this.readingOf(call);
    // Who it is comes last: an event that is not one has no customer to name.
    const rejections = [stated, read, times, identifiers].filter((each) => each instanceof Rejection);
    const [first, ...others] = rejections;
    const document = this.document({
      ...{ call, id: messageId },
      ...{ read: settled(read), times: settled(times), identifiers: settled(identifiers) },
    });
    if (first === undefined)
      return { messageId, document, ...(known === null ? {} : { rejection: known }), isCall: true };
    // A call without a customer is told that first: no fix of its event would help.
    const rejection = identifiers instanceof Rejection ? identifiers.and(...rejections) : first.and(...others);
    return { messageId, document: this.kept(call, messageId), rejection: known ?? rejection, isCall: true };
  }

  private readingOf(call: Call): EventReading | Rejection {
    return call.kind === null ? NO_KIND : touchpointOf(call.kind, call, this.context);
  }

  private document({
    call,
    id,
    read,
    times,
    identifiers,
  }: {
    readonly call: Call;
    readonly id: string;
    readonly read: EventReading | null;
    readonly times: CallTimes | null;
    readonly identifiers: readonly CallIdentifier[] | null;
  }): Json {
    const { source, settings } = this.context;
    const recipients = (read?.recipients ?? []).map((value) => ({ namespace: 'email', value, role: 'recipient' }));
    const channel = channelOf(call, settings?.channel !== undefined);
    const beside = besideOf(call);
    return {
      ...{ id, source, type: read?.type },
      ...(channel === null ? {} : { channel }),
      identifiers: [...(identifiers ?? []), ...recipients],
      ...times,
      data: read?.data ?? {},
      ...(beside === null ? {} : { call: beside }),
    };
  }

  /** A rejected call, as it came but for the key that it was sent with. */
  private kept({ fields }: Call, messageId: string): Json {
    const { writeKey: _, api_key: __, id, source, ...call } = fields;
    const own = { ...(id === undefined ? {} : { id }), ...(source === undefined ? {} : { source }) };
    return {
      ...call,
      ...{ id: messageId, source: this.context.source },
      ...(Object.keys(own).length === 0 ? {} : { stated: own }),
    };
  }

  private unreadable(given: unknown): CallItem {
    const messageId = this.ids.of(given, null);
    const document = { id: messageId, source: this.context.source, call: given };
    return { messageId, document, rejection: NOT_A_CALL, isCall: true };
  }

  /** What tells two requests apart that say the same: the time of the batch, or else when it was received. */
  private stampOf(fields: Json, batch: Json | null): string | null {
    if (statesTime(fields)) return null;
    if (batch !== null && statesTime({ ...batch, sentAt: batch['sentAt'] ?? batch['sent_at'] }))
      return JSON.stringify([batch['timestamp'], batch['originalTimestamp'], batch['sentAt'], batch['sent_at']]);
    return formatInstant(this.context.receivedAt);
  }

  private get hasZone(): boolean {
    return this.context.settings?.timeZone !== undefined;
  }
}

const settled = <T>(read: T | Rejection): T | null => (read instanceof Rejection ? null : read);

const NOT_A_CALL = Rejection.of(
  'envelope-invalid',
  '#',
  'must be a JSON object',
  'send each call as an object with its type',
);
const NO_KIND = Rejection.of(
  'envelope-invalid',
  '#/type',
  `must be one of ${CALL_KINDS.join(', ')}`,
  'say in each call of a batch what it is: "type": "track"',
);

const CHANNEL_MAX = 200;

/** Through which channel a call came: as it says, or else what it shows. Null where it says none and the source has one. */
function channelOf({ kind, fields, context }: Call, hasOwn: boolean): string | null {
  const { channel } = fields;
  if (typeof channel === 'string' && channel !== '' && channel.length <= CHANNEL_MAX) return channel;
  if (hasOwn) return null;
  if (kind === 'screen' || isJsonObject(context['app'])) return 'app';
  if (kind === 'page' || isJsonObject(context['page'])) return 'web';
  return 'server';
}

/** Fields of a call that stand elsewhere in its touchpoint. */
const PLACED = new Set([
  ...TRANSPORT,
  ...['messageId', 'userId', 'anonymousId', 'timestamp', 'originalTimestamp', 'properties', 'event', 'type', 'action'],
]);

/** What a call says besides its touchpoint: its context, its integrations, and what its library adds. Sealed, since it may hold anything. */
function besideOf({ kind, fields }: Call): Json | null {
  const beside: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (PLACED.has(name) || (name === 'previousId' && kind === 'alias')) continue;
    if ((name === 'traits' && kind === 'identify') || (name === 'groupId' && kind === 'group')) continue;
    if ((name === 'name' && (kind === 'page' || kind === 'screen')) || (name === 'category' && kind === 'page'))
      continue;
    if (name === 'channel' && typeof value === 'string' && value.length <= CHANNEL_MAX) continue;
    beside[name] = value;
  }
  if (fields['timestamp'] !== undefined && fields['originalTimestamp'] !== undefined)
    beside['originalTimestamp'] = fields['originalTimestamp'];
  if (Object.keys(beside).length === 0) return null;
  return { kind, ...beside };
}
