import { instantText } from '#database';
import { Default, Describe, OneOf, Optional, Text } from '#contracts';
import { purchaseSummary, type Booking } from '#lifecycle';
import { instantOf } from '../running/answer.js';
import { query } from '../running/query.js';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { erasedCondition, ErasedParam } from '../reading/erased.js';
import { inReadModels } from '../reading/read-models.js';
import { memberCondition, OF_SEGMENT } from '../reading/segments.js';
import { Where } from '../reading/where.js';

class RfmParams extends ErasedParam {
  @Default('day')
  @OneOf('day', 'week', 'month')
  @Describe('purchases within one period of the calendar count once')
  period!: 'day' | 'week' | 'month';
  @Default('day') @OneOf('day', 'week') @Describe('the unit of recency and T') unit!: 'day' | 'week';
  @Optional() @Text(64) @Describe(OF_SEGMENT) segment!: string | null;
}

/** Frequency, recency, age and monetary value of every buyer, as the buy-till-you-die models define them. */
export const rfm = query({
  name: 'rfm',
  summary: 'Frequency, recency, T and monetary value of each customer who bought, at an instant.',
  description:
    'frequency = distinct purchase periods less one; recency = last less first; T = as-of less first; monetary value = mean of the sums of each period without the first (Fader, Hardie, Lee 2005). Only orders that survive at as-of count. revenueMinor is all that was booked by as-of, net, payments for contracts included. Recency and T are in the unit asked for: unit=week with period=day is days divided by 7. Erased customers are left out, unless `erased` says otherwise. With `brand`, and for a caller that is limited to brands, only their bookings count.',
  permission: 'read',
  params: RfmParams,
  time: 'as-of',
  narrows: 'brand',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    { name: 'frequency', type: 'integer', description: 'repeat purchase periods' },
    { name: 'recency', type: 'number', description: 'from the first to the last purchase period, in the unit' },
    { name: 'T', type: 'number', description: 'from the first purchase period to as-of, in the unit' },
    {
      name: 'monetaryMinor',
      type: 'number',
      nullable: true,
      description: 'mean of the sums of the repeat periods, in minor units; null without one, or in several currencies',
    },
    { name: 'currency', type: 'text', nullable: true, description: 'ISO 4217; null in several currencies' },
    { name: 'orders', type: 'integer', description: 'surviving orders, including the first' },
    {
      name: 'revenueMinor',
      type: 'integer',
      nullable: true,
      description:
        'net of what was taken back, with payments for contracts, in minor units; null in several currencies',
    },
  ],
  async answer(context, { params, asOf, timeZone, brands, after, limit }) {
    const { rows, identifiers, position } = await inReadModels(context.database, async (models) => {
      const where = new Where(instantText(asOf), String(after?.[0] ?? ''), limit + 1);
      const member = await memberCondition(models, where, params.segment, 'bookings.customer_id');
      const rows = await models.query<BookingRow>(
        `WITH page AS (
           SELECT DISTINCT customer_id FROM bookings
            WHERE customer_id > $2::text AND at <= $1::timestamptz AND kind = 'order' ${brands.and(where, 'brand')}
              AND ${erasedCondition(params.erased, 'bookings.customer_id') ?? 'true'} AND ${member ?? 'true'}
            ORDER BY customer_id LIMIT $3::int
         )
         SELECT b.customer_id, b.order_id, COALESCE(b.order_source, b.source) AS order_source, b.order_at, b.at, b.kind, b.amount_minor, b.currency, b.cost_minor, b.reverses, b.source,
                b.event_id
           FROM page JOIN bookings b ON b.customer_id = page.customer_id
          WHERE b.at <= $1::timestamptz AND (b.voided_at IS NULL OR b.voided_at > $1::timestamptz)
            ${brands.and(where, 'b.brand')}
          ORDER BY b.customer_id, b.at`,
        where.params,
      );
      const identifiers = await strongestIdentifiers(models, [...new Set(rows.map((row) => row.customer_id))]);
      return { rows, identifiers, position: models.position };
    });
    const byCustomer = [...grouped(rows)];
    const page = byCustomer.slice(0, limit);
    const last = page.at(-1);
    const summarised = page.flatMap(([customerId, booked]) => {
      const bookings = booked.map(bookingOf);
      const summary = purchaseSummary(bookings, { asOf, period: params.period, unit: params.unit, timeZone });
      // Who returned everything has bought nothing at this instant.
      if (summary === null) return [];
      const currencies = new Set(bookings.map(({ currency }) => currency));
      return [
        {
          customerId,
          frequency: summary.frequency,
          recency: summary.recency,
          T: summary.T,
          monetaryMinor: summary.monetaryMinor,
          currency: summary.currency,
          orders: summary.orders,
          revenueMinor:
            currencies.size === 1 && summary.currency !== null
              ? bookings.reduce((sum, { amountMinor }) => sum + amountMinor, 0)
              : null,
        },
      ];
    });
    return {
      rows: await withIdentifiers(context, summarised, identifiers),
      next: byCustomer.length > limit && last !== undefined ? [last[0]] : null,
      position,
    };
  },
});

interface BookingRow extends Record<string, unknown> {
  readonly customer_id: string;
  readonly order_id: string | null;
  readonly order_source: string;
  readonly order_at: unknown;
  readonly at: unknown;
  readonly kind: Booking['kind'];
  readonly amount_minor: number;
  readonly currency: string;
  readonly cost_minor: number | null;
  readonly reverses: boolean;
  readonly source: string;
  readonly event_id: string;
}

function grouped(rows: readonly BookingRow[]): ReadonlyMap<string, readonly BookingRow[]> {
  const groups = new Map<string, BookingRow[]>();
  for (const row of rows) {
    const group = groups.get(row.customer_id);
    if (group === undefined) groups.set(row.customer_id, [row]);
    else group.push(row);
  }
  return groups;
}

function bookingOf(row: BookingRow): Booking {
  return {
    orderId: row.order_id,
    orderSource: row.order_source,
    orderAt: row.order_at === null ? null : instantOf(row.order_at),
    contractId: null,
    at: instantOf(row.at),
    kind: row.kind,
    amountMinor: Number(row.amount_minor),
    currency: row.currency,
    costMinor: row.cost_minor === null ? null : Number(row.cost_minor),
    reverses: row.reverses,
    voidedAt: null,
    brand: null,
    event: { source: row.source, id: row.event_id },
  };
}
