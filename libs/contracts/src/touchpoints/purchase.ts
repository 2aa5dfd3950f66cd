import {
  AmountMinor,
  Currency,
  Flag,
  FreeText,
  Holds,
  Id,
  Optional,
  Parts,
  Personal,
  PersonalSince,
  SignedAmountMinor,
  Text,
  Whole,
} from '../fields.js';
import { AMOUNT_IS_EXACT, AMOUNT_IS_KNOWN, LINES_ARE_NOT_NEGATIVE, TOTAL_IS_NOT_NEGATIVE } from './order-amount.js';

/** One line of an order. */
export class OrderLine {
  @Id() sku!: string;
  @Optional() @Text() name?: string;
  /** As the policy's taxonomy calls it; cross-sell is read from categories, never from SKUs. */
  @Optional() @Text() category?: string;
  /**
   * Pieces, whole: what is sold by weight is one piece at the price of its weight. Zero for what came along; negative
   * where goods were taken back within the same ticket.
   */
  @Whole(-1_000_000, 1_000_000) quantity!: number;
  /** The price of one piece in minor units, before discounts. Negative on a line that is a rebate. */
  @SignedAmountMinor() unitPriceMinor!: number;
  /** What the whole line was reduced by. */
  @Optional() @AmountMinor() discountMinor?: number;
  /** What the whole line cost us. */
  @Optional() @SignedAmountMinor() costMinor?: number;
}

/**
 * The customer ordered. Its amount is `totalMinor` where that is given, else it follows from the lines: see
 * `orderAmountMinor`. An order may come without lines when only its total is known.
 */
export class OrderPlaced {
  /** Names the order within its source. */
  @Id()
  @Holds(AMOUNT_IS_KNOWN)
  @Holds(AMOUNT_IS_EXACT)
  @Holds(TOTAL_IS_NOT_NEGATIVE)
  @Holds(LINES_ARE_NOT_NEGATIVE)
  orderId!: string;
  @Currency() currency!: string;
  @Optional() @Parts(() => OrderLine, 0, 5000) lines?: OrderLine[];
  /** What the customer paid, net of all discounts. Zero for a gift. Money that went back is an order-returned of its own. */
  @Optional() @SignedAmountMinor() totalMinor?: number;
  /** A discount on the order as a whole, on top of those of its lines. */
  @Optional() @AmountMinor() discountMinor?: number;
  /** What the whole order cost us. Where it is absent, the costs of the lines count, if each line has one. */
  @Optional() @SignedAmountMinor() costMinor?: number;
  /** How many pieces, where there are no lines. */
  @Optional() @Whole(-1_000_000_000, 1_000_000_000) quantity?: number;
  /** The contract under which it was ordered. */
  @Optional() @Id() contractId?: string;
  @Optional() @Id() cartId?: string;
  @Optional() @Id() quoteId?: string;
  @Optional() @Text() campaign?: string;
  @Optional() @Text() coupon?: string;
}

/**
 * The order was changed after it was placed: it has these lines, or this total, from here on. The difference is booked on
 * the date of this event. What is absent stays as it was: a new total leaves the lines, and new lines without a total give
 * the order the amount that they add up to. Amounts include what was returned before: a return stays a return.
 */
export class OrderAmended {
  /** The order, as order-placed names it. */
  @Id()
  @Holds(AMOUNT_IS_KNOWN)
  @Holds(AMOUNT_IS_EXACT)
  @Holds(TOTAL_IS_NOT_NEGATIVE)
  @Holds(LINES_ARE_NOT_NEGATIVE)
  orderId!: string;
  /** The currency of the amounts; where it is absent, the order's. */
  @Optional() @Currency() currency?: string;
  /** All lines of the order from here on, not only those that changed. */
  @Optional() @Parts(() => OrderLine, 0, 5000) lines?: OrderLine[];
  /** The whole amount of the order from here on, net of all discounts. */
  @Optional() @SignedAmountMinor() totalMinor?: number;
  /** A discount on the order as a whole, on top of those of its lines. */
  @Optional() @AmountMinor() discountMinor?: number;
  /** What the whole order costs us from here on. */
  @Optional() @SignedAmountMinor() costMinor?: number;
  @Optional() @Text() @Personal('free-text') reason?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** An order was cancelled as a whole: it stops counting from here on. */
export class OrderCancelled {
  @Id() orderId!: string;
  /** The reason's code in the business's own list. */
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** One line that came back. */
export class ReturnedLine {
  @Id() sku!: string;
  /** Pieces that came back: a positive number. */
  @Whole(1, 1_000_000) quantity!: number;
  /** What was given back for the whole line, positive; where it is absent, what the pieces were sold for. */
  @Optional() @AmountMinor() amountMinor?: number;
}

/**
 * Goods of an order came back, or money for it: some of its lines, an amount, or, where neither is said, the whole order.
 * When nothing of the order's amount is left, it is wholly returned. Amounts are positive here; the booking makes them
 * negative.
 */
export class OrderReturned {
  @Id() orderId!: string;
  /** True when nothing of the order remains, whatever the lines say. */
  @Optional() @Flag() whole?: boolean;
  @Optional() @Parts(() => ReturnedLine, 0, 5000) lines?: ReturnedLine[];
  /** What was given back in all; where it is absent, the lines tell. */
  @Optional() @AmountMinor() amountMinor?: number;
  /** The currency of the amounts; where it is absent, the order's. */
  @Optional() @Currency() currency?: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** A payment did not go through. It moves the customer only when it names a contract. */
export class PaymentFailed {
  @Optional() @Id() contractId?: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Id() paymentId?: string;
  @Optional() @AmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
}

/**
 * A payment went through. One that names a contract is revenue, booked on its date in the amount and currency that it
 * states. One that names an order is not booked: the order is revenue already.
 */
export class PaymentSucceeded {
  @Optional() @Id() contractId?: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Id() paymentId?: string;
  /** What was paid. Revenue needs both the amount and its currency. */
  @Optional() @AmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
}
