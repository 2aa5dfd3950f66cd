import { instantText } from '#database';
import { Default, Describe, OneOf } from '#contracts';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { memberCondition, SegmentParam } from '../reading/segments.js';
import { Where } from '../reading/where.js';

const PERIODS = ['day', 'week', 'month', 'quarter', 'year'] as const;

class RevenueParams extends SegmentParam {
  @Default('month') @OneOf(...PERIODS) @Describe('the length of a period') period!: string;
}

/** What was sold and what was taken back in each period, every booking on its own date. */
export const revenue = query({
  name: 'revenue',
  summary: 'Orders, what was taken back, payments for contracts, and net revenue, by period and currency.',
  description:
    'Each booking counts in the period of its own date: an order when it was placed, its amendment, cancellation or return when it came, a payment for a contract when it was paid. A reversal that is dated before its order counts with the order. Payments for orders are not booked again. Periods are those of the zone of the business; a week begins on Monday. Amounts are in minor units and never converted. With `brand`, and for a caller that is limited to brands, only their bookings count: what was taken back counts for the brand of its order.',
  permission: 'read',
  params: RevenueParams,
  time: 'as-of',
  narrows: 'brand',
  paged: true,
  columns: [
    { name: 'period', type: 'day', description: 'the first day of the period, in the zone of the business' },
    { name: 'currency', type: 'text', description: 'ISO 4217' },
    { name: 'orders', type: 'integer', description: 'orders placed, whatever became of them' },
    { name: 'customers', type: 'integer', description: 'customers who placed them' },
    { name: 'grossMinor', type: 'integer', description: 'orders as placed' },
    { name: 'returnedMinor', type: 'integer', description: 'cancelled or returned in the period: 0 or less' },
    { name: 'netMinor', type: 'integer', description: 'gross, returned, amended and payments together' },
    {
      name: 'amendedMinor',
      type: 'integer',
      description: 'by how much orders were amended in the period: below 0 when they became smaller',
    },
    { name: 'payments', type: 'integer', description: 'payments for contracts' },
    { name: 'paymentsMinor', type: 'integer', description: 'what was paid for contracts' },
  ],
  async answer(context, { params, asOf, timeZone, brands, after, limit }) {
    return inReadModels(context.database, async (models) => {
      const where = new Where(params.period, timeZone, instantText(asOf), limit + 1);
      if (after !== null)
        where.always(`(period, currency) > (${where.param(after[0])}::date, ${where.param(after[1])}::text)`);
      const ofBrand = brands.and(where, 'brand');
      const member = await memberCondition(models, where, params.segment, 'bookings.customer_id');
      const rows = await models.query<{ period: string; currency: string }>(
        `SELECT to_char(period, 'YYYY-MM-DD') AS period, currency, orders, customers, "grossMinor", "returnedMinor",
                "netMinor", "amendedMinor", payments, "paymentsMinor"
           FROM (
             SELECT date_trunc($1::text, at AT TIME ZONE $2::text)::date AS period, currency,
                    count(*) FILTER (WHERE kind = 'order')::int AS orders,
                    count(DISTINCT customer_id) FILTER (WHERE kind = 'order')::int AS customers,
                    COALESCE(sum(amount_minor) FILTER (WHERE kind = 'order'), 0)::bigint AS "grossMinor",
                    COALESCE(sum(amount_minor) FILTER (WHERE kind IN ('cancellation', 'return')), 0)::bigint AS "returnedMinor",
                    COALESCE(sum(amount_minor) FILTER (WHERE kind = 'amendment'), 0)::bigint AS "amendedMinor",
                    count(*) FILTER (WHERE kind = 'payment')::int AS payments,
                    COALESCE(sum(amount_minor) FILTER (WHERE kind = 'payment'), 0)::bigint AS "paymentsMinor",
                    sum(amount_minor)::bigint AS "netMinor"
               FROM bookings
              WHERE at <= $3::timestamptz AND (voided_at IS NULL OR voided_at > $3::timestamptz) ${ofBrand} ${member === null ? '' : `AND ${member}`}
              GROUP BY 1, 2
           ) per_period ${where.sql}
          ORDER BY period, currency
          LIMIT $4::int`,
        where.params,
      );
      return { ...pageOf(rows, limit, (last) => [last.period, last.currency]), position: models.position };
    });
  },
});
