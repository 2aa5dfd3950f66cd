import type { TopicPlan } from '#platform';
import type { Feed } from './feed.js';
import { ACCOUNT_STAGE_CHANGES } from './feeds/account-stage-changes.js';
import { ACTIONS } from './feeds/actions.js';
import { CUSTOMERS } from './feeds/customers.js';
import { IDENTITY } from './feeds/identity.js';
import { SEGMENTS } from './feeds/segments.js';
import { STAGE_CHANGES } from './feeds/stage-changes.js';

/** All feeds that the engine publishes. A feed is one file and one line here. */
export const FEEDS: readonly Feed[] = [STAGE_CHANGES, IDENTITY, CUSTOMERS, ACTIONS, SEGMENTS, ACCOUNT_STAGE_CHANGES];

/** The topics of all feeds, as the relay creates them. */
export const feedTopics = (): readonly TopicPlan[] => topicsOf(FEEDS);

export const topicsOf = (feeds: readonly Feed[]): readonly TopicPlan[] =>
  feeds.map(({ name, plan }) => ({ topic: name, ...plan }));
