import type { Instant } from '#contracts';
import type { CustomerView } from '../fold/result.js';
import type { Money } from '../model.js';
import type { FieldOp } from './definition.js';

/** What a field holds: it decides how the field is compared. */
export type FieldKind = 'text' | 'number' | 'money' | 'instant' | 'flag' | 'list';

/** What a field may be at an instant; null where it is unknown. Money stands per currency. */
export type FieldValue = string | number | boolean | readonly string[] | readonly Money[] | null;

/** What is known of a customer beside what they did. */
export interface KnownOfCustomer {
  readonly view: CustomerView;
  /** Whether the processing of their data is restricted. */
  readonly restricted: boolean;
  /** The values of attributes, by name, where definitions open them to filters. */
  readonly attributes?: ReadonlyMap<string, FieldValue>;
}

/** A field that conditions of segments may name. */
export interface SegmentField {
  readonly name: string;
  readonly kind: FieldKind;
  readonly meaning: string;
  /** The words that a text may be, where they are known beforehand. */
  readonly words?: readonly string[];
  readonly read: (known: KnownOfCustomer) => FieldValue;
  /** Until when the value stays as it is if nothing happens; absent: for ever. */
  readonly until?: (known: KnownOfCustomer) => Instant;
}

/** The ops of each kind of field. */
export const OPS: Readonly<Record<FieldKind, readonly FieldOp[]>> = {
  text: ['equals', 'not-equals', 'one-of', 'present'],
  number: ['equals', 'not-equals', 'less', 'at-most', 'more', 'at-least', 'one-of', 'present'],
  money: ['less', 'at-most', 'more', 'at-least'],
  instant: ['before', 'after', 'within-days', 'older-than-days', 'present'],
  flag: ['equals', 'not-equals'],
  list: ['contains', 'present'],
};

const STAGES = ['acquisition', 'retention', 'expansion'];
const PHASES = [
  ...['awareness', 'knowledge', 'consideration', 'evaluation', 'cold'],
  ...['onboarding', 'active', 'at-risk', 'lapsed', 'lost'],
  ...['cross-sell', 'up-sell', 'advocacy'],
];
const FLAGS = ['second-order-due', 'quote-open', 'contract-paused', 'payment-overdue', 'win-back'];
const CONTRACTS = ['good', 'payment-overdue', 'paused', 'running-out', 'ended', 'ended-unpaid'];

const of = (
  name: string,
  kind: FieldKind,
  meaning: string,
  read: (view: CustomerView) => FieldValue,
  words?: readonly string[],
): SegmentField => ({
  name,
  kind,
  meaning,
  read: ({ view }) => read(view),
  ...(words === undefined ? {} : { words }),
});

const GRADES = ['very-satisfied', 'satisfied', 'neutral', 'disappointed', 'very-disappointed'];

/** A figure that rests on satisfaction: it may change when that ceases to be known. */
const untilUnknown = (field: SegmentField): SegmentField => ({
  ...field,
  until: ({ view: { relation } }) => relation.knownUntil ?? Infinity,
});

/** Figures of docs/figures.md that the fold keeps, by the same names. */
const FIGURE_FIELDS: readonly SegmentField[] = [
  untilUnknown(
    of('figure.satisfaction', 'number', 'satisfaction, from 0 to 1', ({ relation }) => relation.satisfaction),
  ),
  untilUnknown(
    of('figure.satisfaction-grade', 'text', 'satisfaction in words', ({ relation }) => relation.grade, GRADES),
  ),
  of('figure.open-complaints', 'number', 'complaints not resolved', ({ relation }) => relation.openComplaints),
  of('figure.open-cases', 'number', 'cases and complaints not resolved', ({ relation }) => relation.openCases),
  of('figure.referrals-made', 'number', 'recommendations', ({ relation }) => relation.referralsMade),
  of('figure.referrals-converted', 'number', 'customers brought', ({ relation }) => relation.referralsConverted),
  untilUnknown(of('figure.loyalty-ladder', 'text', 'the rung of the loyalty ladder', ({ relation }) => relation.rung)),
];

/** The fields that every engine has, in the order of docs/segments.md. */
const BUILT_IN_FIELDS: readonly SegmentField[] = [
  of('stage', 'text', 'the stage of the lifecycle', (view) => view.stage, STAGES),
  of('phase', 'text', 'the phase of the stage', (view) => view.phase, PHASES),
  of('cycle', 'number', 'the number of the turn of the lifecycle', (view) => view.cycle),
  of('since', 'instant', 'since when the customer is in the phase', (view) => view.enteredAt),
  of('flags', 'list', 'what is raised beside the phase', (view) => view.flags, FLAGS),
  of('orders', 'number', 'orders that survive', (view) => view.orders),
  of('revenue', 'money', 'net revenue: orders, and payments for contracts', (view) => view.revenue),
  of('contractRevenue', 'money', 'net revenue of payments for contracts', (view) => view.contractRevenue),
  of('payments', 'number', 'payments for contracts', (view) => view.payments),
  of('frequency', 'number', 'distinct days with an order, minus one', (view) => view.frequency),
  of('recencyDays', 'number', 'days between the first and the last day with an order', (view) => view.recencyDays),
  of('firstPurchaseAt', 'instant', 'the first purchase', (view) => view.firstPurchaseAt),
  of('lastPurchaseAt', 'instant', 'the last purchase', (view) => view.lastPurchaseAt),
  of('rhythmDays', 'number', 'the usual time between purchases', (view) => view.silence?.rhythmDays ?? null),
  of('touchpoints', 'number', 'all touchpoints', (view) => view.touchpoints),
  of('firstSeenAt', 'instant', 'the first touchpoint', (view) => view.firstSeenAt),
  of('lastSeenAt', 'instant', 'the last touchpoint', (view) => view.lastSeenAt),
  of('lastIntentAt', 'instant', 'the last intent of the cycle', (view) => view.lastIntentAt),
  of('lastContactAt', 'instant', 'the last touchpoint of the customer’s own doing', (view) => view.lastContactAt),
  of('brands', 'list', 'the brands that the customer has dealt with', (view) => view.brands.map(({ brand }) => brand)),
  of(
    'contracts',
    'list',
    'the statuses of the customer’s contracts',
    (view) => view.contracts.map(({ status }) => status),
    CONTRACTS,
  ),
  ...FIGURE_FIELDS,
  {
    name: 'restricted',
    kind: 'flag',
    meaning: 'whether the processing of their data is restricted',
    read: ({ restricted }) => restricted,
  },
];

/** All fields that conditions may name: the built-in ones, and those that definitions of the business add. */
export class FieldRegistry {
  static readonly BUILT_IN = new FieldRegistry(BUILT_IN_FIELDS);

  readonly #byName: ReadonlyMap<string, SegmentField>;

  private constructor(readonly fields: readonly SegmentField[]) {
    this.#byName = new Map(fields.map((field) => [field.name, field]));
  }

  /** The registry with more fields, such as `attribute.plan`. */
  with(more: readonly SegmentField[]): FieldRegistry {
    return more.length === 0 ? this : new FieldRegistry([...this.fields, ...more]);
  }

  field(name: string): SegmentField | null {
    return this.#byName.get(name) ?? null;
  }
}
