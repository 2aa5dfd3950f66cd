import { foldCustomer } from '#lifecycle';
import { withInstants } from '../asking/answer.js';
import { question } from '../asking/question.js';
import { lifeOf } from '../reading/life.js';
import { ONE_CUSTOMER } from '../reading/who.js';

/** Where one customer stood, at any instant, as it was believed at any instant. */
export const stage = question({
  name: 'stage',
  summary: 'Where one customer stands in the lifecycle: now, or at any instant, as believed at any instant.',
  description:
    'Folded from the log for this very question. No row where nothing was known of her: she was not there yet at as-of, or not known of yet at known-at.',
  permission: 'read',
  params: ONE_CUSTOMER,
  time: 'as-of and known-at',
  paged: false,
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer, by the links known at known-at' },
    { name: 'cycle', type: 'integer', description: 'which turn of the lifecycle, from 1' },
    { name: 'stage', type: 'text', description: 'acquisition, retention or expansion' },
    { name: 'phase', type: 'text', description: 'phase within the stage' },
    { name: 'enteredAt', type: 'instant', description: 'since when' },
    { name: 'cause', type: 'json', description: 'the rule, what met it, and the values it compared' },
    { name: 'nextDueAt', type: 'instant', nullable: true, description: 'when silence moves her next' },
    { name: 'nextDueKind', type: 'text', nullable: true, description: 'what silence does then' },
    { name: 'flags', type: 'json', description: 'what is raised beside the phase' },
    { name: 'firstSeenAt', type: 'instant', description: 'her first touchpoint' },
    { name: 'lastSeenAt', type: 'instant', description: 'her last touchpoint by as-of' },
    { name: 'touchpoints', type: 'integer', description: 'how many by as-of' },
    { name: 'orders', type: 'integer', description: 'surviving orders' },
    { name: 'revenue', type: 'json', description: 'net, in minor units, for each currency' },
    { name: 'firstPurchaseAt', type: 'instant', nullable: true, description: 'first surviving purchase' },
    { name: 'lastPurchaseAt', type: 'instant', nullable: true, description: 'last surviving purchase' },
    { name: 'tenureDays', type: 'number', description: 'days since she was first seen' },
    { name: 'policyVersion', type: 'text', description: 'the policy in force at as-of' },
  ],
  async answer(context, { params, asOf, knownAt, position }) {
    const life = await lifeOf(context, params, { knownAt, position });
    const { view } = foldCustomer({ events: life.events, policies: life.policies, asOf });
    const row = view && {
      ...view,
      cause: withInstants(view.cause),
      customerId: life.customerId,
      nextDueAt: view.next?.dueAt ?? null,
      nextDueKind: view.next?.kind ?? null,
    };
    return { rows: row === null ? [] : [row], next: null, position: life.position };
  },
});
