import { AmountMinor, Currency, Day, Holds, OneOf, Optional, Text, Whole, type Rule } from '../fields.js';

const SAYS_SOMETHING: Rule = {
  detail: 'the estimate gives neither a spend nor a rank',
  hint: 'give totalMinor with its currency, or rank and brands',
  schema: { anyOf: [{ required: ['totalMinor', 'currency'] }, { required: ['rank', 'brands'] }] },
  holds: (data) =>
    (data['totalMinor'] !== undefined && data['currency'] !== undefined) ||
    (data['rank'] !== undefined && data['brands'] !== undefined),
};

/**
 * What the customer spends in a category with all suppliers, us included, over a period; or, where only that is known,
 * where we stand among the brands that the customer uses.
 */
export class WalletEstimated {
  @Text() @Holds(SAYS_SOMETHING) category!: string;
  /** The first day of the period. */
  @Day() from!: string;
  /** The first day after the period. */
  @Day() until!: string;
  /** Who says so: a bureau goes before a survey, a survey before a model. */
  @OneOf('survey', 'bureau', 'model') source!: string;
  @Optional() @AmountMinor() totalMinor?: number;
  @Optional() @Currency() currency?: string;
  /** Our place among their brands, from 1. */
  @Optional() @Whole(1, 1000) rank?: number;
  /** How many brands the customer uses. */
  @Optional() @Whole(1, 1000) brands?: number;
}
