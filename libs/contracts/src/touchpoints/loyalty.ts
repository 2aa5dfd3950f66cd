import { AmountMinor, Currency, Id, Moment, Optional, PersonalSince, Text, Whole } from '../fields.js';

/** Points were credited: one lot, which may expire. */
export class PointsEarned {
  @Whole(1, 1_000_000_000) points!: number;
  @Optional() @Id() lotId?: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Text() @PersonalSince('free-text') reason?: string;
  /** Absent where the lot does not expire. */
  @Optional() @Moment() expiresAt?: string;
}

/** Points were spent, from the oldest lot on. */
export class PointsRedeemed {
  @Whole(1, 1_000_000_000) points!: number;
  @Optional() @Id() orderId?: string;
  @Optional() @Text() reward?: string;
  /** What the reward was worth to the customer. */
  @Optional() @AmountMinor() rewardMinor?: number;
  @Optional() @Currency() currency?: string;
}

/** Points lapsed. */
export class PointsExpired {
  @Whole(1, 1_000_000_000) points!: number;
  @Optional() @Id() lotId?: string;
}

/** The customer stands in this tier from now on. */
export class TierGranted {
  @Text() tier!: string;
  @Optional() @Text() formerTier?: string;
  /** Until when it holds unless it is earned again. */
  @Optional() @Moment() expiresAt?: string;
}
