import type { TopicPlan } from '#platform';

const DAY_MS = 86_400_000;

type Plan = Omit<TopicPlan, 'topic'>;

/**
 * Of feeds where the last message of a key stands for all before it: kept for ever, one for each key. Who reads rarely still sees for
 * a week that a key was taken away.
 */
export const COMPACTED: Plan = {
  partitions: 12,
  replicas: 3,
  settings: { 'cleanup.policy': 'compact', 'delete.retention.ms': String(7 * DAY_MS) },
};

/** Of feeds whose messages are each of worth: kept for 30 days; what is older is replayed from the engine. */
export const KEPT_FOR_A_MONTH: Plan = {
  partitions: 12,
  replicas: 3,
  settings: { 'cleanup.policy': 'delete', 'retention.ms': String(30 * DAY_MS) },
};
