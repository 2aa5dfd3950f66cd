import {
  AmountMinor,
  Currency,
  FreeText,
  Id,
  Moment,
  OneOf,
  Optional,
  Personal,
  PersonalSince,
  Text,
} from '../fields.js';

/** For how long an amount pays. */
export const PERIODS = ['day', 'week', 'month', 'quarter', 'half-year', 'year'] as const;

/** The customer entered into a contract. It is a purchase. */
export class SubscriptionStarted {
  /** Names the contract within its source. */
  @Id() contractId!: string;
  @Optional() @Text() plan?: string;
  @Optional() @Text() category?: string;
  /** What one period costs. */
  @Optional() @AmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @OneOf(...PERIODS) period?: string;
  /** Until when it runs, unless it is renewed. */
  @Optional() @Moment() endsAt?: string;
}

/** The contract goes on for another term. */
export class SubscriptionRenewed {
  @Id() contractId!: string;
  @Optional() @Text() plan?: string;
  @Optional() @AmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @OneOf(...PERIODS) period?: string;
  @Optional() @Moment() endsAt?: string;
}

/** The customer took a larger plan. */
export class SubscriptionUpgraded {
  @Id() contractId!: string;
  /** The plan that they have now. */
  @Optional() @Text() plan?: string;
  @Optional() @Text() formerPlan?: string;
  @Optional() @AmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @OneOf(...PERIODS) period?: string;
}

/** The customer took a smaller plan. */
export class SubscriptionDowngraded {
  @Id() contractId!: string;
  /** The plan that they have now. */
  @Optional() @Text() plan?: string;
  @Optional() @Text() formerPlan?: string;
  @Optional() @AmountMinor() amountMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @OneOf(...PERIODS) period?: string;
}

/** The contract rests. */
export class SubscriptionPaused {
  @Id() contractId!: string;
  @Optional() @Moment() resumesAt?: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
}

/** The contract runs again. */
export class SubscriptionResumed {
  @Id() contractId!: string;
}

/** The customer gave notice. The contract may run on until it ends. */
export class SubscriptionCancelled {
  @Id() contractId!: string;
  @Optional() @Moment() endsAt?: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** The contract is over. */
export class SubscriptionEnded {
  @Id() contractId!: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
}
