import { formatInstant } from '#contracts';
import type { OutgoingMessage } from '#platform';
import type { Feed } from '../feed.js';
import type { Said } from '../published.js';

/** Who speaks: the same for every feed. With the id it names a message for ever. */
const SOURCE = 'perennial';

/** A feed's message as a CloudEvent in binary mode: attributes in headers, data as the value. Null where the feed has nothing to say. */
export function carried(feed: Feed, said: Said, topic: string = feed.name): OutgoingMessage | null {
  const message = feed.says(said);
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
