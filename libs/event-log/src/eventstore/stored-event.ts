import type { ResolvedEvent } from '@eventstore/db-client';
import type { Instant } from '#contracts';
import type { AppendItem, NewEvent, RecordedEvent } from '../port.js';
import { eventUuid } from './ids.js';
import { textOf } from './received-event.js';

/**
 * How an event of ours stands on the server. Its UUID comes from (source, id), its type is its type. The metadata is
 *
 *     { "$correlationId": …, "$causationId": …, "perennial": { source, id, schemaVersion, occurredAt, contentHash }, "meta": … }
 *
 * The first two are copied from `meta` to where EventStoreDB's own tools look for them. `recordedAt` stands there too where
 * an event was moved from another log; elsewhere the server's own `created` tells it.
 *
 * The client parses JSON on its way in and out, so text that would not come back letter for letter (`1.0`, a key twice,
 * a space) is kept as bytes (data) or as a string (`metaText`): what was appended is what is read.
 */
interface Envelope {
  readonly $correlationId?: string;
  readonly $causationId?: string;
  readonly perennial: {
    readonly source: string;
    readonly id: string;
    readonly schemaVersion: number;
    readonly occurredAt: Instant;
    /** Base64. */
    readonly contentHash: string;
    readonly recordedAt?: Instant;
  };
  readonly meta?: unknown;
  readonly metaText?: string;
}

/** An event ready to be sent: nothing in it can fail to be serialised. */
export interface Sendable {
  readonly uuid: string;
  readonly type: string;
  /** Whether the data is JSON to the server and its tools. */
  readonly isJson: boolean;
  readonly data: Uint8Array;
  readonly metadata: Uint8Array;
  /** As the server counts it against its limit. */
  readonly bytes: number;
}

/** The server's default limit for one append, all of its events together. */
export const APPEND_BYTES_MAX = 1_048_576;

export function sendable(event: NewEvent, moved?: { readonly recordedAt: Instant }): Sendable {
  const meta = sameText(event.meta);
  const { correlationId, causationId } = idsIn(meta?.value);
  const { source, id, schemaVersion, occurredAt, contentHash } = event;
  const ours: Envelope['perennial'] = {
    ...{ source, id, schemaVersion, occurredAt },
    contentHash: base64Of(contentHash),
    ...(moved === undefined ? {} : { recordedAt: moved.recordedAt }),
  };
  // The envelope as JSON text, in which meta is the text that it was given as.
  let text = '{';
  if (correlationId !== undefined) text += `"$correlationId":${JSON.stringify(correlationId)},`;
  if (causationId !== undefined) text += `"$causationId":${JSON.stringify(causationId)},`;
  text += `"perennial":${JSON.stringify(ours)},`;
  text += meta === null ? `"metaText":${JSON.stringify(event.meta)}}` : `"meta":${event.meta}}`;
  const metadata = utf8Of(text);
  const data = utf8Of(event.data);
  return {
    uuid: eventUuid(event),
    type: event.type,
    isJson: sameText(event.data) !== null,
    data,
    metadata,
    bytes: data.length + metadata.length + event.type.length * 2,
  };
}

/** Why the server would not take an item that the port allows; null when it does. */
export function sizeRejection({ event }: AppendItem, bytes: number): string | null {
  if (bytes <= APPEND_BYTES_MAX) return null;
  return (
    `The event ${event.id} would take ${bytes} bytes on the server, with what stands beside it, of ${APPEND_BYTES_MAX}: ` +
    `send what is large elsewhere and name it by a link, or split the event.`
  );
}

/** What the server gave, as the port has it; null for an event that is not of our making. */
export function recordedEvent({ event }: ResolvedEvent, prefix: string, withHash = false): RecordedEvent | null {
  if (event === undefined || !event.streamId.startsWith(prefix)) return null;
  const { ours, meta } = envelopeIn(event.metadata) ?? {};
  if (typeof ours?.source !== 'string' || typeof ours.id !== 'string') return null;
  if (typeof ours.contentHash !== 'string' || typeof meta !== 'string') return null;
  return {
    position: positionOf(event),
    stream: event.streamId.slice(prefix.length),
    revision: Number(event.revision),
    source: ours.source,
    id: ours.id,
    type: event.type,
    schemaVersion: ours.schemaVersion,
    occurredAt: ours.occurredAt,
    recordedAt: ours.recordedAt ?? event.created.getTime(),
    meta,
    data: event.isJson ? JSON.stringify(event.data) : textOf(event.data as Uint8Array),
    ...(withHash ? { contentHash: hashOf(ours) } : {}),
  };
}

interface Unpacked {
  readonly ours: Envelope['perennial'] | null | undefined;
  /** Not a string where there is none. */
  readonly meta: unknown;
}

/** What stands in the metadata: parsed by the client, or as the bytes that a subscription received. */
function envelopeIn(metadata: unknown): Unpacked | null {
  if (!(metadata instanceof Uint8Array)) return unpacked(metadata as Partial<Envelope> | null | undefined);
  const text = textOf(metadata);
  try {
    return asWritten(text) ?? unpacked(JSON.parse(text) as Partial<Envelope> | null);
  } catch {
    // Written by another program.
    return null;
  }
}

function unpacked(envelope: Partial<Envelope> | null | undefined): Unpacked | null {
  if (typeof envelope !== 'object' || envelope === null) return null;
  return { ours: envelope.perennial, meta: envelope.metaText ?? JSON.stringify(envelope.meta) };
}

const BEGINNINGS = ['{"perennial":', '{"$correlationId":"', '{"$causationId":"'];
const BEFORE_OURS = '"perennial":';
const BEFORE_META = '},"meta":';

/**
 * The parts of an envelope that stands as we write it: only the first is parsed for its values, and `meta` is left as the text that it is. Neither of the
 * two words can stand inside a text, where each quotation mark has a backslash before it. Null for any other envelope.
 */
function asWritten(text: string): Unpacked | null {
  const begin = text.indexOf(BEFORE_OURS);
  const end = text.indexOf(BEFORE_META, begin);
  if (begin < 0 || end < 0 || !BEGINNINGS.some((beginning) => text.startsWith(beginning))) return null;
  const meta = text.slice(end + BEFORE_META.length, -1);
  try {
    // Where anything follows it, it is no JSON text by itself.
    JSON.parse(meta);
    return { ours: JSON.parse(text.slice(begin + BEFORE_OURS.length, end + 1)) as Envelope['perennial'], meta };
  } catch {
    return null;
  }
}

export function contentHashOf({ event }: ResolvedEvent): Uint8Array | null {
  const ours = (event?.metadata as Envelope | undefined)?.perennial;
  return typeof ours?.contentHash === 'string' ? hashOf(ours) : null;
}

/** The commit position: total over the log, the same for ever, and for events as we write them equal to the prepare position. */
export function positionOf(event: { readonly position?: { readonly commit: bigint } }): number {
  const commit = event.position?.commit;
  if (commit === undefined || commit > BigInt(Number.MAX_SAFE_INTEGER))
    throw new RangeError('The server tells no position with an event: EventStoreDB 22.6 or newer is needed.');
  return Number(commit);
}

function base64Of({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

function hashOf({ contentHash }: { readonly contentHash: string }): Uint8Array {
  return new Uint8Array(Buffer.from(contentHash, 'base64'));
}

/** A plain Uint8Array on the buffer's memory: of a Buffer, protobuf makes a copy. */
export function utf8Of(text: string): Uint8Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, 'utf8');
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The value of a JSON text that would come back letter for letter; null for any other text. */
function sameText(text: string): { readonly value: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text ? { value } : null;
  } catch {
    return null;
  }
}

function idsIn(meta: unknown): { readonly correlationId?: string; readonly causationId?: string } {
  if (typeof meta !== 'object' || meta === null) return {};
  const { correlationId, causationId } = meta as Record<string, unknown>;
  return {
    ...(typeof correlationId === 'string' ? { correlationId } : {}),
    ...(typeof causationId === 'string' ? { causationId } : {}),
  };
}
