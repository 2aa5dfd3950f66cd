import { isUtf8 } from 'node:buffer';
import { LruCache } from '#keys';
import { type ReceivedHeader, type ReceivedMessage } from '#platform';
import { isBinary, mediaType } from '../cloudevents/cloudevent.js';
import { isWholeEvent, readBody, readHttpMessage } from '../cloudevents/http-message.js';
import type { IngestItem, Provenance } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import { readSimpleMessage } from './simple-message.js';
import type { TopicMapping } from './topic-mappings.js';

/** Where a message was read. */
export interface MessageOrigin {
  readonly topic: string;
  readonly partition: number;
  /** How this topic's own form is read; for messages that are no CloudEvents. */
  readonly mapping?: TopicMapping | undefined;
}

const KEPT_TEXT_MAX = 4_096;

/**
 * The events of one message: a CloudEvent in binary or structured mode, a batch of them, our JSON form, or a form of the topic's own. A message
 * that cannot be read is one item with the reason: it is quarantined like any other, and its partition goes on.
 */
export function readKafkaMessage(message: ReceivedMessage, origin: MessageOrigin): readonly IngestItem[] {
  const plain = readSimpleMessage(message);
  if (plain !== null) {
    const { document, envelope, others } = plain;
    return [{ document, envelope, provenance: provenanceOf(message, origin, others) }];
  }
  const headers = sortedHeaders(message.headers);
  const provenance = provenanceOf(message, origin, headers.others);
  return itemsOf(message, headers, origin).map((item) => placed(item, provenance));
}

function provenanceOf(
  { offset, key }: ReceivedMessage,
  { topic, partition }: MessageOrigin,
  headers: Provenance['headers'],
): Provenance {
  return { topic, partition, offset, key: key === null ? null : textOf(key), headers };
}

/** Most are good: these are not copied field by field. */
function placed(item: IngestItem, provenance: Provenance): IngestItem {
  const { document, envelope, rejection } = item;
  if (rejection !== undefined) return { ...item, provenance };
  return envelope === undefined ? { document, provenance } : { document, envelope, provenance };
}

function itemsOf(
  { value, offset }: ReceivedMessage,
  { contentType, attributes }: SortedHeaders,
  { topic, partition, mapping }: MessageOrigin,
): readonly IngestItem[] {
  if (value === null) return [{ document: null, rejection: unreadable('has no value') }];
  const media = knownMedia(contentType);
  const isCloudEvent = isWholeEvent(media) || (attributes !== null && isBinary(attributes));
  if (!isCloudEvent && mapping !== undefined) {
    const document = parsed(value);
    return document === undefined
      ? [{ document: keptText(value), rejection: unreadable('is not JSON') }]
      : [mapping(document, { topic, partition, offset, value })];
  }
  // A message that does not say what it is may be JSON; a CloudEvent in binary mode may say nothing about its data.
  const read =
    isCloudEvent && !isWholeEvent(media)
      ? readHttpMessage({ ...attributes, 'content-type': contentType }, value, asItStands)
      : readBody(value, media ?? JSON_TYPE);
  return 'length' in read ? read : [{ document: keptText(value), rejection: unreadable(read.detail) }];
}

const JSON_TYPE = 'application/json';

/** In Kafka a header's value is UTF-8, and nothing in it is escaped. */
const asItStands = (value: string): string => value;

/** Headers as text, the last of several. */
interface SortedHeaders {
  readonly contentType: string | undefined;
  /** The attributes of a CloudEvent, named as the binding for HTTP names them: `ce-` where the one for Kafka writes `ce_`. Null where there are none. */
  readonly attributes: Readonly<Record<string, string>> | null;
  /** Those that do not belong to the event itself; null where there are none. */
  readonly others: Readonly<Record<string, string>> | null;
}

/** One pass over the names: there are few of them, and they come with every message. */
function sortedHeaders(headers: ReceivedMessage['headers']): SortedHeaders {
  let contentType: string | undefined;
  let attributes: Record<string, string> | null = null;
  let others: Record<string, string> | null = null;
  for (const name of Object.keys(headers)) {
    const given = headers[name];
    const value = isList(given) ? given.at(-1) : given;
    // Kafka knows headers without a value: they say nothing.
    if (value === undefined || value === null) continue;
    const text = value.toString();
    if (name.startsWith('ce_')) (attributes ??= {})[`ce-${name.slice(3)}`] = text;
    else if (name === 'content-type' || CONTENT_TYPE.test(name)) contentType = text;
    else (others ??= {})[name] = text;
  }
  return { contentType, attributes, others };
}

const CONTENT_TYPE = /^content-type$/i;
const isList = (given: unknown): given is readonly ReceivedHeader[] => Array.isArray(given);

const mediaTypes = new LruCache<string, string>(100);
const MEDIA_TYPE_MAX = 100;

/** A channel says the same content type again and again. */
function knownMedia(contentType: string | undefined): string | undefined {
  if (contentType === undefined || contentType.length > MEDIA_TYPE_MAX) return mediaType(contentType);
  let media = mediaTypes.get(contentType);
  if (media === undefined) mediaTypes.set(contentType, (media = mediaType(contentType) ?? ''));
  return media;
}

function parsed(value: Buffer): unknown {
  try {
    return JSON.parse(value.toString('utf8')) as unknown;
  } catch {
    return undefined;
  }
}

/** Text where the bytes are text; base64 where they are not, and says so. */
function textOf(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : `base64:${bytes.toString('base64')}`;
}

/** What is kept of a message that is no JSON; all of it stands in the topic of dead letters. */
const keptText = (value: Buffer): string => textOf(value).slice(0, KEPT_TEXT_MAX);

const unreadable = (reason: string): Rejection =>
  Rejection.of(
    'unreadable',
    '#',
    reason,
    'send a CloudEvent (binary, structured or a batch), JSON in our form, or JSON in the form that the topic’s mapping describes',
  );
