import { policyAt } from '#lifecycle';
import { policiesKnown } from '../reading/policies.js';
import { ratesKnown } from '../reading/rates.js';
import { inReadModels } from '../reading/read-models.js';
import { pageOf } from '../running/page.js';
import { NoParams } from '../running/params.js';
import { query } from '../running/query.js';

/** Which rates of exchange the figures of customers need and do not have. */
export const missingRates = query({
  name: 'missing-rates',
  summary:
    'Days and currencies for which a rate into the currency of the policy is missing, with the money that waits for it.',
  description:
    'Each booking (order, amendment, cancellation, return, payment for a contract) in another currency than that of the policy in force needs the rate of its day. Figures that rest on a missing one are not known, never guessed. Publish rate-published for these days: docs/business-facts.md. No row while the policy names no currency: then nothing is converted.',
  permission: 'read',
  params: NoParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'day', type: 'day', description: 'the day, in the zone of the business' },
    { name: 'currency', type: 'text', description: 'the currency of the money: ISO 4217' },
    { name: 'in', type: 'text', description: 'the currency of the policy' },
    { name: 'bookings', type: 'integer', description: 'bookings of that day in the currency' },
    { name: 'customers', type: 'integer', description: 'customers whose figures rest on the rate' },
    {
      name: 'amountMinor',
      type: 'integer',
      description: 'what these bookings come to, net, in minor units of currency',
    },
  ],
  async answer(context, { after, limit }) {
    const { policy } = policyAt(await policiesKnown(context.log, null), context.clock.now());
    return inReadModels(context.database, async (models) => {
      const { position } = models;
      const { currency: into, timeZone } = policy;
      if (into === null) return { rows: [], next: null, position };
      const rates = await ratesKnown(context.log, position);
      const [day = '', currency = ''] = (after ?? []).map(String);
      const rows = await models.query<MissingRow>(
        `SELECT day, currency, count(*)::int AS bookings, count(DISTINCT customer_id)::int AS customers, sum(amount_minor)::bigint AS "amountMinor"
           FROM (SELECT to_char(at AT TIME ZONE $2::text, 'YYYY-MM-DD') AS day, currency, customer_id, amount_minor
                   FROM bookings WHERE currency <> $1::text AND voided_at IS NULL) foreign_money
          WHERE (day, currency) > ($3::text, $4::text)
          GROUP BY day, currency ORDER BY day, currency`,
        [into, timeZone, day, currency],
      );
      const missing = rows
        .filter((row) => rates.rate(row.day, row.currency, into) === null)
        .map((row) => ({ ...row, in: into }));
      return { ...pageOf(missing.slice(0, limit + 1), limit, (last) => [last.day, last.currency]), position };
    });
  },
});

interface MissingRow extends Record<string, unknown> {
  readonly day: string;
  readonly currency: string;
}
