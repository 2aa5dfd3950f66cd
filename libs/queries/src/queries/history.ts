import { foldCustomer } from '#lifecycle';
import { withInstants } from '../running/answer.js';
import { query } from '../running/query.js';
import { CUSTOMER_KNOWN_COLUMN, PLACE_COLUMNS } from '../reading/columns.js';
import { lifeOf } from '../reading/life.js';
import { OneCustomer } from '../reading/who.js';

/** One customer's stage periods, each with its cause, as of any instant and as known at any instant. */
export const history = query({
  name: 'history',
  summary: "One customer's stage periods to the phases of the lifecycle, each with its cause.",
  description:
    'Stage periods cover the time of a customer without gaps: each begins where the one before ended. The last one has no end.',
  permission: 'read',
  params: OneCustomer,
  time: 'as-of and known-at',
  paged: true,
  columns: [
    CUSTOMER_KNOWN_COLUMN,
    { name: 'seq', type: 'integer', description: 'from 0, in order of time' },
    ...PLACE_COLUMNS,
    { name: 'enteredAt', type: 'instant', description: 'when the stage period began' },
    { name: 'leftAt', type: 'instant', nullable: true, description: 'when it ended; null where it lasted at as-of' },
    { name: 'rule', type: 'text', description: 'the rule that began it' },
    { name: 'cause', type: 'json', description: 'what met the rule, and the values it compared' },
    { name: 'policyVersion', type: 'text', description: 'the policy in force when it began' },
  ],
  async answer(context, { params, asOf, knownAt, position, after, limit }) {
    const life = await lifeOf(context, params, { knownAt, position });
    const { stagePeriods } = foldCustomer({ events: life.events, policies: life.policies, asOf });
    const from = after === null ? 0 : Number(after[0]) + 1;
    const page = stagePeriods.slice(from, from + limit);
    return {
      rows: page.map((period) => ({
        ...period,
        cause: withInstants(period.cause),
        customerId: life.customerId,
        rule: period.cause.rule,
        policyVersion: period.cause.policyVersion,
      })),
      next: from + limit < stagePeriods.length ? [from + limit - 1] : null,
      position: life.position,
    };
  },
});
