import { Rejection } from '../pipeline/rejection.js';
import type { IngestItem } from '../pipeline/item.js';
import { binaryEvent, isBinary, mediaType, structuredEvent, type HeaderReading, type Headers } from './cloudevent.js';
import { formOf } from './envelope-form.js';
import { simpleStructured } from './simple-cloudevent.js';
import { importedInvalidRow } from './invalid-row.js';

/** A message that cannot be read as a whole: nothing of it is taken, and the sender is told. */
export interface Unreadable {
  readonly status: 400 | 415;
  readonly detail: string;
}

export const NDJSON_TYPES = ['application/x-ndjson', 'application/ndjson', 'application/jsonl'];
const JSON_TYPE = 'application/json';
const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

/** All that intake reads, for the documentation and for the answer to another content type. */
export const READABLE_TYPES = [JSON_TYPE, STRUCTURED, BATCH, ...NDJSON_TYPES];

/**
 * The events of one HTTP message (NDJSON is read line by line: see `ndjson.ts`), or why it cannot be read at all. Another transport whose
 * messages have headers and a body says how it writes attributes into headers.
 */
export function readHttpMessage(
  headers: Headers,
  body: Buffer,
  read?: HeaderReading,
): readonly IngestItem[] | Unreadable {
  const contentType = Object.entries(headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  const media = mediaType(typeof contentType === 'string' ? contentType : contentType?.[0]);
  return !isWholeEvent(media) && isBinary(headers) ? [binaryItem(headers, body, read)] : readBody(body, media);
}

/** Whether a body of this media type says all of its events, whatever the headers say. */
export const isWholeEvent = (media: string | undefined): boolean =>
  media !== undefined && media.startsWith('application/cloudevents');

/** The events of a body that says all of them, by its media type. */
export function readBody(body: Buffer, media: string | undefined): readonly IngestItem[] | Unreadable {
  switch (media) {
    case STRUCTURED:
    case BATCH:
    case JSON_TYPE: {
      const document = parse(body);
      if (document === undefined) return NOT_JSON;
      if (media === STRUCTURED) return [structuredItem(document)];
      if (media === JSON_TYPE) return Array.isArray(document) ? document.map(documentItem) : [documentItem(document)];
      return Array.isArray(document)
        ? document.map(structuredItem)
        : { status: 400, detail: 'A batch of CloudEvents is a JSON array.' };
    }
    default:
      return isWholeEvent(media)
        ? { status: 415, detail: `CloudEvents are read in the JSON format only: ${STRUCTURED} or ${BATCH}.` }
        : { status: 415, detail: `Send one of: ${READABLE_TYPES.join(', ')}; or a CloudEvent in binary mode.` };
  }
}

const NOT_JSON: Unreadable = { status: 400, detail: 'The body is not JSON.' };

/** Undefined where the text is no JSON. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** One JSON document on its own: our form, a CloudEvent (which says its specversion), or a row that an importer quarantines. */
export function documentItem(document: unknown): IngestItem {
  if (typeof document !== 'object' || document === null) return { document };
  if ('specversion' in document) return structuredItem(document);
  return ('invalid' in document ? importedInvalidRow(document) : null) ?? { document };
}

function structuredItem(document: unknown): IngestItem {
  const plain = simpleStructured(document);
  if (plain !== null) return plain;
  const event = structuredEvent(document);
  return event instanceof Rejection ? { document, rejection: event } : { document: formOf(event) };
}

/** A rejected message keeps what it said: its attributes and its body. */
function binaryItem(headers: Headers, body: Buffer, read?: HeaderReading): IngestItem {
  const event = binaryEvent(headers, body, read);
  if (!(event instanceof Rejection)) return { document: formOf(event) };
  const document: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(headers))
    if (name.toLowerCase().startsWith('ce-') && typeof value === 'string') document[name.slice(3)] = value;
  if (body.length > 0) document['data'] = body.toString('utf8');
  return { document, rejection: event };
}
