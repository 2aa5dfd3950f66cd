import { decodeUnicode, pointerTo, unicodeDocument } from '#contracts';
import { rawText, type Encoding } from '#imports';
import { LruCache } from '#keys';
import type { IngestItem } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { TURN, Turns } from '../pipeline/turns.js';
import { binaryEvent, mediaType, structuredEvent } from './cloudevent.js';
import { formOf, SIMPLE_FIELDS, type FormField } from './envelope-form.js';
import { simpleBinaryEvent, simpleStructuredEvent } from './simple-event.js';
import {
  flawsByItem,
  notUtf8Rejection,
  readJsonBody,
  readJsonBodyInTurns,
  rejectionOf,
  type JsonBody,
} from './strict-json.js';

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
  /** The value of an attribute from the text of its header; null where its bytes are not UTF-8. */
  decode(text: string): string | null;
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
  readonly code: 'malformed' | 'not-utf-8' | 'unsupported-media-type';
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
  ownForm?: OwnForm,
): ReadMessage | UnreadableMessage {
  const simple = headers[binding.specversion] === undefined ? null : simpleBinaryEvent(headers, body, binding);
  if (simple !== null) {
    const { document, envelope, others } = simple;
    return { items: [{ document, envelope }], isCloudEvents: true, otherHeaders: others };
  }
  const sorted = sortHeaders(headers, binding);
  const media = knownMediaType(sorted.contentType);
  if (!isReadableCharset(sorted.contentType)) return { ...OTHER_CHARSET, otherHeaders: sorted.others };
  const isBinaryMode = !isWholeEvent(media) && isBinary(sorted.attributes);
  const read = isBinaryMode ? [binaryItem(sorted, body)] : readBody(body, media ?? binding.defaultMediaType, ownForm);
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

/** A form of the sender's own, that a mapping reads. */
export interface OwnForm {
  /** The encoding of its text; UTF-8 where it is absent. */
  readonly encoding?: Encoding | undefined;
  read(document: unknown): readonly IngestItem[];
}

function readBody(
  body: Buffer,
  media: string | undefined,
  ownForm: OwnForm | undefined,
): readonly IngestItem[] | Unread {
  if (ownForm !== undefined && !isWholeEvent(media)) {
    const json = readJsonBody(body, 'mapped', ownForm.encoding);
    if ('code' in json) return json;
    const rejection = rejectionOf(json.flaws);
    return rejection === null ? ownForm.read(json.value) : [{ document: json.value, rejection, text: json.text }];
  }
  switch (media) {
    case STRUCTURED:
    case BATCH:
    case JSON_TYPE: {
      const json = readJsonBody(body);
      if ('code' in json) return json;
      const items = listIn(json, media);
      if (items !== null) return [...items];
      return media === BATCH ? NOT_A_BATCH : [strictItem(json, media === STRUCTURED ? structuredItem : readDocument)];
    }
    default:
      return isWholeEvent(media) ? OTHER_FORMAT : OTHER_MEDIA_TYPE;
  }
}

const NOT_A_BATCH: Unread = { code: 'malformed', detail: 'A batch of CloudEvents must be a JSON array.' };
const OTHER_FORMAT: Unread = {
  code: 'unsupported-media-type',
  detail: `CloudEvents are read in the JSON format only: send ${STRUCTURED} or ${BATCH}.`,
};
const OTHER_MEDIA_TYPE: Unread = {
  code: 'unsupported-media-type',
  detail: `The content type is not one that is read here: send ${READABLE_TYPES.join(', ')}; or a CloudEvent in binary mode.`,
};

const OTHER_CHARSET: Unread = {
  code: 'unsupported-media-type',
  detail: 'The content type states a charset that is not read: send UTF-8.',
};

/** JSON is in Unicode, whatever the content type says; one that says otherwise was written by a sender that encodes otherwise. */
function isReadableCharset(contentType: string | undefined): boolean {
  if (contentType === undefined || !contentType.includes('charset')) return true;
  const charset = /;\s*charset\s*=\s*"?([^";\s]*)/i.exec(contentType)?.[1] ?? 'utf-8';
  return /^(?:utf-?8|us-ascii|utf-?16(?:le|be)?)$/i.test(charset);
}

/** The items of a body that is a list; null where it is one document. */
function listIn(json: JsonBody, media: string): Generator<IngestItem & { readonly size: number }> | null {
  if (media === STRUCTURED || !Array.isArray(json.value)) return null;
  return itemsOf(json, media === BATCH ? structuredItem : readDocument);
}

/**
 * Reads the events of a long body as `readEvents` does, in turns: only one document as a whole, and parsing itself, hold the event loop. A short body is
 * read at once.
 */
export async function readEventsInTurns(
  headers: MessageHeaders,
  body: Buffer,
  binding: Binding,
  turns = new Turns(),
): Promise<ReadMessage | UnreadableMessage> {
  if (body.length < TURN.bytes) return readEvents(headers, body, binding);
  const { attributes, contentType, others } = sortHeaders(headers, binding);
  const media = knownMediaType(contentType) ?? '';
  const isList = media === BATCH || (media === JSON_TYPE && !isBinary(attributes));
  if (!isList || !isReadableCharset(contentType)) return readEvents(headers, body, binding);
  const json = await readJsonBodyInTurns(body, turns);
  if ('code' in json) return { ...json, otherHeaders: others };
  const list = listIn(json, media);
  const isCloudEvents = isWholeEvent(media);
  if (list === null && media === BATCH) return { ...NOT_A_BATCH, otherHeaders: others };
  if (list === null) return { items: [strictItem(json, readDocument)], isCloudEvents, otherHeaders: others };
  const items: IngestItem[] = [];
  for (const item of list) {
    items.push(item);
    if (turns.isOver(item.size)) await turns.next();
  }
  return { items, isCloudEvents, otherHeaders: others };
}

/** The item of a document: where the document is flawed, with the reason and with the text that it was read from. */
function strictItem({ value, flaws, text }: JsonBody, read: (document: unknown) => IngestItem): IngestItem {
  const rejection = rejectionOf(flaws);
  return rejection === null ? read(value) : { document: value, rejection, text };
}

/** The items of a list, one after the other. One that is flawed does no harm to the others. */
function* itemsOf(
  { value, flaws, itemSizes, text }: JsonBody,
  read: (document: unknown) => IngestItem,
): Generator<IngestItem & { readonly size: number }> {
  const documents = value as readonly unknown[];
  const flawed = flawsByItem(flaws);
  // The bytes of the text in UTF-8, of which the sizes speak.
  const bytes = flawed.size === 0 ? null : Buffer.from(text);
  let start = bytes?.indexOf('[') ?? 0;
  for (let at = 0; at < documents.length; at += 1) {
    const document = documents[at];
    const size = itemSizes?.[at] ?? 0;
    const rejection = rejectionOf(flawed.get(at) ?? []);
    if (rejection === null || bytes === null) yield withSize(read(document), size);
    // Without the separator before it.
    else yield { document, rejection, text: bytes.toString('utf8', start + 1, start + size).trim(), size };
    start += size;
  }
}

function withSize(item: IngestItem, size: number): IngestItem & { readonly size: number } {
  return Object.assign(item, { size });
}

function structuredItem(document: unknown): IngestItem {
  const simple = simpleStructuredEvent(document);
  if (simple !== null) return simple;
  const event = structuredEvent(document);
  return event instanceof Rejection ? { document, rejection: event } : { document: formOf(event), isCloudEvent: true };
}

/** A rejected message keeps its attributes and its body. */
function binaryItem({ attributes, contentType, rejection }: SortedHeaders, body: Buffer): IngestItem {
  const event = rejection ?? binaryEvent(attributes ?? {}, contentType, body);
  if (!(event instanceof Rejection)) return { document: formOf(event), isCloudEvent: true };
  const text = unicodeDocument(body)?.text ?? rawText(body);
  return { document: { ...attributes, ...(body.length > 0 ? { data: text } : {}) }, rejection: event };
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
  /** Why the attributes cannot be read: one is not UTF-8, or stands twice with two values. */
  readonly rejection: Rejection | null;
}

/** Whether attributes from headers make a CloudEvent in binary mode. */
export function isBinary(attributes: Readonly<Record<string, string>> | null): boolean {
  return attributes !== null && Object.keys(attributes).some((name) => /^(?:specversion|id|type|source)$/i.test(name));
}

/** Sorts headers in one pass. Of another header that is repeated the last value counts; one without a value says nothing. */
export function sortHeaders(headers: MessageHeaders, binding: Binding): SortedHeaders {
  const { prefix, keepsOtherHeaders } = binding;
  let contentType: string | undefined;
  let attributes: Record<string, string> | null = null;
  let others: Record<string, string> | null = null;
  let rejection: Rejection | null = null;
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    const value = isList(given) ? given.at(-1) : given;
    if (value === undefined || value === null) continue;
    const text = typeof value === 'string' ? value : decodeUnicode(value);
    // The prefix is cut and the rest kept as written: an attribute in capitals is one that CloudEvents does not allow.
    if (binding.carriesAttribute(name)) {
      const attribute = name.slice(prefix.length);
      const decoded = text === null ? null : binding.decode(text);
      const bytes = typeof value === 'string' ? Buffer.from(value, 'latin1') : value;
      if (decoded === null) rejection ??= notUtf8Rejection(pointerTo(attribute), bytes);
      else if (isList(given) && given.some((each) => each !== null && each.toString() !== value.toString()))
        rejection ??= DOUBLED(attribute);
      (attributes ??= {})[attribute] = decoded ?? rawText(bytes);
    } else if (name === 'content-type' || CONTENT_TYPE.test(name)) contentType = text ?? rawText(value as Buffer);
    else if (keepsOtherHeaders) (others ??= {})[name] = text ?? rawText(value as Buffer);
  }
  return { contentType, attributes, others, rejection };
}

const DOUBLED = (attribute: string): Rejection =>
  Rejection.of(
    'duplicate-key',
    pointerTo(attribute),
    'stands in two headers with two values',
    'send each attribute once',
  );

const CONTENT_TYPE = /^content-type$/i;
const isList = (given: MessageHeaders[string]): given is readonly HeaderValue[] => Array.isArray(given);

const NOT_ASCII = /[^\0-\x7f]/;
const ESCAPES_ONLY = /^(?:[^%]|%[0-9a-f]{2})*$/i;

/** Unquoted and percent-decoded, as the HTTP binding has it; as it stands where a percent sign escapes nothing. Null where the bytes are not UTF-8. */
function percentDecoded(value: string): string | null {
  const bare = value.startsWith('"') && value.endsWith('"') && value.length > 1 ? value.slice(1, -1) : value;
  // The server gives a header's bytes as characters.
  const text = NOT_ASCII.test(bare) ? decodeUnicode(Buffer.from(bare, 'latin1')) : bare;
  if (text === null || !text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return ESCAPES_ONLY.test(text) ? null : text;
  }
}
