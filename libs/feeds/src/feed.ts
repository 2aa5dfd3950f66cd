import type { Instant, JsonSchema } from '#contracts';
import type { TopicPlan } from '#platform';
import type { Said } from './published.js';
import type { Source } from './source.js';

/** What a feed says of one thing that was told. */
export interface FeedMessage {
  /** With the source it names the message for ever: who got it twice sees so. */
  readonly id: string;
  /** Orders messages, and stands in a compacted topic for what came before. */
  readonly key: string;
  /** The instant that it speaks of. */
  readonly at: Instant;
  /** Null takes away what the key had. */
  readonly data: Readonly<Record<string, unknown>> | null;
}

/** A feed: what it says, by which key, in which topic, in which form. It stands in the list of outputs, and nowhere else. */
export interface Feed {
  /** Its topic too. */
  readonly name: string;
  /** CloudEvents' type of its messages. */
  readonly type: string;
  readonly meaning: string;
  readonly plan: Omit<TopicPlan, 'topic'>;
  /** Of the data. */
  readonly schema: JsonSchema;
  /** Where it takes what it tells from. */
  readonly from: Source;
  /** Null where there is nothing to say: it is another feed's matter. */
  says(said: Said): FeedMessage | null;
}
