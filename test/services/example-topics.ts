import { feedTopics } from '#feeds';
import { connectChannels } from '#platform';

/** The topics that the examples of docs/channels.md publish to. */
const PUBLISHED = ['touchpoints.web', 'touchpoints.tills'];
const PARTITIONS = 3;

/** Creates the topics of the documented examples, those that they write to and those that they read, where they do not exist. */
export async function createExampleTopics(brokers: readonly string[]): Promise<readonly string[]> {
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const channels = await connectChannels({ brokers, tls: null, sasl: null }, silent);
  const plans = [
    ...PUBLISHED.map((topic) => ({ topic, partitions: PARTITIONS, replicas: 1, settings: {} })),
    ...feedTopics(),
  ];
  await channels.ensureTopics(plans);
  return plans.map(({ topic }) => topic);
}
