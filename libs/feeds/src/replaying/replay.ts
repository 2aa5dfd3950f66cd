import type { Channels } from '#platform';
import type { Database } from '#database';
import { carried } from '../relay/cloud-event.js';
import type { Feed } from '../feed.js';

export interface ReplayOptions {
  /** What rests on less of the log than this is left out. From the beginning unless given. */
  readonly fromPosition?: number;
  /** Names the topic, beside the feed's own: `perennial.stage-changes.replay-NAME`. */
  readonly name: string;
  readonly signal?: AbortSignal;
}

export interface Replayed {
  readonly topic: string;
  readonly messages: number;
}

/**
 * Tells a feed again, from what was said, into a topic of its own: neither the live topic nor what is still to be told is touched, and messages
 * bear the names that they had. Customers one after the other, each in order; of profiles, the present ones.
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
    for await (const said of feed.from.again(database, fromPosition)) {
      if (signal?.aborted === true) break;
      const outgoing = said.map((each) => carried(feed, each, topic)).filter((message) => message !== null);
      await producer.send(outgoing);
      messages += outgoing.length;
    }
  } finally {
    await producer.close();
  }
  return { topic, messages };
}
