import {
  AmountMinor,
  Currency,
  FreeText,
  Id,
  Moment,
  OneOf,
  Optional,
  Parts,
  Personal,
  PersonalSince,
  SignedAmountMinor,
  Text,
  Whole,
} from '../fields.js';

/** One product in a cart or a quote. */
export class OfferedLine {
  @Id() sku!: string;
  @Optional() @Text() name?: string;
  @Optional() @Text() category?: string;
  /** Pieces; 0 where the line was emptied. */
  @Whole(0, 1_000_000) quantity!: number;
  /** The price of one piece in minor units; negative on a line that is a rebate. */
  @Optional() @SignedAmountMinor() unitPriceMinor?: number;
}

/** The customer put something into their cart, or took it out: the cart as it now is. */
export class CartUpdated {
  @Optional() @Id() cartId?: string;
  @Optional() @OneOf('added', 'removed', 'emptied', 'changed') change?: string;
  @Optional() @Parts(() => OfferedLine, 0, 5000) lines?: OfferedLine[];
  @Optional() @AmountMinor() totalMinor?: number;
  @Optional() @Currency() currency?: string;
}

/** The customer began to check out. */
export class CheckoutStarted {
  @Optional() @Id() cartId?: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Parts(() => OfferedLine, 0, 5000) lines?: OfferedLine[];
  @Optional() @AmountMinor() totalMinor?: number;
  @Optional() @Currency() currency?: string;
}

/** The customer asked for a quote. */
export class QuoteRequested {
  @Optional() @Id() quoteId?: string;
  @Optional() @Text() category?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** We sent a quote: it is open until it is accepted, declined, or no longer valid. */
export class QuoteSent {
  @Id() quoteId!: string;
  /** Until when we stand by it. */
  @Moment() validUntil!: string;
  @Optional() @Parts(() => OfferedLine, 0, 5000) lines?: OfferedLine[];
  @Optional() @AmountMinor() totalMinor?: number;
  @Optional() @Currency() currency?: string;
}

/** The customer accepted a quote. The order itself is a touchpoint of its own. */
export class QuoteAccepted {
  @Id() quoteId!: string;
  @Optional() @Id() orderId?: string;
}

/** The customer declined a quote. */
export class QuoteDeclined {
  @Id() quoteId!: string;
  /** The reason's code in the business's own list. */
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** A quote's validity ended without an answer. */
export class QuoteExpired {
  @Id() quoteId!: string;
}

/** The customer saw the product shown. */
export class DemoAttended {
  @Optional() @Id() demoId?: string;
  @Optional() @Text() product?: string;
  @Optional() @Text() category?: string;
  @Optional() @Whole(0, 1440) minutes?: number;
}

/** The customer began to try the product. */
export class TrialStarted {
  @Optional() @Id() trialId?: string;
  @Optional() @Text() plan?: string;
  @Optional() @Text() category?: string;
  @Optional() @Moment() endsAt?: string;
}
