import type { TopicPlan } from '#platform';

const DAY_MS = 86_400_000;

type Plan = Omit<TopicPlan, 'topic'>;

/** Of feeds whose messages are each of worth: kept for 30 days; what is older is replayed from the engine. */
export const KEPT_FOR_A_MONTH: Plan = {
  partitions: 12,
  replicas: 3,
  settings: { 'cleanup.policy': 'delete', 'retention.ms': String(30 * DAY_MS) },
};
