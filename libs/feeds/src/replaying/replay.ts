import type { Channels } from '#platform';
import type { Database } from '#projections';
import { carried } from '../carrying/cloud-event.js';
import { tellings } from '../carrying/tellings.js';
import type { Feed } from '../feed.js';

const PAGE = 2_000;

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
 * Tells a feed again, from what was published, into a topic of its own: neither the live topic nor the outbox is touched, and messages bear the
 * names that they had. Customers one after the other, each in order.
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
    let [customerId, publication] = ['', 0];
    while (signal?.aborted !== true) {
      const told = await tellings(
        database,
        `SELECT customer_id, publication FROM perennial.published
          WHERE (customer_id, publication) > ($1, $2::int) AND position >= $3::bigint
          ORDER BY customer_id, publication LIMIT ${PAGE}`,
        [customerId, publication, fromPosition],
      );
      const last = told.at(-1);
      if (last === undefined) break;
      const outgoing = told.map((each) => carried(feed, each, topic)).filter((message) => message !== null);
      await producer.send(outgoing);
      messages += outgoing.length;
      ({ customerId, publication } = last);
    }
  } finally {
    await producer.close();
  }
  return { topic, messages };
}
