import { formatInstant } from '#contracts';
import type { OutgoingMessage } from '#platform';
import type { Feed } from '../feed.js';
import type { OutboxMessage } from '../outbox-message.js';

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
