import { PROFILES } from '../relay/customers.js';
import type { Feed } from '../feed.js';
import { COMPACTED } from './topic-plans.js';

const MOMENT = { type: 'string', format: 'date-time' };
const MAYBE_MOMENT = { type: ['string', 'null'], format: 'date-time' };
const COUNT = { type: 'integer', minimum: 0 };
const objects = (properties: Readonly<Record<string, object>>) => ({
  type: 'array',
  items: { type: 'object', additionalProperties: false, required: Object.keys(properties), properties },
});

const PROFILE = {
  customerId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
  revision: { type: 'integer', minimum: 1, description: 'Rises with every message of this customer.' },
  cycle: { type: 'integer', minimum: 1, description: 'How often they went round: from 1.' },
  stage: { type: 'string' },
  phase: { type: 'string' },
  enteredAt: { ...MOMENT, description: 'Since when the customer stands there.' },
  cause: { type: 'object', description: 'Why: the rule, the events or the deadline, the values compared.' },
  policyVersion: { type: 'string', description: 'The policy in force when they were folded.' },
  flags: { type: 'array', items: { type: 'string' }, description: 'What is raised beside the phase.' },
  nextDueAt: { ...MAYBE_MOMENT, description: 'When silence moves their next; null when nothing will.' },
  nextDueKind: { type: ['string', 'null'], description: 'What silence does then.' },
  firstSeenAt: MOMENT,
  lastSeenAt: MOMENT,
  touchpoints: COUNT,
  orders: { ...COUNT, description: 'That survive: neither cancelled nor wholly returned.' },
  revenue: {
    ...objects({ amountMinor: { type: 'integer' }, currency: { type: 'string', pattern: '^[A-Z]{3}$' } }),
    description: 'Net, in minor units, for each currency.',
  },
  firstPurchaseAt: MAYBE_MOMENT,
  lastPurchaseAt: MAYBE_MOMENT,
  contracts: objects({ contractId: { type: 'string' }, status: { type: 'string' }, startedAt: MOMENT, since: MOMENT }),
  consents: {
    ...objects({
      purpose: { type: 'string' },
      medium: { type: ['string', 'null'], description: 'Null: every medium of which nothing else is said.' },
      given: { type: 'boolean', description: 'False: withdrawn.' },
      since: MOMENT,
      expiresAt: MAYBE_MOMENT,
    }),
    description: 'What the customer allowed, and what the customer took back.',
  },
};

/** All that is believed of each customer, by now. */
export const CUSTOMERS: Feed = {
  name: 'perennial.customers',
  type: 'perennial.customer-profile',
  meaning:
    'All that is believed of a customer by now. The newest message of each key is the engine’s own state; a message without a value takes the customer away: the customer turned out to be another, or was erased.',
  plan: COMPACTED,
  schema: { type: 'object', additionalProperties: false, required: Object.keys(PROFILE), properties: PROFILE },
  from: PROFILES,
  says: (said) => {
    if (!('profile' in said)) return null;
    const { customerId, revision, changedAt, profile } = said;
    const data = profile === null ? null : { ...profile, revision };
    return { id: `${customerId}-${revision}`, key: customerId, at: changedAt, data };
  },
};
