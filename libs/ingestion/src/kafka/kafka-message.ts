import { decodeUnicode } from '#contracts';
import type { ReceivedMessage } from '#platform';
import { KAFKA_BINDING, readEvents } from '../cloudevents/read-events.js';
import { notUtf8Rejection } from '../cloudevents/strict-json.js';
import type { IngestItem, Provenance } from '../pipeline/item.js';
import { Rejection } from '../pipeline/rejection.js';
import type { TopicMapping } from './topic-mappings.js';

/** Where a message was read. */
export interface MessageOrigin {
  readonly topic: string;
  readonly partition: number;
  /** How this topic's own form is read: for messages that are not CloudEvents. */
  readonly mapping?: TopicMapping | undefined;
}

/**
 * Whether a message deletes the value of its key in a compacted topic: it has a key and no value, and is no CloudEvent. It says that a row of its
 * sender is gone, which is no touchpoint: it is passed over, and counted.
 */
export const isTombstone = ({ key, value, headers }: ReceivedMessage): boolean =>
  value === null && key !== null && headers[KAFKA_BINDING.specversion] === undefined;

const KEPT_TEXT_MAX = 4_096;

/**
 * The events of one Kafka message, each with its place in the topic. A message that cannot be read is one item with the reason: it is quarantined
 * like any other bad event, and its partition goes on.
 */
export function readKafkaMessage(message: ReceivedMessage, origin: MessageOrigin): readonly IngestItem[] {
  if (isTombstone(message)) return [];
  const { headers, offset, value } = message;
  // A CloudEvent may have no data.
  if (value === null && headers[KAFKA_BINDING.specversion] !== undefined)
    return readKafkaMessage({ ...message, value: Buffer.alloc(0) }, origin);
  if (value === null)
    return [{ document: null, rejection: unreadable('has no value'), provenance: provenanceOf(message, origin, null) }];
  const { topic, partition, mapping } = origin;
  const read = readEvents(
    headers,
    value,
    KAFKA_BINDING,
    mapping === undefined
      ? undefined
      : {
          encoding: mapping.encoding,
          read: (document) => mapping.read(document, { topic, partition, offset, value }),
        },
  );
  const provenance = provenanceOf(message, origin, read.otherHeaders);
  if ('code' in read) {
    const rejection = read.code === 'not-utf-8' ? notUtf8Rejection('#', value) : unreadable(read.detail);
    return [{ document: keptText(value), rejection, provenance, size: value.length }];
  }
  const { items } = read;
  return items.length === 1
    ? [placed(items[0] as IngestItem, provenance, value.length)]
    : items.map((item) => placed(item, provenance));
}

function provenanceOf(
  { offset, key, timestamp }: ReceivedMessage,
  { topic, partition }: MessageOrigin,
  headers: Provenance['headers'],
): Provenance {
  return { topic, partition, offset, timestamp, key: key === null ? null : textOf(key), headers };
}

/** Most items are good: these are not copied field by field. */
function placed(item: IngestItem, provenance: Provenance, size = item.size ?? 0): IngestItem {
  const { document, envelope, rejection } = item;
  if (rejection !== undefined) return { ...item, provenance, size };
  return envelope === undefined ? { document, provenance, size } : { document, envelope, provenance, size };
}

/** Text where the bytes are text; otherwise base64, marked as such. */
function textOf(bytes: Buffer): string {
  return decodeUnicode(bytes) ?? `base64:${bytes.toString('base64')}`;
}

/** The part that is kept of a message that is not JSON; the whole message is in the topic of dead letters. */
const keptText = (value: Buffer): string => textOf(value).slice(0, KEPT_TEXT_MAX);

const unreadable = (detail: string): Rejection =>
  Rejection.of(
    'unreadable',
    '#',
    detail,
    'send a CloudEvent (binary, structured or a batch), JSON in our form, or JSON in the form that the mapping of the topic describes',
  );
