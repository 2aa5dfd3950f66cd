import type { OutgoingMessage, ReceivedHeader, ReceivedMessage, TopicPlan } from '#platform';
import type { ItemResult } from '../pipeline/item.js';

type HeaderGiven = OutgoingMessage['headers'][string];

const SUFFIX = '.dlq';
const DAY_MS = 86_400_000;

export const isDeadLetterTopic = (topic: string): boolean => topic.endsWith(SUFFIX);

/** Where a topic's dead letters lie: for two weeks, since they hold in the clear what the log keeps sealed. */
export function deadLetterPlan(topic: string): TopicPlan {
  return {
    topic: `${topic}${SUFFIX}`,
    partitions: 1,
    replicas: 3,
    settings: { 'cleanup.policy': 'delete', 'retention.ms': String(14 * DAY_MS) },
  };
}

/** A message with the reason why it was quarantined. Its key, value and headers are as they came. */
export function deadLetter(
  { topic, partition }: { readonly topic: string; readonly partition: number },
  { key, value, headers, offset }: ReceivedMessage,
  bad: readonly ItemResult[],
): OutgoingMessage {
  const [first] = bad;
  const reason: Record<string, string> = {
    'perennial-code': first?.code ?? '',
    'perennial-path': first?.pointer ?? '',
    'perennial-detail': first?.detail ?? '',
    'perennial-hint': first?.hint ?? '',
    'perennial-quarantine-id': bad.map(({ quarantineId }) => quarantineId).join(','),
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

/** A header without a value gets an empty one: kafkajs reads such headers, and cannot write them. */
function sendable(given: ReceivedHeader | readonly ReceivedHeader[]): HeaderGiven {
  return Array.isArray(given) ? given.map((each: ReceivedHeader) => each ?? '') : ((given as ReceivedHeader) ?? '');
}
