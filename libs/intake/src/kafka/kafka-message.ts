import { isUtf8 } from 'node:buffer';
import type { ReceivedMessage } from '#platform';
import { isBinary, mediaType } from '../receiving/cloudevent.js';
import { readHttpMessage } from '../receiving/http-message.js';
import type { IntakeItem, Provenance } from '../taking/item.js';
import { Refusal } from '../taking/refusal.js';
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
 * that cannot be read is one item with the reason: it is set aside like any other, and its partition goes on.
 */
export function readKafkaMessage(message: ReceivedMessage, origin: MessageOrigin): readonly IntakeItem[] {
  const { offset, key } = message;
  const { topic, partition } = origin;
  const headers = sortedHeaders(message.headers);
  const provenance: Provenance = {
    topic,
    partition,
    offset,
    key: key === null ? null : textOf(key),
    headers: headers.others,
  };
  const at = { file: `${topic}/${partition}`, line: offset };
  const items = itemsOf(message, headers, origin);
  if (items.length === 1) return [placed(items[0] as IntakeItem, at, provenance)];
  return items.map((item) => placed(item, at, provenance));
}

/** Most are good: these are not copied field by field. */
function placed(item: IntakeItem, at: NonNullable<IntakeItem['at']>, provenance: Provenance): IntakeItem {
  return item.refusal === undefined ? { document: item.document, at, provenance } : { ...item, at, provenance };
}

function itemsOf(
  { value, offset }: ReceivedMessage,
  { contentType, attributes }: SortedHeaders,
  { topic, partition, mapping }: MessageOrigin,
): readonly IntakeItem[] {
  if (value === null) return [{ document: null, refusal: unreadable('has no value') }];
  const media = contentType === JSON_TYPE ? JSON_TYPE : mediaType(contentType);
  const isCloudEvent =
    (attributes !== null && isBinary(attributes)) || media?.startsWith('application/cloudevents') === true;
  if (!isCloudEvent && mapping !== undefined) {
    const document = parsed(value);
    return document === undefined
      ? [{ document: keptText(value), refusal: unreadable('is not JSON') }]
      : [mapping(document, { topic, partition, offset, value })];
  }
  // A message that does not say what it is may be JSON; a CloudEvent in binary mode may say nothing about its data.
  const type = contentType ?? (isCloudEvent ? undefined : JSON_TYPE);
  const read = readHttpMessage({ ...attributes, 'content-type': type }, value, asItStands);
  return 'length' in read ? read : [{ document: keptText(value), refusal: unreadable(read.detail) }];
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
    const value = Array.isArray(given) ? (given as readonly (Buffer | string)[]).at(-1) : given;
    if (value === undefined) continue;
    const text = value.toString();
    if (name.startsWith('ce_')) (attributes ??= {})[`ce-${name.slice(3)}`] = text;
    else if (name === 'content-type' || CONTENT_TYPE.test(name)) contentType = text;
    else (others ??= {})[name] = text;
  }
  return { contentType, attributes, others };
}

const CONTENT_TYPE = /^content-type$/i;

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

const unreadable = (reason: string): Refusal =>
  Refusal.of(
    'unreadable',
    '',
    reason,
    'send a CloudEvent (binary, structured or a batch), JSON in our form, or JSON in the form that the topic’s mapping describes',
  );
