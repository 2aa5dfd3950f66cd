import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { heldAmong, keyOfDue, RetentionParams, withDueCustomers, type DueCustomer } from '../reading/retention.js';

/** Who is due by the rules of retention, when and why: of the policy in force, or of rules that are not published yet. */
export const retentionPreview = query({
  name: 'retention-preview',
  summary: 'Who is to be erased by the rules of retention, when and why; or would be by other rules.',
  description:
    'One row for each customer, by the beginning of grace; for `rules` by customerId. Nothing is changed. With `rules` the answer is as if a policy with them were published now, in the zone `time-zone`. Customers who were erased are left out, and so are those that no rule applies to. docs/retention.md explains the rules.',
  permission: 'erase',
  params: RetentionParams,
  time: 'none',
  days: true,
  paged: true,
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    {
      name: 'state',
      type: 'text',
      description: 'coming: before grace; grace; over: erased unless something keeps them',
    },
    { name: 'dueAt', type: 'instant', description: 'when grace begins and the customer is told' },
    { name: 'graceEndsAt', type: 'instant', description: 'when they are erased' },
    { name: 'since', type: 'text', description: 'last-contact, last-purchase or end-of-relationship' },
    { name: 'startedAt', type: 'instant', description: 'that instant, from which time counts' },
    { name: 'after', type: 'text', description: 'the period of the rule, such as P3Y' },
    { name: 'grace', type: 'text', description: 'the period of grace' },
    { name: 'ruleSince', type: 'instant', description: 'since when the rule is in force: no one is due before' },
    { name: 'held', type: 'boolean', description: 'whether a legal hold keeps them now' },
    { name: 'policyVersion', type: 'text', description: 'the policy, name@version; draft for `rules`' },
  ],
  answer: (context, { params, timeZone, after, limit }) =>
    withDueCustomers(context, params, { timeZone, after }, async (batches, models) => {
      const due: DueCustomer[] = [];
      for await (const batch of batches) {
        due.push(...batch);
        if (due.length > limit) break;
      }
      const page = pageOf(due, limit, keyOfDue(params));
      const held = await heldAmong(
        context,
        models,
        page.rows.map(({ customerId }) => customerId),
      );
      const rows = page.rows.map(({ customerId, state, retention }) => ({
        ...retention,
        ...{ customerId, state, held: held.has(customerId) },
      }));
      return { rows, next: page.next, position: models.position };
    }),
});
