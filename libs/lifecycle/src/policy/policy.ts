import type { ActForApproval, PersonalClass } from '#contracts';

/**
 * The policy is data: what counts as a signal, how long silence may last, what a business calls its categories.
 * It is published as an event and never holds a script. Every threshold of the rules stands here.
 */
export interface Policy {
  readonly name: string;
  /** Counts up by one with each publication under the same name. `name@version` is what stage periods and causes quote. */
  readonly version: number;
  /** IANA name: days, windows and anniversaries are those of this zone. */
  readonly timeZone: string;
  /** ISO 4217 code that figures are converted to; null until one is named: figures then stand per currency. */
  readonly currency: string | null;
  /** What each touchpoint type signals about acquisition, and whether it is the customer's own act. */
  readonly signals: Readonly<Record<string, readonly Signal[]>>;
  readonly acquisition: AcquisitionRules;
  readonly onboarding: { readonly secondOrderDueDays: number };
  readonly silence: SilenceRules;
  readonly expansion: ExpansionRules;
  readonly contracts: { readonly graceDays: number };
  /** The categories that the business declares. Only these can make a cross-sell; a SKU never does. */
  readonly taxonomy: readonly string[];
  /** How many days a product lasts, by category: a lower bound of at-risk. */
  readonly replacementDays: Readonly<Record<string, number>>;
  readonly ladder: readonly LadderRung[];
  readonly tiers: TierRules;
  /** The treatment for each phase of each stage. A bare name stands for a treatment with default purpose, media and days. */
  readonly treatments: Readonly<Record<string, Readonly<Record<string, string | TreatmentRule>>>>;
  /** For what personal data may be opened; the default purposes where it is absent. It moves no customer. */
  readonly purposes?: readonly PurposeRule[];
  /** How openings of personal data are watched and kept. It moves no customer. */
  readonly openings?: Partial<OpeningRules>;
  /** How long data are kept; absent: for ever. It moves no customer. */
  readonly retention?: readonly RetentionRule[];
  /** Which acts need two principals; absent: none. It moves no customer. */
  readonly approvals?: ApprovalRules;
  /** How a customer may be contacted; absent: whenever they gave their consent. It moves no customer. */
  readonly contact?: ContactRules;
  /** What serving a customer costs where events state no cost; absent: nothing. It moves no customer. */
  readonly costs?: CostRules;
}

/** What serving a customer costs, in minor units of the policy's currency. */
export interface CostRules {
  /** A minute of work on a case or call whose cost is not stated. */
  readonly minuteMinor?: number;
  /** A case, complaint or call, those of one case once. */
  readonly contactMinor?: number;
  /** Each return. */
  readonly returnMinor?: number;
  /** Winning a customer: counts from their first purchase on. */
  readonly acquisitionMinor?: number;
}

/** What holds an action back although the customer gave their consent. */
export interface ContactRules {
  readonly caps?: readonly ContactCap[];
  readonly quietHours?: readonly QuietHours[];
  /** Days without any contact in the zone of the business: `MM-DD` of each year, or `YYYY-MM-DD`. */
  readonly holdbackDays?: readonly string[];
  /** Purposes to which caps and holdback days do not apply; `retention` by default. */
  readonly exemptPurposes?: readonly string[];
  /** Purposes for which a consent counts only once it was confirmed. */
  readonly doubleOptIn?: readonly string[];
}

/** At most so many contacts in any so many days. */
export interface ContactCap {
  readonly max: number;
  readonly days: number;
  /** Absent: by every medium. */
  readonly medium?: string;
  /** Absent: for every purpose. */
  readonly purpose?: string;
}

/** Hours on the clock of the business; over midnight where `until` is not after `from`. */
export interface QuietHours {
  /** `HH:MM`; included. */
  readonly from: string;
  /** `HH:MM`; not included. */
  readonly until: string;
  /** Absent: every medium. */
  readonly media?: readonly string[];
}

/** Why personal data may be opened. */
export interface PurposeRule {
  /** As a request states it: lower-case letters, digits and hyphens. */
  readonly name: string;
  /** What it is, in a sentence: an access request shows it to the data subject. */
  readonly text: string;
  /** The legal basis, such as `GDPR art. 6(1)(b)`. */
  readonly legalBasis: string;
}

/** What holds for the record of openings. */
export interface OpeningRules {
  /** One principal that opens more subjects than this within an hour raises an alert. */
  readonly alertSubjectsPerHour: number;
  /** How many days the read model of openings keeps them; the log keeps them for ever. */
  readonly keepDays: number;
}

/** How long one kind of data is kept. */
export type RetentionRule = PersonRetentionRule | OpeningsRetentionRule | ClassRetentionRule;

/** Persons are erased a time after their last contact, last purchase, or the end of the relationship. */
export interface PersonRetentionRule {
  readonly what: 'person';
  /** A period of ISO 8601 in years, months, weeks and days: `P3Y`. */
  readonly after: string;
  readonly since: RetentionStart;
  /** What suspends the rule. */
  readonly unless?: readonly RetentionException[];
  /** Between the instant at which the person is due and the erasure; `P30D` by default. */
  readonly grace?: string;
  /** By which media the person is told when grace begins; `email` by default. */
  readonly media?: readonly string[];
}

/** Openings of personal data are listed for a time; the event log keeps them. */
export interface OpeningsRetentionRule {
  readonly what: 'openings';
  readonly after: string;
}

/** Personal fields of a class are destroyed some time after the calendar year (UTC) in which they happened; the person stays. */
export interface ClassRetentionRule {
  readonly what: 'class';
  readonly class: PersonalClass;
  readonly after: string;
}

/** From which instant a rule for persons counts. */
export type RetentionStart = 'last-contact' | 'last-purchase' | 'end-of-relationship';

/** `open-contract`: a contract that has not ended. `hold`: a legal hold, at whose end grace begins. */
export type RetentionException = 'open-contract' | 'hold';

/** For each act whether one principal is sufficient (`one`, where it is absent), or another has to approve it (`two`). */
export type ApprovalRules = Readonly<Partial<Record<ActForApproval, 'one' | 'two'>>> & {
  /** Hours after which an act without an approval lapses. */
  readonly withinHours?: number;
};

/** What the business does for a customer in a phase, and what they must have allowed for it. */
export interface TreatmentRule {
  /** As the business calls it. */
  readonly name: string;
  /** The purpose for which the customer must have given their consent; `marketing` by default. */
  readonly purpose?: string;
  /** By which media, as touchpoints name them: one action for each that the customer allows; `email` by default. */
  readonly media?: readonly string[];
  /** How many days the action is valid; 30 by default. */
  readonly validDays?: number;
}

/** One signal of a touchpoint type. All conditions of `when` must hold; none means always. */
export interface Signal {
  /** The phase of acquisition that it signals; null where it signals none (product-used, for example). */
  readonly phase: 'awareness' | 'knowledge' | 'consideration' | 'evaluation' | null;
  /** True where the customer acts of their own accord: only that moves them, ends `cold`, ends `lost`. */
  readonly intent: boolean;
  readonly when?: readonly Comparison[];
}

/** A plain comparison of one field of the touchpoint's data (dots step into objects) with a constant. */
export interface Comparison {
  readonly field: string;
  readonly op: 'equals' | 'not-equals' | 'less' | 'at-most' | 'more' | 'at-least' | 'one-of' | 'present';
  /** Absent for `present`; a list for `one-of`. */
  readonly value?: Scalar | readonly Scalar[];
}

export type Scalar = string | number | boolean | null;

export interface AcquisitionRules {
  /** Days without intent after which they are `cold`. */
  readonly coldAfterDays: number;
}

/** What silence is compared with: the customer's own rhythm, or the anniversary of their last purchase. */
export type SilenceRules = PersonalRhythmRules | SeasonalRules;

export interface PersonalRhythmRules {
  readonly mode: 'personal-rhythm';
  /** The rhythm is the median of so many last intervals between distinct purchase days … */
  readonly intervals: number;
  /** … and is known from so many such days on. */
  readonly daysNeeded: number;
  /** at-risk = this × rhythm, within the bounds; without rhythm a constant. */
  readonly atRiskTimesRhythm: number;
  readonly atRiskDaysMin: number;
  readonly atRiskDaysMax: number;
  readonly atRiskDaysWithoutRhythm: number;
  /** lapsed = this × at-risk, rounded up. */
  readonly lapsedTimesAtRisk: number;
  /** lost = so many days, at least `lostTimesAtRisk` × at-risk. */
  readonly lostDays: number;
  readonly lostTimesAtRisk: number;
}

export interface SeasonalRules {
  readonly mode: 'seasonal';
  /** Days after the anniversary of the last surviving purchase. */
  readonly atRiskDaysAfterAnniversary: number;
  readonly lapsedDaysAfterAnniversary: number;
  /** Days after the second anniversary. */
  readonly lostDaysAfterSecondAnniversary: number;
}

export interface ExpansionRules {
  /** Each signal restarts the window. */
  readonly windowDays: number;
  /** A cross-sell needs so many surviving orders before it. */
  readonly crossSellOrdersBefore: number;
  /** An up-sell is so many times the median … */
  readonly upSellTimesMedian: number;
  /** … of at least so many surviving orders before the two. */
  readonly upSellOrdersBefore: number;
  readonly advocacyStarsMin: number;
  readonly advocacyNpsMin: number;
}

/** A rung of the loyalty ladder and what it asks; the customer stands on the highest whose needs are all met. */
export interface LadderRung {
  readonly rung: string;
  readonly needs: {
    readonly intent?: boolean;
    readonly ordersAtLeast?: number;
    readonly satisfactionAtLeast?: 'very satisfied' | 'satisfied' | 'neutral';
    readonly referralsConvertedAtLeast?: number;
  };
}

/** Value tiers: by cumulated positive profit of the population over the trailing months. */
export interface TierRules {
  readonly trailingMonths: number;
  readonly shareOfA: number;
  readonly shareOfB: number;
}

/** `name@version`: how a policy is quoted. */
export function policyVersion(policy: Policy): string {
  return `${policy.name}@${policy.version}`;
}
