import { foldCustomer } from '#lifecycle';
import { withInstants } from '../running/answer.js';
import { query } from '../running/query.js';
import { CUSTOMER_KNOWN_COLUMN, STANDING_COLUMNS } from '../reading/columns.js';
import { lifeOf } from '../reading/life.js';
import { OneCustomer } from '../reading/who.js';

/** Where one customer stood, at any instant, as it was believed at any instant. */
export const stage = query({
  name: 'stage',
  summary: 'Where one customer stands in the lifecycle: now, or at any instant, as believed at any instant.',
  description:
    'Folded from the log when the query runs. No row if nothing was known about the customer at as-of or known-at.',
  permission: 'read',
  params: OneCustomer,
  time: 'as-of and known-at',
  paged: false,
  columns: [
    CUSTOMER_KNOWN_COLUMN,
    ...STANDING_COLUMNS,
    { name: 'payments', type: 'integer', description: 'payments for contracts: they are part of the revenue' },
    { name: 'tenureDays', type: 'number', description: 'days since they were first seen' },
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
