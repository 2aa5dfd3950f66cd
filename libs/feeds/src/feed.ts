import { formatInstant, type Instant, type JsonSchema } from '#contracts';
import type { OutgoingMessage, TopicPlan } from '#platform';
import type { OutboxMessage } from './outbox-message.js';
import type { OutboxSource } from './outbox-source.js';

/** A feed: which messages it publishes, by which key, to which topic, in which schema. Register it in `registry.ts`; nothing else is needed. */
export interface Feed {
  /** The name of its topic too. */
  readonly name: string;
  /** The CloudEvents type of its messages. */
  readonly type: string;
  readonly meaning: string;
  readonly plan: Omit<TopicPlan, 'topic'>;
  /** JSON Schema of the data. */
  readonly schema: JsonSchema;
  readonly source: OutboxSource;
  /** The feed's message for a record of its source; null where the record concerns another feed of the same source. */
  messageFor(record: OutboxMessage): {
    /** Together with the CloudEvents source it identifies the message for ever: a consumer recognises a repeated message by it. */
    readonly id: string;
    /** The customer, or the account. Messages of one key are in order; in a compacted topic the newest one replaces those before it. */
    readonly key: string;
    /** When the thing happened that the message reports. */
    readonly at: Instant;
    /** Null deletes the key from a compacted topic. */
    readonly data: Readonly<Record<string, unknown>> | null;
  } | null;
}

/** The CloudEvents source: the same for every feed. Together with the id it identifies a message for ever. */
const SOURCE = 'perennial';

/** A feed's message as a CloudEvent in binary mode: attributes in headers, data as the value. Null where the feed has no message for the record. */
export function toCloudEvent(feed: Feed, record: OutboxMessage, topic: string = feed.name): OutgoingMessage | null {
  const message = feed.messageFor(record);
  if (message === null) return null;
  const { id, key, at, data } = message;
  return {
    topic,
    key,
    value: data === null ? null : JSON.stringify(data),
    headers: {
      ce_specversion: '1.0',
      ce_id: id,
      ce_source: SOURCE,
      ce_type: feed.type,
      ce_time: formatInstant(at),
      ce_subject: key,
      ...(data === null ? {} : { 'content-type': 'application/json' }),
    },
  };
}
