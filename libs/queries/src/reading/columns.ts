import type { Column } from '../running/query.js';

/** Columns that several queries have: the same words in every answer. */

/** The customer that the answer is about, as believed at known-at. */
export const CUSTOMER_KNOWN_COLUMN: Column = {
  name: 'customerId',
  type: 'text',
  description: 'the customer, by the links known at known-at',
};

/** A place in the lifecycle. */
export const PLACE_COLUMNS: readonly Column[] = [
  { name: 'cycle', type: 'integer', description: 'which turn of the lifecycle, from 1' },
  { name: 'stage', type: 'text', description: 'acquisition, retention or expansion' },
  { name: 'phase', type: 'text', description: 'phase within the stage' },
];

/** What the customer allowed, and what a channel should do because of it. */
export const ALLOWED_COLUMNS: readonly Column[] = [
  {
    name: 'consents',
    type: 'json',
    description:
      'what the customer allowed and what the customer took back, by purpose and medium (null: every medium of which nothing else is said): since when, by which event, until when, and whether it is in force',
  },
  {
    name: 'actions',
    type: 'json',
    description:
      'what a channel should do next: the treatment of their phase by each medium that the customer allows, with the rule that brought them there, the consent, and how long it is valid',
  },
];

/** What is called for and not proposed. */
export const HELD_COLUMN: Column = {
  name: 'heldActions',
  type: 'json',
  description:
    'what the phase calls for and is held back, with the reason: a consent that is missing, withdrawn, expired or not confirmed, a restriction, the suppression list, or a rule of contact of the policy',
};

/** Where a customer stands, why, what comes next, and what the relationship amounts to. */
export const STANDING_COLUMNS: readonly Column[] = [
  ...PLACE_COLUMNS,
  { name: 'enteredAt', type: 'instant', description: 'since when' },
  { name: 'cause', type: 'json', description: 'the rule, what met it, and the values it compared' },
  { name: 'nextDueAt', type: 'instant', nullable: true, description: 'when silence moves the customer next' },
  { name: 'nextDueKind', type: 'text', nullable: true, description: 'what silence does then' },
  { name: 'flags', type: 'json', description: 'what is raised beside the phase' },
  { name: 'firstSeenAt', type: 'instant', description: 'their first touchpoint' },
  { name: 'lastSeenAt', type: 'instant', description: 'their last touchpoint by then' },
  { name: 'touchpoints', type: 'integer', description: 'how many by then' },
  { name: 'orders', type: 'integer', description: 'surviving orders' },
  {
    name: 'revenue',
    type: 'json',
    description: 'net, with payments for contracts, in minor units, for each currency',
  },
  { name: 'firstPurchaseAt', type: 'instant', nullable: true, description: 'first surviving purchase' },
  { name: 'lastPurchaseAt', type: 'instant', nullable: true, description: 'last surviving purchase' },
];
