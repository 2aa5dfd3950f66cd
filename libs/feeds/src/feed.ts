import type { Instant, JsonSchema } from '#contracts';
import type { TopicPlan } from '#platform';
import type { OutboxMessage } from './outbox-message.js';
import type { OutboxSource } from './outbox-source.js';

/** One message of a feed. */
export interface FeedMessage {
  /** Together with the CloudEvents source it identifies the message for ever: a consumer recognises a repeated message by it. */
  readonly id: string;
  /** The customer. Messages of one key are in order; in a compacted topic the newest one replaces those before it. */
  readonly key: string;
  /** When the thing happened that the message reports. */
  readonly at: Instant;
  /** Null deletes the key from a compacted topic. */
  readonly data: Readonly<Record<string, unknown>> | null;
}

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
  messageFor(record: OutboxMessage): FeedMessage | null;
}
