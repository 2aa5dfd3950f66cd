import { DAY } from '#contracts';
import type { OutgoingMessage, ReceivedHeader, ReceivedMessage, TopicPlan } from '#platform';
import type { ItemResult } from '../pipeline/item.js';

type HeaderGiven = OutgoingMessage['headers'][string];

const SUFFIX = '.dlq';

export const isDeadLetterTopic = (topic: string): boolean => topic.endsWith(SUFFIX);

/** The topic of a topic's dead letters. They are kept for two weeks, since they hold in the clear what the log keeps sealed. */
export function deadLetterPlan(topic: string): TopicPlan {
  return {
    topic: `${topic}${SUFFIX}`,
    partitions: 1,
    replicas: 3,
    settings: { 'cleanup.policy': 'delete', 'retention.ms': String(14 * DAY) },
  };
}

/** A message with the reason why it was quarantined. Its key, value and headers are as they were received. */
export function deadLetter(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { key, value, headers, offset }: ReceivedMessage,
  quarantined: readonly ItemResult[],
): OutgoingMessage {
  const [first] = quarantined;
  const reason: Record<string, string> = {
    'perennial-code': first?.code ?? '',
    'perennial-pointer': first?.pointer ?? '',
    'perennial-detail': first?.detail ?? '',
    'perennial-hint': first?.hint ?? '',
    'perennial-quarantine-id': quarantined.map(({ quarantineId }) => quarantineId).join(','),
    'perennial-topic': topic,
    'perennial-partition': String(partition),
    'perennial-offset': String(offset),
  };
  const own = Object.entries(headers).flatMap(([name, given]) =>
    given === undefined ? [] : [[name, sendable(given)]],
  );
  return {
    topic: deadLetterPlan(topic).topic,
    key,
    value,
    headers: { ...(Object.fromEntries(own) as OutgoingMessage['headers']), ...reason },
  };
}

/** A header without a value gets an empty one: kafkajs reads such headers, but cannot write them. */
function sendable(given: ReceivedHeader | readonly ReceivedHeader[]): HeaderGiven {
  return Array.isArray(given) ? given.map((each: ReceivedHeader) => each ?? '') : ((given as ReceivedHeader) ?? '');
}
