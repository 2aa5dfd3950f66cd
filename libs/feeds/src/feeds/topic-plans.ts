import { DAY } from '#contracts';
import type { TopicPlan } from '#platform';

type Plan = Omit<TopicPlan, 'topic'>;

/**
 * For feeds whose newest message of a key replaces all before it: Kafka keeps the newest message of each key for ever. A deletion is kept for a week,
 * so that consumers which read rarely still see it.
 */
export const COMPACTED: Plan = {
  partitions: 12,
  replicas: 3,
  settings: { 'cleanup.policy': 'compact', 'delete.retention.ms': String(7 * DAY) },
};

/** For feeds whose every message counts: Kafka keeps them for 30 days; a replay publishes older ones again. */
export const KEPT_FOR_A_MONTH: Plan = {
  partitions: 12,
  replicas: 3,
  settings: { 'cleanup.policy': 'delete', 'retention.ms': String(30 * DAY) },
};
