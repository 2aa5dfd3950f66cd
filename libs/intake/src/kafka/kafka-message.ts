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
  const headers = textHeaders(message.headers);
  const provenance = provenanceOf(message, headers, origin);
  const at = { file: `${origin.topic}/${origin.partition}`, line: message.offset };
  return itemsOf(message, headers, origin).map((item) => ({ ...item, at, provenance }));
}

function itemsOf(
  { value, offset }: ReceivedMessage,
  headers: Readonly<Record<string, string>>,
  { topic, partition, mapping }: MessageOrigin,
): readonly IntakeItem[] {
  if (value === null) return [{ document: null, refusal: unreadable('has no value') }];
  const attributed = cloudEventHeaders(headers);
  const media = mediaType(headers['content-type']);
  const isCloudEvent = isBinary(attributed) || media?.startsWith('application/cloudevents') === true;
  if (!isCloudEvent && mapping !== undefined) {
    const document = parsed(value);
    return document === undefined
      ? [{ document: keptText(value), refusal: unreadable('is not JSON') }]
      : [mapping(document, { topic, partition, offset, value })];
  }
  // A message that does not say what it is may be JSON; a CloudEvent in binary mode may say nothing about its data.
  if (!isCloudEvent && media === undefined) attributed['content-type'] = 'application/json';
  const read = readHttpMessage(attributed, value, asItStands);
  return 'length' in read ? read : [{ document: keptText(value), refusal: unreadable(read.detail) }];
}

/** In Kafka a header's value is UTF-8, and nothing in it is escaped. */
const asItStands = (value: string): string => value;

/** The binding for Kafka writes `ce_` where the one for HTTP writes `ce-`. */
function cloudEventHeaders(headers: Readonly<Record<string, string>>): Record<string, string> {
  const attributed: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers))
    attributed[isAttribute(name) ? `ce-${name.slice(3)}` : name.startsWith('ce-') ? `x-${name}` : name] = value;
  return attributed;
}

const isAttribute = (name: string): boolean => name.startsWith('ce_');

/** The last of several; names that the event itself rests on in small letters. */
function textHeaders(headers: ReceivedMessage['headers']): Record<string, string> {
  const texts: Record<string, string> = {};
  for (const [name, given] of Object.entries(headers)) {
    const value = Array.isArray(given) ? (given as readonly (Buffer | string)[]).at(-1) : given;
    if (value === undefined) continue;
    texts[/^content-type$/i.test(name) ? 'content-type' : name] = value.toString();
  }
  return texts;
}

function provenanceOf(
  { key, offset }: ReceivedMessage,
  headers: Readonly<Record<string, string>>,
  { topic, partition }: MessageOrigin,
): Provenance {
  const others = Object.entries(headers).filter(([name]) => !isAttribute(name) && name !== 'content-type');
  return {
    ...{ topic, partition, offset, key: key === null ? null : textOf(key) },
    headers: others.length === 0 ? null : Object.fromEntries(others),
  };
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
  const text = bytes.toString('utf8');
  return Buffer.from(text, 'utf8').equals(bytes) ? text : `base64:${bytes.toString('base64')}`;
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
