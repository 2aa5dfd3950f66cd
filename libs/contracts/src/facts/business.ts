import {
  AmountMinor,
  AmountsByCurrency,
  Counts,
  Currency,
  Day,
  Decimal,
  Holds,
  Id,
  Matching,
  OneOf,
  Optional,
  SignedAmountMinor,
  Text,
  Whole,
  type Rule,
} from '../fields.js';
import { SCORE_IS_ON_ITS_SCALE } from '../touchpoints/satisfaction.js';

/**
 * What a business tells about itself: about money, markets, goods, and those who act for it. It has a stream of its own kind and no subject,
 * so nothing in it can be sealed: people on the business side stand under an id of the business's own, never by name.
 */

/** Money was spent on customers, over a period: what acquisition cost is reckoned from. */
export class SpendRecorded {
  /** The first day of the period. */
  @Day() from!: string;
  /** The first day after the period. */
  @Day() until!: string;
  @AmountMinor() amountMinor!: number;
  @Currency() currency!: string;
  @OneOf('acquisition', 'retention', 'expansion') purpose!: string;
  @Optional() @Text() channel?: string;
  @Optional() @Text() campaign?: string;
  @Optional() @Text() audience?: string;
}

const SIZE_OR_POTENTIAL: Rule = {
  detail: 'the estimate gives neither a size nor a potential',
  hint: 'give customers, or potentialMinor with its currency',
  schema: { anyOf: [{ required: ['customers'] }, { required: ['potentialMinor', 'currency'] }] },
  holds: ({ customers, potentialMinor, currency }) =>
    customers !== undefined || (potentialMinor !== undefined && currency !== undefined),
};

/** How large a segment of the market is, and what it spends with all suppliers over a period. */
export class MarketEstimated {
  @Text() @Holds(SIZE_OR_POTENTIAL) segment!: string;
  @Day() from!: string;
  /** The first day after the period. */
  @Day() until!: string;
  /** How many customers there are, ours included. */
  @Optional() @Whole(0, 100_000_000_000) customers?: number;
  /** What they spend with all suppliers. */
  @Optional() @AmountMinor() potentialMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @OneOf('survey', 'bureau', 'model') source?: string;
}

/** What one unit of a currency was worth in another on a day: the business's own rate. */
export class RatePublished {
  @Day() day!: string;
  @Currency() currency!: string;
  /** The currency in which the worth is told: the policy's. */
  @Currency() in!: string;
  /** As a decimal in text, since a rate is multiplied with money and a float is no money. */
  @Matching('^[0-9]{1,9}([.][0-9]{1,12})?$', 22, 'a decimal such as 1.0842') rate!: string;
}

const PRICE_HAS_CURRENCY: Rule = {
  detail: 'an amount stands without its currency',
  hint: 'give the currency beside it',
  schema: {
    anyOf: [
      { required: ['currency'] },
      { not: { anyOf: [{ required: ['costMinor'] }, { required: ['priceMinor'] }] } },
    ],
  },
  holds: ({ costMinor, priceMinor, currency }) =>
    currency !== undefined || (costMinor === undefined && priceMinor === undefined),
};

/** An article of ours: its category, what it costs us, how long it lasts. */
export class ProductDefined {
  @Id() @Holds(PRICE_HAS_CURRENCY) sku!: string;
  /** As the policy's taxonomy calls it. */
  @Text() category!: string;
  @Optional() @Text() name?: string;
  @Optional() @AmountMinor() costMinor?: number;
  @Optional() @AmountMinor() priceMinor?: number;
  @Optional() @Currency() currency?: string;
  /** After how many days it is usually replaced. */
  @Optional() @Whole(1, 36_500) replacementDays?: number;
}

/** An actor on the side of the business: an employee, a partner, a supplier, a team. */
export class ActorRegistered {
  @Id() actorId!: string;
  @OneOf('employee', 'partner', 'supplier', 'team', 'system') kind!: string;
  /** What the actor does, in the business's own words. */
  @Optional() @Text() role?: string;
  /** The team to which the actor belongs. */
  @Optional() @Id() teamId?: string;
  @Optional() @Day() from?: string;
  /** The first day on which the actor acts no more. */
  @Optional() @Day() until?: string;
}

/** An employee or a partner answered how satisfied they are: one fact for each question. */
export class ActorSurveyed {
  @Id() actorId!: string;
  @OneOf('nps', 'csat', 'ces') @Holds(SCORE_IS_ON_ITS_SCALE) kind!: string;
  @Whole(0, 10) score!: number;
  @Optional() @Id() surveyId?: string;
  @Optional() @Text() topic?: string;
}

const SAYS_HOW_MUCH: Rule = {
  detail: 'it says no amount and no value',
  hint: 'give amountMinor with its currency for money, or value for anything else',
  schema: { anyOf: [{ required: ['amountMinor', 'currency'] }, { required: ['value'] }] },
  holds: ({ amountMinor, currency, value }) =>
    value !== undefined || (amountMinor !== undefined && currency !== undefined),
};

const CLOSES_SOMETHING: Rule = {
  detail: 'the closing says neither which days nor which file it closes',
  hint: 'give from and until (the first day after the period), or the name of the file',
  schema: { anyOf: [{ required: ['from', 'until'] }, { required: ['file'] }] },
  holds: ({ from, until, file }) => file !== undefined || (from !== undefined && until !== undefined),
};

/** A source closed its books over some days, or a file: what it sent by its own count. The source is that of the fact. */
export class SourceClosed {
  /** The first day, in the zone of the business. */
  @Optional() @Day() @Holds(CLOSES_SOMETHING) from?: string;
  /** The first day after the period. */
  @Optional() @Day() until?: string;
  /** The file that was read to its end, in place of days. */
  @Optional() @Text(500) file?: string;
  /** How many events it sent, by type; test traffic is not among them. */
  @Counts() counts!: Record<string, number>;
  /** Its control sums: net money by currency, in minor units: orders and payments for contracts, less what was taken back. */
  @Optional() @AmountsByCurrency() sumsMinor?: Record<string, number>;
}

/** The target of a figure over a period, for all customers or a segment. */
export class TargetSet {
  /** The figure by its name: `acquisition-cost`, `conversion`, `retention-rate`, … */
  @Text() @Holds(SAYS_HOW_MUCH) figure!: string;
  @Day() from!: string;
  @Day() until!: string;
  @Optional() @Text() segment?: string;
  @Optional() @SignedAmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
  /** What is no money: a share, a ratio, a number of people. */
  @Optional() @Decimal(-1e15, 1e15) value?: number;
}

/** What the business itself came to over a period: profit, turnover, staff. Not derived from touchpoints. */
export class ResultRecorded {
  @Text() @Holds(SAYS_HOW_MUCH) figure!: string;
  @Day() from!: string;
  @Day() until!: string;
  /** The team, shop or region that it belongs to. */
  @Optional() @Text() unit?: string;
  @Optional() @SignedAmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
  /** What is no money: a share, a ratio, a number of people. */
  @Optional() @Decimal(-1e15, 1e15) value?: number;
}
