import fc, { type Arbitrary } from 'fast-check';
import { TOUCHPOINT_TYPES, type Instant } from '#contracts';
import {
  BUILT_IN_POLICIES,
  compareEvents,
  policyTimeline,
  type LifecycleEvent,
  type Policy,
  type PolicyTimeline,
} from '../index.js';

/** A customer's history under a succession of policies. */
export interface History {
  /** In the order of the fold. */
  readonly events: readonly LifecycleEvent[];
  readonly policies: PolicyTimeline;
}

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** Shortly before a leap day, so that histories cross it; and a year in which clocks change. */
export const START: Instant = Date.UTC(2023, 9, 1);

const orderIds = fc.constantFrom('o1', 'o2', 'o3', 'o4', 'o5', 'o6', 'o7', 'o8');
const contractIds = fc.constantFrom('c1', 'c1', 'c1', 'c2');
const quoteIds = fc.constantFrom('q1', 'q2');
const amounts = fc.constantFrom(0, 1000, 1500, 2000, 3000, 9000);
/** A total below 0 is rejected today; a log may hold one from before. */
const totals = fc.oneof({ weight: 12, arbitrary: amounts }, { weight: 1, arbitrary: fc.constant(-500) });
const currencies = fc.constantFrom('EUR', 'EUR', 'EUR', 'USD');
const categories = fc.constantFrom('books', 'music', 'toys', 'wine', 'sofas', 'not declared');

const line = fc.record({
  sku: fc.constantFrom('s1', 's2', 's3'),
  category: categories,
  quantity: fc.constantFrom(-1, 0, 1, 2, 5),
  unitPriceMinor: amounts,
});

const orders = fc.record({
  type: fc.constant('order-placed'),
  data: fc.record(
    {
      orderId: orderIds,
      currency: currencies,
      lines: fc.array(line, { maxLength: 3 }),
      totalMinor: totals,
      costMinor: fc.constantFrom(0, 500, 777),
    },
    { requiredKeys: ['orderId', 'currency', 'lines'] },
  ),
});

const reversals = fc.oneof(
  fc.record({ type: fc.constant('order-cancelled'), data: fc.record({ orderId: orderIds }) }),
  fc.record({
    type: fc.constant('order-returned'),
    data: fc.record(
      {
        orderId: orderIds,
        whole: fc.boolean(),
        lines: fc.array(fc.record({ sku: fc.constantFrom('s1', 's2', 's3'), quantity: fc.constantFrom(1, 2, 5) }), {
          minLength: 1,
          maxLength: 3,
        }),
        amountMinor: amounts,
        currency: currencies,
      },
      { requiredKeys: ['orderId'] },
    ),
  }),
);

const amendments = fc.record({
  type: fc.constant('order-amended'),
  data: fc.oneof(
    fc.record(
      { orderId: orderIds, totalMinor: amounts, currency: currencies, costMinor: fc.constantFrom(0, 300) },
      { requiredKeys: ['orderId', 'totalMinor'] },
    ),
    fc.record(
      { orderId: orderIds, lines: fc.array(line, { maxLength: 3 }), totalMinor: amounts },
      { requiredKeys: ['orderId', 'lines'] },
    ),
  ),
});

const payments = fc.record({
  type: fc.constantFrom('payment-succeeded', 'payment-succeeded', 'payment-failed'),
  data: fc.record(
    { contractId: contractIds, orderId: orderIds, amountMinor: amounts, currency: currencies },
    { requiredKeys: [] },
  ),
});

const contracts = fc.record({
  type: fc.constantFrom(
    'subscription-started',
    'subscription-started',
    'subscription-renewed',
    'subscription-upgraded',
    'subscription-downgraded',
    'subscription-paused',
    'subscription-resumed',
    'subscription-cancelled',
    'subscription-ended',
    'payment-failed',
    'payment-failed',
    'payment-succeeded',
    'payment-succeeded',
  ),
  data: fc.record({ contractId: contractIds }, { requiredKeys: [] }),
});

const quotes = fc.oneof(
  fc.record({
    type: fc.constant('quote-sent'),
    data: fc.record({
      quoteId: quoteIds,
      validUntil: fc.integer({ min: 0, max: 500 }).map((day) => new Date(START + day * DAY).toISOString()),
    }),
  }),
  fc.record({
    type: fc.constantFrom('quote-accepted', 'quote-declined', 'quote-expired'),
    data: fc.record({ quoteId: quoteIds }),
  }),
);

const opinions = fc.oneof(
  fc.record({ type: fc.constant('review-posted'), data: fc.record({ stars: fc.constantFrom(1, 4, 5) }) }),
  fc.record({
    type: fc.constant('survey-answered'),
    data: fc.record({ kind: fc.constantFrom('nps', 'csat'), score: fc.constantFrom(3, 9, 10) }),
  }),
  fc.record({ type: fc.constantFrom('referral-made', 'referral-converted'), data: fc.constant({}) }),
);

const consents = fc.record({
  type: fc.constantFrom('consent-given', 'consent-given', 'consent-withdrawn', 'unsubscribed'),
  data: fc.record(
    {
      purpose: fc.constant('marketing'),
      medium: fc.constantFrom('email', 'sms'),
      expiresAt: fc.integer({ min: 0, max: 500 }).map((day) => new Date(START + day * DAY).toISOString()),
    },
    { requiredKeys: ['purpose'] },
  ),
});

/** Every type that there is, custom ones too, with no data at all: no event can stop a fold. */
const anything = fc.record({
  type: fc.constantFrom(...TOUCHPOINT_TYPES.map(({ name }) => name), 'custom-thing'),
  data: fc.constant({}),
});

/** A bit of everything, mostly trade, or mostly a contract: what is rare in the first is common in the others. */
const LIVES = [
  fc.oneof(
    { weight: 8, arbitrary: orders },
    { weight: 4, arbitrary: reversals },
    { weight: 2, arbitrary: amendments },
    { weight: 2, arbitrary: payments },
    { weight: 5, arbitrary: contracts },
    { weight: 2, arbitrary: quotes },
    { weight: 2, arbitrary: opinions },
    { weight: 2, arbitrary: consents },
    { weight: 5, arbitrary: anything },
  ),
  fc.oneof(
    { weight: 6, arbitrary: orders },
    { weight: 3, arbitrary: reversals },
    { weight: 3, arbitrary: amendments },
    { weight: 1, arbitrary: opinions },
    { weight: 1, arbitrary: anything },
  ),
  fc.oneof(
    { weight: 12, arbitrary: contracts },
    { weight: 4, arbitrary: payments },
    { weight: 1, arbitrary: orders },
    { weight: 1, arbitrary: anything },
  ),
  // Few orders and much about them, mostly before they are known.
  fc.oneof(
    { weight: 2, arbitrary: orders },
    { weight: 3, arbitrary: reversals },
    { weight: 3, arbitrary: amendments },
    { weight: 1, arbitrary: payments },
  ),
];

/** Steps of time: none (ties), hours, and the very lengths at which deadlines fall. */
const step = fc.oneof(
  { weight: 2, arbitrary: fc.constant(0) },
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 48 }).map((hours) => hours * HOUR) },
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 60 }).map((days) => days * DAY) },
  { weight: 2, arbitrary: fc.constantFrom(14, 30, 45, 90, 135, 180, 365, 400).map((days) => days * DAY) },
);

/** Most touchpoints of a business with one brand have none. */
const BRANDS = [undefined, undefined, 'Alpine', 'Coast'];

/** A history of up to so many touchpoints, rich in everything that the rules speak of. */
export function histories(maxLength = 18, policies: Arbitrary<PolicyTimeline> = timelines): Arbitrary<History> {
  const lives = LIVES.map((happening) =>
    fc.array(fc.tuple(happening, step, fc.constantFrom('shop', 'app', 'crm'), fc.integer({ min: 0, max: 19 })), {
      minLength: 1,
      maxLength,
    }),
  );
  return fc.record({ told: fc.oneof(...lives), policies }).map(({ told, policies }) => {
    let at = START;
    const events = told.map(([{ type, data }, wait, source, random], index): LifecycleEvent => {
      at += wait;
      const id = `e${(index * 7) % 19}-${index}`;
      const position = index + 1;
      const brand = BRANDS[random % BRANDS.length];
      return {
        position,
        recordedAt: at,
        occurredAt: at,
        source,
        id,
        type,
        channel: 'web',
        subjectId: '0'.repeat(32),
        test: random === 0,
        ...(brand === undefined ? {} : { brand }),
        data,
      };
    });
    return { events: events.sort(compareEvents), policies };
  });
}

const { retail, subscription, durable, seasonal } = BUILT_IN_POLICIES;

/** Two or three policies one after the other: other thresholds, another mode, another zone. */
const timelines: Arbitrary<PolicyTimeline> = fc
  .array(
    fc.record({
      base: fc.constantFrom(retail, subscription, durable, seasonal),
      timeZone: fc.constantFrom('UTC', 'UTC', 'Europe/Amsterdam', 'America/Sao_Paulo', 'Australia/Lord_Howe'),
      graceDays: fc.constantFrom(7, 14),
      windowDays: fc.constantFrom(60, 180),
      fromDay: fc.integer({ min: 1, max: 700 }),
    }),
    { maxLength: 2 },
  )
  .map((changes) =>
    policyTimeline([
      { version: 'retail@1', policy: retail, effectiveFrom: -Infinity, recordedAt: -Infinity },
      ...changes.map(({ base, timeZone, graceDays, windowDays, fromDay }, index) => {
        const policy: Policy = {
          ...base,
          name: 'changed',
          version: index + 1,
          timeZone,
          contracts: { graceDays },
          expansion: { ...base.expansion, windowDays },
          ...(fromDay % 2 === 0 ? {} : { retention: [{ what: 'person', after: 'P6M', since: 'last-contact' }] }),
        };
        const from = START + fromDay * DAY;
        return { version: `changed@${index + 1}`, policy, effectiveFrom: from, recordedAt: from };
      }),
    ]),
  );
