import {
  AmountMinor,
  Currency,
  Decimal,
  Flag,
  FreeText,
  Holds,
  Id,
  Matching,
  Moment,
  OneOf,
  Optional,
  Personal,
  Text,
  Whole,
  type Rule,
} from '../fields.js';

/** The customer used what they have. */
export class ProductUsed {
  @Optional() @Text() product?: string;
  @Optional() @Text() feature?: string;
  @Optional() @Id() contractId?: string;
  /** How often or how much, in the product's own unit. */
  @Optional() @Decimal(0, 1e12) quantity?: number;
  @Optional() @Whole(0, 527_040) minutes?: number;
}

/** What was ordered is with the customer. */
export class Delivered {
  @Optional() @Id() orderId?: string;
  @Optional() @Id() shipmentId?: string;
  @Optional() @Moment() promisedAt?: string;
  /** Where it is absent, `promisedAt` tells. */
  @Optional() @Flag() onTime?: boolean;
}

/** The customer asked for help. */
export class CaseOpened {
  @Id() caseId!: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Text() topic?: string;
  @Optional() @OneOf('low', 'normal', 'high', 'urgent') severity?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

const COST_HAS_CURRENCY: Rule = {
  detail: 'there is a cost, and no currency to read it in',
  hint: 'give currency, an ISO 4217 code such as EUR',
  schema: { anyOf: [{ not: { required: ['cost'] } }, { required: ['currency'] }] },
  holds: (data) => data['cost'] === undefined || data['currency'] !== undefined,
};

/** Version 1 of a resolved case: hours as a fraction, and the cost as a decimal text. Replaced by `CaseResolved`. */
export class CaseResolvedV1 {
  @Id() @Holds(COST_HAS_CURRENCY) caseId!: string;
  @Optional() @Decimal(0, 100_000) hours?: number;
  @Optional() @Matching('^\\d{1,9}(?:\\.\\d{1,4})?$', 14, 'a decimal amount, such as "12.50"') cost?: string;
  @Optional() @Currency() currency?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** A case was closed: how long an employee worked on it, and what that cost. It closes the complaint of the same case. */
export class CaseResolved {
  @Id() caseId!: string;
  /** Minutes of work, rounded to whole ones. */
  @Optional() @Whole(0, 6_000_000) minutes?: number;
  @Optional() @AmountMinor() costMinor?: number;
  @Optional() @Currency() currency?: string;
  /** Whether it was resolved within the standard that the business set itself. */
  @Optional() @Flag() withinStandard?: boolean;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** The customer complained. The complaint is open until the case of this id is resolved. */
export class ComplaintMade {
  /** Without it the complaint can never be closed. */
  @Optional() @Id() caseId?: string;
  @Optional() @Id() orderId?: string;
  @Optional() @Text() topic?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** An employee took a call. */
export class CallHandled {
  @Optional() @Id() callId?: string;
  @Optional() @Id() caseId?: string;
  @Optional() @Whole(0, 1440) minutes?: number;
  @Optional() @Whole(0, 86_400) waitSeconds?: number;
  @Optional() @AmountMinor() costMinor?: number;
  @Optional() @Currency() currency?: string;
  @Optional() @Text() topic?: string;
  @Optional() @Text() outcome?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}

/** The customer wrote in the community. */
export class CommunityPosted {
  @Optional() @Id() postId?: string;
  @Optional() @Text() topic?: string;
  @Optional() @FreeText() @Personal('free-text') text?: string;
}
