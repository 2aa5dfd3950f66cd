import { instantText } from '#database';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';
import { customerOf, namedSubject, OneCustomer } from '../reading/who.js';

/** What one customer ordered, what was taken back, and what survives at an instant. */
export const orders = query({
  name: 'orders',
  summary: "One customer's orders, what was taken back of each, and whether it survives.",
  permission: 'read',
  params: OneCustomer,
  time: 'as-of',
  narrows: 'brand',
  paged: true,
  columns: [
    { name: 'orderId', type: 'text', description: 'the order as its source names it' },
    {
      name: 'source',
      type: 'text',
      description:
        'the source that placed it: an order is source and orderId; of a reversal that matches no order, its own',
    },
    { name: 'bookedAt', type: 'instant', description: 'when it was placed, or first booked' },
    {
      name: 'amountMinor',
      type: 'integer',
      nullable: true,
      description: 'as placed and amended by as-of, in minor units; null for a reversal that matches no order',
    },
    { name: 'netMinor', type: 'integer', description: 'less what was taken back by as-of' },
    { name: 'costMinor', type: 'integer', nullable: true, description: 'cost, where every booking has one' },
    { name: 'currency', type: 'text', description: 'ISO 4217' },
    { name: 'survives', type: 'boolean', description: 'whether it counts as a purchase at as-of' },
    { name: 'reversedAt', type: 'instant', nullable: true, description: 'since when it counts no longer' },
    {
      name: 'brand',
      type: 'text',
      nullable: true,
      description: 'the brand of the order; of a reversal that matches no order, that of the event',
    },
  ],
  async answer(context, { params, asOf, brands, after, limit }) {
    const subjectId = await namedSubject(context, params);
    return inReadModels(context.database, async (models) => {
      const customerId = await customerOf(models, subjectId, params);
      await brands.requireDealings(models, customerId, params);
      const where = new Where(customerId, instantText(asOf), limit + 1);
      if (after !== null)
        where.always(
          `("bookedAt", "orderId", source, currency, COALESCE(brand, '')) > (${where.param(instantText(Number(after[0])))}::timestamptz, ${where.param(after[1])}::text, ${where.param(after[2])}::text, ${where.param(after[3])}::text, ${where.param(after[4] ?? '')}::text)`,
        );
      const ofBrand = brands.and(where, 'brand');
      const rows = await models.query<OrderRow>(
        `SELECT * FROM (
           SELECT order_id AS "orderId", COALESCE(order_source, source) AS source, min(at) AS "bookedAt",
                  (sum(amount_minor) FILTER (WHERE kind IN ('order', 'amendment')))::bigint AS "amountMinor",
                  sum(amount_minor)::bigint AS "netMinor",
                  CASE WHEN bool_and(cost_minor IS NOT NULL) THEN sum(cost_minor)::bigint END AS "costMinor", currency,
                  bool_or(kind = 'order') AND NOT bool_or(reverses) AS survives,
                  min(at) FILTER (WHERE reverses) AS "reversedAt", brand
             FROM bookings
            WHERE customer_id = $1::text AND at <= $2::timestamptz AND (voided_at IS NULL OR voided_at > $2::timestamptz)
              AND order_id IS NOT NULL ${ofBrand}
            GROUP BY order_id, COALESCE(order_source, source), order_at, currency, brand
         ) per_order ${where.sql}
          ORDER BY "bookedAt", "orderId", source, currency, COALESCE(brand, '')
          LIMIT $3::int`,
        where.params,
      );
      return {
        ...pageOf(rows, limit, (last) => [last.bookedAt, last.orderId, last.source, last.currency, last.brand ?? '']),
        position: models.position,
      };
    });
  },
});

interface OrderRow extends Record<string, unknown> {
  readonly bookedAt: number;
  readonly orderId: string;
  readonly source: string;
  readonly currency: string;
  readonly brand: string | null;
}
