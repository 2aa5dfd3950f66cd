import { Describe, OneOf, Optional, Text } from '#contracts';
import { instantText } from '#database';
import { DISCREPANCY_KINDS, foldCustomer } from '#lifecycle';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { lifeOf } from '../reading/life.js';
import { inReadModels } from '../reading/read-models.js';
import { onlyMembers, OF_SEGMENT } from '../reading/segments.js';
import { Where } from '../reading/where.js';
import { customerOf, namedSubject, OneCustomer } from '../reading/who.js';
import { pageOf } from '../running/page.js';
import { reject } from '../running/query-rejected.js';
import { query, type AnswerPage, type QueryContext, type QueryRequest } from '../running/query.js';

class DiscrepanciesParams extends OneCustomer {
  @Optional() @OneOf(...DISCREPANCY_KINDS) @Describe('only those of this kind') kind!: string | null;
  @Optional() @Text(512) @Describe('only those of events from this source') source!: string | null;
  @Optional() @Text(64) @Describe(OF_SEGMENT) segment!: string | null;
}

/** What does not add up between orders, what was taken back of them, and payments: of all customers, or of one. */
export const discrepancies = query({
  name: 'discrepancies',
  summary: 'What does not add up: excess refunds, repeated orders, reversals and payments that match nothing.',
  description:
    'excess-refund: more was given back than was left of the order; the excess is not booked. order-repeated: a source placed the same order again with other content; the first one counts. unmatched-reversal and unmatched-amendment: no known order has this number. amendment-after-reversal: the order was cancelled or wholly returned before. other-currency: given back or amended in another currency than the order. unmatched-payment: it names an order that is not known, and no contract. unassigned-payment: it names neither an order nor a contract. payment-without-amount: a payment for a contract without an amount or a currency. What is settled by as-of, since the order came, is left out. All customers by default; past belief (known-at) for one customer only.',
  permission: 'read',
  params: DiscrepanciesParams,
  time: 'as-of and known-at',
  narrows: 'brand',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'at', type: 'instant', description: 'when it came about' },
    { name: 'kind', type: 'text', description: 'what does not add up' },
    {
      name: 'source',
      type: 'text',
      description: 'the source that placed the order; where no order is known, the source of the event',
    },
    { name: 'orderId', type: 'text', nullable: true, description: 'the order that the event names' },
    { name: 'contractId', type: 'text', nullable: true, description: 'the contract that the event names' },
    {
      name: 'amountMinor',
      type: 'integer',
      nullable: true,
      description: 'the amount in question, in minor units: of an excess the excess; null where none is stated',
    },
    { name: 'currency', type: 'text', nullable: true, description: 'ISO 4217; null where none is stated' },
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    { name: 'eventSource', type: 'text', description: 'the source of the event that brought it about' },
    { name: 'eventId', type: 'text', description: 'the id of that event' },
    { name: 'orderEventId', type: 'text', nullable: true, description: 'the id of the event that placed the order' },
    {
      name: 'brand',
      type: 'text',
      nullable: true,
      description: 'the brand of the order; where none is known, that of the event',
    },
  ],
  answer(context, request) {
    const { params, knownAt } = request;
    const named = params.customer !== null || params.identifier !== null;
    if (knownAt !== null && !named)
      throw reject(
        'known-at',
        'needs a customer: past belief is kept for one customer at a time',
        'add customer=ID or identifier=NAMESPACE:VALUE; or leave known-at out',
      );
    if (named && params.segment !== null)
      throw reject(
        'segment',
        'narrows all customers, and one is named',
        'leave segment out, or leave the customer out',
      );
    if (!named && request.asOf > context.clock.now())
      throw reject(
        'as-of',
        'lies in the future; the state of all customers is known up to now only',
        'Give an instant up to now.',
      );
    return knownAt === null ? fromReadModels(context, request, named) : fromLog(context, request);
  },
});

interface ListedRow extends Record<string, unknown> {
  readonly at: number;
  readonly eventSource: string;
  readonly eventId: string;
  readonly kind: string;
  readonly customerId: string;
}

async function fromReadModels(
  context: QueryContext,
  { params, asOf, brands, after, limit }: QueryRequest<DiscrepanciesParams>,
  ofOne: boolean,
): Promise<AnswerPage> {
  const subjectId = ofOne ? await namedSubject(context, params) : null;
  const { rows, identifiers, position } = await inReadModels(context.database, async (models) => {
    const customerId = subjectId === null ? null : await customerOf(models, subjectId, params);
    if (customerId !== null) await brands.requireDealings(models, customerId, params);
    const where = new Where(instantText(asOf), limit + 1)
      .always('d.at <= $1::timestamptz AND (d.settled_at IS NULL OR d.settled_at > $1::timestamptz)')
      .and('d.customer_id = ?::text', customerId)
      .and('d.kind = ?::text', params.kind)
      .and('d.source = ?::text', params.source);
    await onlyMembers(models, where, params.segment, 'd.customer_id');
    const ofBrand = brands.condition(where, 'd.brand');
    if (ofBrand !== null) where.always(ofBrand);
    if (after !== null)
      where.always(
        `(d.at, d.source, d.event_id, d.kind) > (${where.param(instantText(Number(after[0])))}::timestamptz, ${where.param(after[1])}::text, ${where.param(after[2])}::text, ${where.param(after[3])}::text)`,
      );
    const rows = await models.query<ListedRow>(
      `SELECT d.at, d.kind, d.order_source AS source, d.order_id AS "orderId", d.contract_id AS "contractId",
              d.amount_minor AS "amountMinor", d.currency, d.customer_id AS "customerId", d.source AS "eventSource",
              d.event_id AS "eventId", d.brand,
              (SELECT b.event_id FROM bookings b
                WHERE b.customer_id = d.customer_id AND b.at = d.order_at AND b.kind = 'order'
                  AND b.order_id = d.order_id AND b.order_source = d.order_source LIMIT 1) AS "orderEventId"
         FROM discrepancies d ${where.sql}
        ORDER BY d.at, d.source, d.event_id, d.kind
        LIMIT $2::int`,
      where.params,
    );
    const identifiers = await strongestIdentifiers(models, [...new Set(rows.map((row) => row.customerId))]);
    return { rows, identifiers, position: models.position };
  });
  const page = pageOf(rows, limit, (last) => [last.at, last.eventSource, last.eventId, last.kind]);
  return { ...page, rows: await withIdentifiers(context, page.rows, identifiers), position };
}

async function fromLog(
  context: QueryContext,
  { params, asOf, knownAt, position, brands, after, limit }: QueryRequest<DiscrepanciesParams>,
): Promise<AnswerPage> {
  const life = await lifeOf(context, params, { knownAt, position });
  const { bookings, discrepancies } = foldCustomer({ events: life.events, policies: life.policies, asOf });
  const identifiers = await inReadModels(context.database, async (models) => {
    const [current] = await models.query<{ customer_id: string }>(
      'SELECT customer_id FROM subjects WHERE subject_id = $1::text',
      [life.customerId],
    );
    await brands.requireDealings(models, current?.customer_id ?? life.customerId, params);
    return strongestIdentifiers(models, [life.customerId]);
  });
  const rows = discrepancies
    .filter(
      ({ kind, event, brand, settledAt }) =>
        settledAt === null &&
        brands.allows(brand) &&
        (params.kind === null || kind === params.kind) &&
        (params.source === null || event.source === params.source),
    )
    .sort((a, b) => a.at - b.at)
    .map(({ orderSource, orderAt, event, ...one }) => ({
      ...one,
      source: orderSource,
      customerId: life.customerId,
      eventSource: event.source,
      eventId: event.id,
      orderEventId:
        bookings.find(
          (booking) =>
            booking.kind === 'order' &&
            booking.orderAt === orderAt &&
            booking.orderId === one.orderId &&
            booking.orderSource === orderSource,
        )?.event.id ?? null,
    }));
  const from = after === null ? 0 : Number(after[0]);
  return {
    rows: await withIdentifiers(context, rows.slice(from, from + limit), identifiers),
    next: from + limit < rows.length ? [from + limit] : null,
    position: life.position,
  };
}
