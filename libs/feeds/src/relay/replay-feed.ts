import type { Channels } from '#platform';
import type { Database } from '#database';
import type { Feed } from '../feed.js';
import { toCloudEvent } from '../feed.js';

export interface ReplayOptions {
  /** Leaves out what rests only on the log before this position. 0 by default. */
  readonly fromPosition?: number;
  /** Suffix of the replay topic: `perennial.stage-changes.replay-NAME`. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

export interface Replayed {
  readonly topic: string;
  readonly messages: number;
}

/**
 * Publishes a feed's messages again into a topic of its own. Neither the live topic nor the pending messages are touched, and messages have
 * their original ids. Customers come one after the other, each one's messages in order; profiles are the current ones.
 */
export async function replayFeed(
  database: Database,
  channels: Channels,
  feed: Feed,
  { fromPosition = 0, name, signal }: ReplayOptions,
): Promise<Replayed> {
  const topic = `${feed.name}.replay-${name}`;
  await channels.ensureTopics([{ topic, ...feed.plan }]);
  const producer = channels.producer();
  let messages = 0;
  try {
    for await (const page of feed.source.replay(database, fromPosition)) {
      if (signal?.aborted === true) break;
      const outgoing = page.map((record) => toCloudEvent(feed, record, topic)).filter((message) => message !== null);
      await producer.send(outgoing);
      messages += outgoing.length;
    }
  } finally {
    await producer.close();
  }
  return { topic, messages };
}
