import { LruCache } from '#keys';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { binaryEvent, mediaType, structuredEvent } from './cloudevent.js';
import { formOf, SIMPLE_FIELDS, type FormField } from './envelope-form.js';
import { simpleBinaryEvent, simpleStructuredEvent } from './simple-event.js';

export type HeaderValue = string | Buffer | null;

/** The headers of a message as its transport gives them. */
export type MessageHeaders = Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;

/** How a transport writes a CloudEvent in binary mode into headers: a protocol binding of CloudEvents. */
export interface Binding {
  /** What the name of a header begins with that carries an attribute. */
  readonly prefix: string;
  /** The header by which a message says that it is a CloudEvent. */
  readonly specversion: string;
  /** The attributes of a simple event, by the names of their headers: no name is joined or cut again for each message. */
  readonly simpleFields: ReadonlyMap<string, FormField>;
  /** Whether a header carries an attribute, known or unknown. */
  carriesAttribute(name: string): boolean;
  /** The value of an attribute from the text of its header. */
  decode(text: string): string;
  /** The media type of a body that states none; undefined where such a body is rejected. */
  readonly defaultMediaType: string | undefined;
  /** Whether headers that do not belong to the event are kept beside it. */
  readonly keepsOtherHeaders: boolean;
}

/** The events of one message. */
export interface ReadMessage {
  readonly items: readonly IngestItem[];
  /** Whether it came in a mode of CloudEvents: binary, structured or batch. */
  readonly isCloudEvents: boolean;
  /** Headers that do not belong to an event; null where there are none, or the binding drops them. */
  readonly otherHeaders: Readonly<Record<string, string>> | null;
}

/** A message that cannot be read as a whole: none of it is ingested. */
export interface UnreadableMessage {
  readonly code: 'malformed' | 'unsupported-media-type';
  readonly detail: string;
  readonly otherHeaders: Readonly<Record<string, string>> | null;
}

const simpleFields = (prefix: string): ReadonlyMap<string, FormField> =>
  new Map([...SIMPLE_FIELDS].map(([attribute, field]) => [prefix + attribute, field]));

/** HTTP: header names in any case, values percent-encoded. */
export const HTTP_BINDING: Binding = {
  prefix: 'ce-',
  specversion: 'ce-specversion',
  simpleFields: simpleFields('ce-'),
  carriesAttribute: (name) => /^ce-/i.test(name),
  decode: percentDecoded,
  defaultMediaType: undefined,
  keepsOtherHeaders: false,
};

/** Kafka: header names as they are, values in UTF-8 without escapes. A message without a content type may be JSON. */
export const KAFKA_BINDING: Binding = {
  prefix: 'ce_',
  specversion: 'ce_specversion',
  simpleFields: simpleFields('ce_'),
  carriesAttribute: (name) => name.startsWith('ce_'),
  decode: (text) => text,
  defaultMediaType: 'application/json',
  keepsOtherHeaders: true,
};

export const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];
const JSON_TYPE = 'application/json';
const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

/** All media types that ingestion reads, for the documentation and for the answer to another one. */
export const READABLE_TYPES = [JSON_TYPE, STRUCTURED, BATCH, ...NDJSON_TYPES];

/**
 * Reads the events of a message with headers and a body, whatever the transport: a CloudEvent in binary or structured mode, a batch of them,
 * touchpoints in our JSON form, or a form of the sender's own. NDJSON is read line by line: see `ndjson.ts`.
 * What is simple takes the fast path; everything else takes the full one, from here and from nowhere else.
 */
export function readEvents(
  headers: MessageHeaders,
  body: Buffer,
  binding: Binding,
  readOwnForm?: (document: unknown) => IngestItem,
): ReadMessage | UnreadableMessage {
  const simple = headers[binding.specversion] === undefined ? null : simpleBinaryEvent(headers, body, binding);
  if (simple !== null) {
    const { document, envelope, others } = simple;
    return { items: [{ document, envelope }], isCloudEvents: true, otherHeaders: others };
  }
  const sorted = sortHeaders(headers, binding);
  const media = knownMediaType(sorted.contentType);
  const isBinaryMode = !isWholeEvent(media) && isBinary(sorted.attributes);
  const read = isBinaryMode
    ? [binaryItem(sorted, body)]
    : readBody(body, media ?? binding.defaultMediaType, readOwnForm);
  if ('code' in read) return { ...read, otherHeaders: sorted.others };
  return { items: read, isCloudEvents: isBinaryMode || isWholeEvent(media), otherHeaders: sorted.others };
}

/** Reads one JSON document: a touchpoint in our form, or a CloudEvent (it states its specversion). */
export function readDocument(document: unknown): IngestItem {
  return typeof document === 'object' && document !== null && 'specversion' in document
    ? structuredItem(document)
    : { document };
}

type Unread = Pick<UnreadableMessage, 'code' | 'detail'>;

/** Whether a body of this media type holds whole events, whatever the headers say. */
const isWholeEvent = (media: string | undefined): boolean =>
  media !== undefined && media.startsWith('application/cloudevents');

function readBody(
  body: Buffer,
  media: string | undefined,
  readOwnForm: ((document: unknown) => IngestItem) | undefined,
): readonly IngestItem[] | Unread {
  if (readOwnForm !== undefined && !isWholeEvent(media)) {
    const document = parse(body);
    return document === undefined ? NOT_JSON : [readOwnForm(document)];
  }
  switch (media) {
    case STRUCTURED:
    case BATCH:
    case JSON_TYPE: {
      const document = parse(body);
      if (document === undefined) return NOT_JSON;
      if (media === STRUCTURED) return [structuredItem(document)];
      if (media === JSON_TYPE) return Array.isArray(document) ? document.map(readDocument) : [readDocument(document)];
      return Array.isArray(document) ? document.map(structuredItem) : NOT_A_BATCH;
    }
    default:
      return isWholeEvent(media) ? OTHER_FORMAT : OTHER_MEDIA_TYPE;
  }
}

const NOT_JSON: Unread = { code: 'malformed', detail: 'The body is not valid JSON.' };
const NOT_A_BATCH: Unread = { code: 'malformed', detail: 'A batch of CloudEvents must be a JSON array.' };
const OTHER_FORMAT: Unread = {
  code: 'unsupported-media-type',
  detail: `CloudEvents are read in the JSON format only: send ${STRUCTURED} or ${BATCH}.`,
};
const OTHER_MEDIA_TYPE: Unread = {
  code: 'unsupported-media-type',
  detail: `The content type is not one that is read here: send ${READABLE_TYPES.join(', ')}; or a CloudEvent in binary mode.`,
};

/** Undefined where the bytes are not JSON. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

function structuredItem(document: unknown): IngestItem {
  const simple = simpleStructuredEvent(document);
  if (simple !== null) return simple;
  const event = structuredEvent(document);
  return event instanceof Rejection ? { document, rejection: event } : { document: formOf(event), isCloudEvent: true };
}

/** A rejected message keeps its attributes and its body. */
function binaryItem({ attributes, contentType }: SortedHeaders, body: Buffer): IngestItem {
  const event = binaryEvent(attributes ?? {}, contentType, body);
  if (!(event instanceof Rejection)) return { document: formOf(event), isCloudEvent: true };
  return {
    document: { ...attributes, ...(body.length > 0 ? { data: body.toString('utf8') } : {}) },
    rejection: event,
  };
}

const mediaTypes = new LruCache<string, string>(100);
const MEDIA_TYPE_MAX = 100;

/** A channel repeats its content type with every message. */
function knownMediaType(contentType: string | undefined): string | undefined {
  if (contentType === undefined || contentType.length > MEDIA_TYPE_MAX) return mediaType(contentType);
  let media = mediaTypes.get(contentType);
  if (media === undefined) mediaTypes.set(contentType, (media = mediaType(contentType) ?? ''));
  return media;
}

/** Headers by what they mean: the same for every transport. */
export interface SortedHeaders {
  readonly contentType: string | undefined;
  /** The attributes of a CloudEvent, by name; null where no header carries one. */
  readonly attributes: Readonly<Record<string, string>> | null;
  /** Headers that do not belong to the event; null where there are none, or the binding drops them. */
  readonly others: Readonly<Record<string, string>> | null;
}

/** Whether attributes from headers make a CloudEvent in binary mode. */
export function isBinary(attributes: Readonly<Record<string, string>> | null): boolean {
  return attributes !== null && Object.keys(attributes).some((name) => /^(?:specversion|id|type|source)$/i.test(name));
}

/** Sorts headers in one pass. Of a header that is repeated the last value counts; one without a value says nothing. */
export function sortHeaders(headers: MessageHeaders, binding: Binding): SortedHeaders {
  const { prefix, keepsOtherHeaders } = binding;
  let contentType: string | undefined;
  let attributes: Record<string, string> | null = null;
  let others: Record<string, string> | null = null;
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    const value = isList(given) ? given.at(-1) : given;
    if (value === undefined || value === null) continue;
    const text = value.toString();
    // The prefix is cut and the rest kept as written: an attribute in capitals is one that CloudEvents does not allow.
    if (binding.carriesAttribute(name)) (attributes ??= {})[name.slice(prefix.length)] = binding.decode(text);
    else if (name === 'content-type' || CONTENT_TYPE.test(name)) contentType = text;
    else if (keepsOtherHeaders) (others ??= {})[name] = text;
  }
  return { contentType, attributes, others };
}

const CONTENT_TYPE = /^content-type$/i;
const isList = (given: MessageHeaders[string]): given is readonly HeaderValue[] => Array.isArray(given);

/** Unquoted and percent-decoded, as the HTTP binding has it; as it stands where that fails. */
function percentDecoded(value: string): string {
  const bare = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  if (!bare.includes('%')) return bare;
  try {
    return decodeURIComponent(bare);
  } catch {
    return bare;
  }
}
