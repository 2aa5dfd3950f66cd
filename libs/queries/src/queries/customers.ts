import { instantText } from '#database';
import { InstantOrDay } from '../running/instant-or-day.js';
import { Describe, Hint, Matching, MEDIA, Must, OneOf, Optional, Text, Whole, type Instant } from '#contracts';
import { CAUSE_RULES } from '#lifecycle';
import { restrictedCustomer, suppressedCustomer } from '#projections/schema';
import { attributeConditions, attributeSql, definedAttributes } from '../reading/attribute-conditions.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { PLACE_COLUMNS } from '../reading/columns.js';
import { reject } from '../running/query-rejected.js';
import { IDENTIFIER_COLUMN, strongestIdentifiers, withIdentifiers } from '../reading/identifiers.js';
import { erasedCondition, ErasedParam } from '../reading/erased.js';
import { CUSTOMER_SORTS, CustomerOrder } from '../reading/customer-order.js';
import { inReadModels } from '../reading/read-models.js';
import { PHASES, STAGES } from '../reading/stages.js';
import { OF_SEGMENT, onlyMembers } from '../reading/segments.js';
import type { BrandFilter } from '../reading/brands.js';
import { Where } from '../reading/where.js';

const instantOrNull = (at: Instant | null): string | null => (at === null ? null : instantText(at));

/** Kept as of now only, so it cannot be combined with as-of. */
const NOW_ONLY = [
  'satisfaction',
  'rung',
  'open-cases-min',
  'flag',
  'next-due-before',
  'next-due-kind',
  'orders-min',
  'consent',
  'segment',
] as const;
/** Values that are not known of the past. */
const SORTS_OF_NOW: readonly string[] = ['lastSeen', 'nextDue', 'satisfaction', 'openCases', 'referrals'];

const GRADES = ['very-satisfied', 'satisfied', 'neutral', 'disappointed', 'very-disappointed'];

const CONSENT = /^(?:([a-z][a-z0-9-]*):)?(\S(?:.*\S)?)$/;

class CustomersParams extends ErasedParam {
  @Optional()
  @OneOf(...Object.keys(CUSTOMER_SORTS))
  @Describe(
    'what comes first: the most revenue (net; amounts of several currencies are compared as they stand), orders, the last purchase, …; the next deadline and the first seen begin with the earliest, satisfaction with the lowest. By default they come by customerId',
  )
  sort!: string | null;
  @Optional()
  @OneOf('asc', 'desc')
  @Describe('the smallest or the largest first, instead of what is usual for the sort')
  order!: string | null;
  @Optional()
  @Matching(CONSENT.source, 300, 'MEDIUM:PURPOSE, or PURPOSE for all media')
  @Must('MEDIUM:PURPOSE, such as email:marketing, or PURPOSE alone')
  @Hint('give the medium and the purpose of a consent, such as email:marketing')
  @Describe(
    'only those with this consent in force, as MEDIUM:PURPOSE (email:marketing), or PURPOSE for every medium; identifier is then the address of that medium. Customers whose data are restricted are left out',
  )
  consent!: string | null;
  @Optional() @Text(64) @Describe(OF_SEGMENT) segment!: string | null;
  @Optional()
  @Text(1000)
  @Describe(
    'only those whose attributes are so: NAME=VALUE, NAME!=VALUE, or with >=, <=, > and < for numbers and days; several with commas between them (plan=gold,orders30>=3). Of an attribute with a band the value is the band. Customers whose data are restricted are left out',
  )
  attribute!: string | null;
  @Optional() @OneOf(...GRADES) @Describe('only those whose satisfaction is of this grade') satisfaction!:
    string | null;
  @Optional() @Text(64) @Describe('only those on this rung of the loyalty ladder') rung!: string | null;
  @Optional()
  @Whole(0, 1_000_000)
  @Describe('only those with at least this many open cases and complaints')
  'open-cases-min'!: number | null;
  @Optional() @OneOf(...STAGES) @Describe('only those in this stage') stage!: string | null;
  @Optional() @OneOf(...PHASES) @Describe('only those in this phase') phase!: string | null;
  @Optional() @Whole(1, 1_000_000) @Describe('only those in this turn of the lifecycle') cycle!: number | null;
  @Optional() @OneOf(...CAUSE_RULES) @Describe('only those that entered their phase by this rule') cause!:
    string | null;
  @Optional() @Text(64) @Describe('only those with this flag, for example second-order-due') flag!: string | null;
  @Optional()
  @InstantOrDay()
  @Describe('only those that entered their phase at this instant or later')
  'entered-since'!: Instant | null;
  @Optional()
  @InstantOrDay()
  @Describe('only those that entered their phase before this instant')
  'entered-before'!: Instant | null;
  @Optional()
  @InstantOrDay()
  @Describe('only those whose next deadline lies before this instant')
  'next-due-before'!: Instant | null;
  @Optional() @Text(64) @Describe('only those whose next deadline is of this kind') 'next-due-kind'!: string | null;
  @Optional() @Whole(0, 1_000_000_000) @Describe('only those with at least this many surviving orders') 'orders-min'!:
    number | null;
  @Optional() @Text(512) @Describe('only those with an order from this source') source!: string | null;
  @Optional()
  @Text(128)
  @Describe('only those known by an identifier of this namespace, and that identifier of them')
  namespace!: string | null;
}

/** Who stands where: the customers by stage, phase and what is due next, now or at an instant. */
export const customers = query({
  name: 'customers',
  summary: 'Customers by stage, phase, cycle, flags and deadlines.',
  description:
    'One row for each customer. Ordered by customerId, pages stay in step while customers move; by another order, a customer who moves between two pages may be missed or come twice. With as-of, stage, phase and cycle are those of that instant, and orders and revenue count what was booked by then. With `brand`, and for a caller that is limited to brands: the customers who have dealt with them, that is have a touchpoint that concerns one of them; orders, revenue and the last purchase count the orders of these brands, and `firstSeenAt` is the first of these touchpoints. The stage is that of the whole business, as are its deadlines and flags. Erased customers are left out, unless `erased` says otherwise: figures of all customers still count them.',
  permission: 'read',
  params: CustomersParams,
  time: 'as-of',
  narrows: 'brand',
  paged: true,
  opens: ['identifier'],
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    IDENTIFIER_COLUMN,
    ...PLACE_COLUMNS,
    { name: 'enteredAt', type: 'instant', description: 'since when' },
    { name: 'cause', type: 'text', description: 'the rule by which the customer entered it' },
    { name: 'orders', type: 'integer', description: 'surviving orders' },
    {
      name: 'revenueMinor',
      type: 'integer',
      nullable: true,
      description: 'net, with payments for contracts, in minor units; null in several currencies',
    },
    { name: 'currency', type: 'text', nullable: true, description: 'ISO 4217; null where there is none or several' },
    { name: 'firstSeenAt', type: 'instant', description: 'the first touchpoint' },
    {
      name: 'lastSeenAt',
      type: 'instant',
      nullable: true,
      description: 'their last touchpoint; null with as-of, and by brand',
    },
    {
      name: 'lastPurchaseAt',
      type: 'instant',
      nullable: true,
      description: 'their last surviving purchase; by brand, their last surviving order of it',
    },
    {
      name: 'nextDueAt',
      type: 'instant',
      nullable: true,
      description: 'when silence moves the customer next; null with as-of',
    },
    { name: 'nextDueKind', type: 'text', nullable: true, description: 'what silence does then; null with as-of' },
    { name: 'flags', type: 'json', nullable: true, description: 'flags of the customer; null with as-of' },
    {
      name: 'satisfaction',
      type: 'number',
      nullable: true,
      description: 'satisfaction from 0 to 1; null where it is not known, and with as-of: docs/figures.md',
    },
    { name: 'grade', type: 'text', nullable: true, description: 'the same in words' },
    { name: 'openCases', type: 'integer', nullable: true, description: 'open cases and complaints; null with as-of' },
    { name: 'referrals', type: 'integer', nullable: true, description: 'customers that they brought; null with as-of' },
    { name: 'rung', type: 'text', nullable: true, description: 'the rung of the loyalty ladder; null with as-of' },
  ],
  async answer(context, { params, asOf, past, brands, after, limit }) {
    if (past)
      for (const name of NOW_ONLY)
        if (params[name] !== null) throw reject(name, 'is known of now only', `leave as-of out, or leave ${name} out`);
    if (past && params.sort !== null && SORTS_OF_NOW.includes(params.sort))
      throw reject('sort', `by ${params.sort} is known of now only`, 'leave as-of out, or sort by something else');
    if (!brands.isOpen && params.sort === 'lastSeen')
      throw reject('sort', 'by lastSeen is not known by brand', 'sort by something else, or leave brand out');
    const [, medium = null, purpose = null] = CONSENT.exec(params.consent ?? '') ?? [];
    if (medium !== null && !(MEDIA as readonly string[]).includes(medium))
      throw reject(
        'consent',
        `names no medium before the colon`,
        `give one of ${MEDIA.join(', ')}, such as email:marketing`,
      );
    if (params.attribute !== null && brands.isLimited)
      throw reject('attribute', 'is known of the whole business only', 'leave it out: you may see some brands alone');
    const conditions = attributeConditions(params.attribute);
    const order = new CustomerOrder(params.sort, params.order);
    const namespace = params.namespace ?? NAMESPACE_OF_MEDIUM[medium ?? ''] ?? null;
    const { rows, identifiers, position } = await inReadModels(context.database, async (models) => {
      const where = new Where(instantText(asOf), limit + 1)
        .and('stage = ?::text', params.stage)
        .and('phase = ?::text', params.phase)
        .and('cycle = ?::int', params.cycle)
        .and('cause = ?::text', params.cause)
        .and('flags @> to_jsonb(ARRAY[?::text])', params.flag)
        .and('entered_at >= ?::timestamptz', instantOrNull(params['entered-since']))
        .and('entered_at < ?::timestamptz', instantOrNull(params['entered-before']))
        .and('next_due_at < ?::timestamptz', instantOrNull(params['next-due-before']))
        .and('next_due_kind = ?::text', params['next-due-kind'])
        .and('orders >= ?::int', params['orders-min'])
        .and('satisfaction_grade = ?::text', params.satisfaction)
        .and('ladder_rung = ?::text', params.rung)
        .and('open_cases >= ?::int', params['open-cases-min'])
        .and(
          'EXISTS (SELECT FROM subjects s WHERE s.customer_id = here.customer_id AND s.namespace = ?::text)',
          params.namespace,
        );
      if (params.source !== null)
        where.always(
          `EXISTS (SELECT FROM bookings b WHERE b.customer_id = here.customer_id AND b.kind = 'order' AND b.source = ${where.param(params.source)}::text
                      AND b.at <= $1::timestamptz ${brands.and(where, 'b.brand')})`,
        );
      if (purpose !== null) {
        where.always(consentCondition(where, purpose, medium));
        // Selected by consent, customers are to be written to: not those whose data are restricted, or who are on the suppression list.
        where.always(`NOT ${restrictedCustomer('here.customer_id')}`);
        const by = medium === null ? 'NULL::text' : `${where.param(medium)}::text`;
        where.always(`NOT ${suppressedCustomer('here.customer_id', by, '$1::timestamptz')}`);
      }
      await onlyMembers(models, where, params.segment, 'here.customer_id');
      if (conditions.length > 0) {
        const defined = await definedAttributes(models);
        for (const condition of conditions) where.always(attributeSql(condition, defined, where, 'here.customer_id'));
        where.always(`NOT ${restrictedCustomer('here.customer_id')}`);
      }
      order.after(where, after);
      const erased = erasedCondition(params.erased, 'here.customer_id');
      if (erased !== null) where.always(erased);
      const rows = await models.query<{ customerId: string; sortKey: string | null }>(
        `SELECT customer_id AS "customerId", cycle, stage, phase, entered_at AS "enteredAt", cause, orders,
                revenue_minor AS "revenueMinor", currency, first_seen_at AS "firstSeenAt", last_seen_at AS "lastSeenAt",
                last_purchase_at AS "lastPurchaseAt", next_due_at AS "nextDueAt", next_due_kind AS "nextDueKind", flags,
                satisfaction_permille / 1000.0::double precision AS satisfaction, satisfaction_grade AS grade, open_cases AS "openCases",
                referrals_converted AS referrals, ladder_rung AS rung,
                ${order.column}
           FROM (${customersAt(past, brands, where)}) here
          ${where.sql}
          ORDER BY ${order.orderBy}
          LIMIT $2::int`,
        where.params,
      );
      const identifiers = await strongestIdentifiers(
        models,
        rows.map((row) => row.customerId),
        namespace,
      );
      return { rows, identifiers, position: models.position };
    });
    const page = pageOf(rows, limit, CustomerOrder.keyOf);
    return { ...page, rows: await withIdentifiers(context, page.rows, identifiers), position };
  },
});

/** The namespace of the addresses that a medium uses. */
const NAMESPACE_OF_MEDIUM: Readonly<Record<string, string>> = { email: 'email', sms: 'phone', phone: 'phone' };

/** Whether a consent is in force: what is said of the medium goes before what is said of every medium. */
function consentCondition(where: Where, purpose: string, medium: string | null): string {
  const named = where.param(purpose);
  const inForce = `SELECT (said ->> 'given')::boolean AND COALESCE(NOT (said ->> 'awaitsConfirmation')::boolean, true) AND COALESCE((said ->> 'expiresAt')::bigint > extract(epoch FROM $1::timestamptz) * 1000, true)
     FROM jsonb_array_elements(here.consents) said WHERE said ->> 'purpose' = ${named}::text AND said ->> 'medium'`;
  const ofAll = `(${inForce} IS NULL)`;
  return medium === null
    ? `COALESCE(${ofAll}, false)`
    : `COALESCE((${inForce} = ${where.param(medium)}::text), ${ofAll}, false)`;
}

const RELATION = 'satisfaction_permille, satisfaction_grade, open_cases, referrals_converted, ladder_rung';

/** `$1` is named so that both texts take the same parameters. */
const NOW = `
  SELECT customer_id, cycle, stage, phase, entered_at, cause ->> 'rule' AS cause, orders,
         revenue_minor, currency,
         first_seen_at, last_seen_at, last_purchase_at, next_due_at, next_due_kind, flags, consents, ${RELATION}
    FROM customers
   WHERE $1::timestamptz IS NOT NULL`;

/** Customers as the conditions see them: now or then, and with the figures of some brands alone. `$1` is the instant. */
function customersAt(past: boolean, brands: BrandFilter, where: Where): string {
  if (brands.isOpen) return past ? THEN : NOW;
  const ofBrand = brands.and(where, 'brand');
  const dealt = `(SELECT customer_id, min(at) AS since FROM customer_brands WHERE at <= $1::timestamptz ${ofBrand} GROUP BY customer_id)`;
  const figures =
    'o.orders, o.revenue_minor, o.currency, d.since AS first_seen_at, NULL::timestamptz AS last_seen_at, o.last_purchase_at';
  return past
    ? `SELECT ${PLACE_THEN}, ${figures}, ${NOTHING_DUE}
         FROM ${dealt} d JOIN stage_periods v ON v.customer_id = d.customer_id ${booked(ofBrand)} WHERE ${STOOD_THEN}`
    : `SELECT v.customer_id, v.cycle, v.stage, v.phase, v.entered_at, v.cause ->> 'rule' AS cause, ${figures}, v.next_due_at, v.next_due_kind, v.flags, v.consents, ${RELATION}
         FROM ${dealt} d JOIN customers v ON v.customer_id = d.customer_id ${booked(ofBrand)}`;
}

/** An order survives at an instant when it was placed by then and nothing that reverses it was booked by then. */
const booked = (ofBrand: string): string => `
    CROSS JOIN LATERAL (
      SELECT count(*) FILTER (WHERE placed AND NOT reversed)::int AS orders,
             CASE WHEN count(DISTINCT lowest) <= 1 AND bool_and(lowest = highest) IS NOT FALSE
                  THEN COALESCE(sum(net), 0)::bigint END AS revenue_minor,
             CASE WHEN count(DISTINCT lowest) = 1 AND bool_and(lowest = highest) THEN max(lowest) END AS currency,
             max(placed_at) FILTER (WHERE placed AND NOT reversed) AS last_purchase_at
        FROM (
          SELECT bool_or(kind = 'order') AS placed, bool_or(reverses) AS reversed, sum(amount_minor) AS net,
                 min(currency) AS lowest, max(currency) AS highest, min(at) FILTER (WHERE kind = 'order') AS placed_at
            FROM bookings b
           WHERE b.customer_id = v.customer_id AND b.at <= $1::timestamptz
             AND (b.voided_at IS NULL OR b.voided_at > $1::timestamptz) ${ofBrand}
           GROUP BY order_id, COALESCE(order_source, source), order_at
        ) per_order
    ) o`;

const PLACE_THEN = `v.customer_id, v.cycle, v.stage, v.phase, v.entered_at, v.cause ->> 'rule' AS cause`;
const NOTHING_DUE = `NULL::timestamptz AS next_due_at, NULL::text AS next_due_kind, NULL::jsonb AS flags, NULL::jsonb AS consents,
         NULL::int AS satisfaction_permille, NULL::text AS satisfaction_grade, NULL::int AS open_cases, NULL::int AS referrals_converted, NULL::text AS ladder_rung`;
const STOOD_THEN = `v.entered_at <= $1::timestamptz AND (v.left_at IS NULL OR v.left_at > $1::timestamptz)`;

const THEN = `
  SELECT ${PLACE_THEN}, o.orders, o.revenue_minor, o.currency, c.first_seen_at, NULL::timestamptz AS last_seen_at, o.last_purchase_at,
         ${NOTHING_DUE}
    FROM stage_periods v
    JOIN customers c ON c.customer_id = v.customer_id ${booked('')}
   WHERE ${STOOD_THEN}`;
