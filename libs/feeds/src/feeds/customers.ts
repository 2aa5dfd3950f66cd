import type { Feed } from '../feed.js';
import { PROFILES_SOURCE } from '../relay/profiles.js';
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
  cycle: {
    type: 'integer',
    minimum: 1,
    description: 'The customer’s lifecycle cycle, from 1: a win-back begins the next one.',
  },
  stage: { type: 'string' },
  phase: { type: 'string' },
  enteredAt: { ...MOMENT, description: 'Since when the customer is in this phase.' },
  cause: { type: 'object', description: 'Why: the rule, the events or the deadline, the values compared.' },
  policyVersion: { type: 'string', description: 'The policy in force when the customer was folded.' },
  flags: { type: 'array', items: { type: 'string' }, description: 'Flags that are set beside the phase.' },
  nextDueAt: {
    ...MAYBE_MOMENT,
    description: 'The next deadline that moves the customer unless something happens before; null where there is none.',
  },
  nextDueKind: { type: ['string', 'null'], description: 'Where that deadline moves the customer.' },
  firstSeenAt: MOMENT,
  lastSeenAt: MOMENT,
  touchpoints: COUNT,
  orders: { ...COUNT, description: 'Orders that were neither cancelled nor fully returned.' },
  revenue: {
    ...objects({ amountMinor: { type: 'integer' }, currency: { type: 'string', pattern: '^[A-Z]{3}$' } }),
    description: 'Net revenue in minor units, for each currency.',
  },
  firstPurchaseAt: MAYBE_MOMENT,
  lastPurchaseAt: MAYBE_MOMENT,
  contracts: objects({ contractId: { type: 'string' }, status: { type: 'string' }, startedAt: MOMENT, since: MOMENT }),
  consents: {
    ...objects({
      purpose: { type: 'string' },
      medium: { type: ['string', 'null'], description: 'Null: every medium without an entry of its own.' },
      given: { type: 'boolean', description: 'False: withdrawn.' },
      since: MOMENT,
      expiresAt: MAYBE_MOMENT,
    }),
    description: 'The consents that the customer gave and withdrew.',
  },
};

/** The current profile of each customer. */
export const CUSTOMERS: Feed = {
  name: 'perennial.customers',
  type: 'perennial.customer-profile',
  meaning:
    'The current profile of a customer. The newest message of each key is the engine’s own state; a message without a value deletes the customer: merged into another, or erased.',
  plan: COMPACTED,
  schema: { type: 'object', additionalProperties: false, required: Object.keys(PROFILE), properties: PROFILE },
  source: PROFILES_SOURCE,
  messageFor: (record) => {
    if (!('profile' in record)) return null;
    const { customerId, revision, changedAt, profile } = record;
    const data = profile === null ? null : { ...profile, revision };
    return { id: `${customerId}-${revision}`, key: customerId, at: changedAt, data };
  },
};
