import { AmountMinor, Currency, Id, Optional, Text } from '../fields.js';

/** The customer recommended us. The person they told is among the identifiers, in the role of referee. */
export class ReferralMade {
  @Optional() @Id() referralId?: string;
  @Optional() @Text() campaign?: string;
}

/** A person whose referral came from the customer became a customer: the referee, under that role. */
export class ReferralConverted {
  @Optional() @Id() referralId?: string;
  /** The referee's first order. */
  @Optional() @Id() orderId?: string;
  @Optional() @AmountMinor() amountMinor?: number;
  /** What the customer got for it. */
  @Optional() @AmountMinor() rewardMinor?: number;
  @Optional() @Currency() currency?: string;
}

/** The customer passed something of ours on. */
export class Shared {
  @Optional() @Id() contentId?: string;
  @Optional() @Id() sku?: string;
  @Optional() @Text() network?: string;
}
