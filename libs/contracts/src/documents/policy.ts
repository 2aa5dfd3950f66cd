import { APPROVAL_HOURS, APPROVAL_HOURS_MAX } from '../approvals.js';
import { AnyText, Flag, Matching, OneOf, Optional, Part, Whole } from '../fields.js';
import { PERSONAL_CLASSES, type PersonalClass } from '../personal-classes.js';
import { MEDIA } from '../touchpoints/awareness.js';
import {
  AnyOf,
  Anything,
  Describe,
  Hint,
  ListOf,
  MapOf,
  Must,
  NonEmpty,
  NumberAbove,
  OneOfClasses,
  OrNull,
} from './kinds.js';

/**
 * The policy as a document: what each field may be. What one field says about another stands with the rules of the
 * lifecycle, which give the fields their meaning.
 */

/** A century: a longer time is a typing error. */
const DAYS_MAX = 36_525;
/** Of one cost, in minor units. */
const COST_MAX = 1_000_000_000;
/** The state of a customer keeps so many contacts: a cap above it could not be checked. */
export const CONTACT_CAP_MAX = 30;
/** A time of the day, in minutes. */
export const TIME_OF_DAY_PATTERN = '^(?:[01][0-9]|2[0-3]):[0-5][0-9]$';
/** A day of each year, or of one. */
export const HOLDBACK_DAY_PATTERN = '^(?:[0-9]{4}-)?(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$';
/** ISO 8601, without a time of the day. */
export const PERIOD_PATTERN = '^P(?=[0-9])(?:[0-9]{1,3}Y)?(?:[0-9]{1,4}M)?(?:[0-9]{1,4}W)?(?:[0-9]{1,5}D)?$';
const Days = (): PropertyDecorator => Whole(1, DAYS_MAX);
/** A factor by which another number is multiplied. */
const Factor = (above: number): PropertyDecorator => NumberAbove(above, { atMost: 1000 });
const Share = (): PropertyDecorator => NumberAbove(0, { below: 1 });

class ComparisonForm {
  @NonEmpty()
  @Hint('name a field of the touchpoint’s data; dots step into objects')
  @Describe('A field of the touchpoint’s data; dots step into objects, such as channel.name')
  field!: string;
  @OneOf('equals', 'not-equals', 'less', 'at-most', 'more', 'at-least', 'one-of', 'present')
  @Describe('How it is compared; only numbers are compared by size. present: whether the field is there')
  op!: string;
  @Optional() @Anything() @Describe('What it is compared with: a list for one-of, absent for present') value?: unknown;
}

class SignalForm {
  @OrNull(OneOf('awareness', 'knowledge', 'consideration', 'evaluation'))
  @Describe(
    'The phase of acquisition that the touchpoint signals: awareness, knowledge, consideration or evaluation; null where it signals none',
  )
  phase!: string | null;
  @Flag()
  @Hint('give true where the customer acts of their own accord')
  @Describe('Only what is an intent moves a customer beyond awareness, and ends cold and lost')
  intent!: boolean;
  @Optional()
  @ListOf(Part(() => ComparisonForm))
  @Describe('Comparisons that must all hold; without any the signal always counts')
  when?: ComparisonForm[];
}

class AcquisitionForm {
  @Days() @Describe('After so many days without intent a customer in acquisition is cold') coldAfterDays!: number;
}

class OnboardingForm {
  @Days()
  @Describe('So many days after the first order the flag second-order-due is raised; it moves no customer')
  secondOrderDueDays!: number;
}

class PersonalRhythmForm {
  @OneOf('personal-rhythm')
  @Describe('Silence is compared with the customer’s own rhythm: the median of their intervals between purchase days')
  mode!: 'personal-rhythm';
  @Whole(1, 100) @Describe('How many of the last intervals the rhythm is the median of') intervals!: number;
  @Whole(2, 100) @Describe('From so many distinct purchase days on the rhythm is known') daysNeeded!: number;
  @Factor(0)
  @Describe('At risk after so many times the rhythm of silence, within the two bounds')
  atRiskTimesRhythm!: number;
  @Days() @Describe('At risk after no fewer days than this, however short the rhythm') atRiskDaysMin!: number;
  @Days() @Describe('At risk after no more days than this, however long the rhythm') atRiskDaysMax!: number;
  @Days() @Describe('At risk after so many days while the rhythm is not known') atRiskDaysWithoutRhythm!: number;
  @Factor(1) @Describe('Lapsed after so many times the days until at-risk, rounded up') lapsedTimesAtRisk!: number;
  @Days() @Describe('Lost after so many days …') lostDays!: number;
  @Factor(1) @Describe('… but not before so many times the days until at-risk') lostTimesAtRisk!: number;
}

class SeasonalForm {
  @OneOf('seasonal')
  @Describe('Silence is compared with the anniversary of the last purchase, for goods that are bought once a year')
  mode!: 'seasonal';
  @Whole(0, 364)
  @Describe('At risk so many days after the anniversary of the last surviving purchase')
  atRiskDaysAfterAnniversary!: number;
  @Whole(1, 364) @Describe('Lapsed so many days after that anniversary') lapsedDaysAfterAnniversary!: number;
  @Whole(0, DAYS_MAX)
  @Describe('Lost so many days after the second anniversary')
  lostDaysAfterSecondAnniversary!: number;
}

class ExpansionForm {
  @Days() @Describe('Expansion lasts so many days from its last signal on') windowDays!: number;
  @Whole(1, 1000)
  @Describe('A first order in another category is a cross-sell after so many surviving orders')
  crossSellOrdersBefore!: number;
  @Factor(1)
  @Describe('Two orders in a row are an up-sell when each is worth so many times the median of those before …')
  upSellTimesMedian!: number;
  @Whole(1, 1000) @Describe('… of which there must be so many') upSellOrdersBefore!: number;
  @Whole(1, 5) @Describe('Advocacy by a review of at least so many stars …') advocacyStarsMin!: number;
  @Whole(0, 10) @Describe('… with an NPS answer of at least so much') advocacyNpsMin!: number;
}

class ContractsForm {
  @Days() @Describe('After a failed payment a contract ends so many days later, unless it is paid') graceDays!: number;
}

class NeedsForm {
  @Optional()
  @Flag()
  @Hint('give true where the rung needs an act of the customer’s own')
  @Describe('An act of the customer’s own')
  intent?: boolean;
  @Optional() @Whole(0, 1_000_000) @Describe('Surviving orders that the rung needs') ordersAtLeast?: number;
  @Optional()
  @OneOf('very satisfied', 'satisfied', 'neutral')
  @Describe('Satisfaction that the rung needs')
  satisfactionAtLeast?: string;
  @Optional()
  @Whole(0, 1_000_000)
  @Describe('Customers that they must have brought')
  referralsConvertedAtLeast?: number;
}

class LadderRungForm {
  @NonEmpty() @Hint('give the rung a name') @Describe('As the business calls it') rung!: string;
  @Part(() => NeedsForm)
  @Describe('What a customer needs to stand on it; an empty list of needs is met by all')
  needs!: NeedsForm;
}

class TiersForm {
  @Whole(1, 1200) @Describe('Profit of the last so many months counts') trailingMonths!: number;
  @Share()
  @Describe('Tier A: the customers who together bring this share of the profit, the most profitable first')
  shareOfA!: number;
  @Share() @Describe('Tier B: those who bring it up to this share; the rest is tier C') shareOfB!: number;
}

class TreatmentForm {
  @NonEmpty()
  @Hint('give the name of the treatment, as the business calls it')
  @Describe('What to do')
  name!: string;
  @Optional()
  @NonEmpty()
  @Hint('give the purpose as consent-given names it, such as marketing')
  @Describe('The purpose for which the customer must have given consent; marketing by default')
  purpose?: string;
  @Optional()
  @ListOf(OneOf(...MEDIA), 1)
  @Describe('By which media: one action for each that the customer allows; email by default')
  media?: string[];
  @Optional() @Days() @Describe('How many days the action is valid; 30 by default') validDays?: number;
}

const Treatment = (): PropertyDecorator =>
  AnyOf(
    NonEmpty(),
    Part(() => TreatmentForm),
  );
type TreatmentOrName = string | TreatmentForm;

class AcquisitionTreatmentsForm {
  @Optional() @Treatment() @Describe('For a customer in awareness') awareness?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For a customer in knowledge') knowledge?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For a customer in consideration') consideration?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For a customer in evaluation') evaluation?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For a customer who is cold') cold?: TreatmentOrName;
}

class RetentionTreatmentsForm {
  @Optional() @Treatment() @Describe('For a customer in onboarding') onboarding?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For an active customer') active?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For a customer at risk') 'at-risk'?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For a lapsed customer') lapsed?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For a lost customer') lost?: TreatmentOrName;
}

class ExpansionTreatmentsForm {
  @Optional() @Treatment() @Describe('After a cross-sell') 'cross-sell'?: TreatmentOrName;
  @Optional() @Treatment() @Describe('After an up-sell') 'up-sell'?: TreatmentOrName;
  @Optional() @Treatment() @Describe('For an advocate') advocacy?: TreatmentOrName;
}

class TreatmentsForm {
  @Optional()
  @Part(() => AcquisitionTreatmentsForm)
  @Describe('By phase of acquisition')
  acquisition?: AcquisitionTreatmentsForm;
  @Optional()
  @Part(() => RetentionTreatmentsForm)
  @Describe('By phase of retention')
  retention?: RetentionTreatmentsForm;
  @Optional()
  @Part(() => ExpansionTreatmentsForm)
  @Describe('By phase of expansion')
  expansion?: ExpansionTreatmentsForm;
}

class PurposeForm {
  @Matching('^[a-z][a-z0-9-]{0,63}$', 64, 'a name')
  @Must('a name of 1 to 64 lower-case letters, digits and hyphens, a letter first')
  @Describe('The name of the purpose, as a request states it')
  name!: string;
  @NonEmpty()
  @Hint('say in a sentence what is done for this purpose')
  @Describe('What it is, in a sentence; a data subject who asks for access reads it')
  text!: string;
  @NonEmpty()
  @Hint('give the legal basis, such as GDPR art. 6(1)(b)')
  @Describe('Its legal basis')
  legalBasis!: string;
}

class OpeningsForm {
  @Optional()
  @Whole(1, 1_000_000)
  @Describe(
    'One principal that opens the personal data of more subjects than this within an hour raises an alert; 200 by default',
  )
  alertSubjectsPerHour?: number;
  @Optional()
  @Days()
  @Describe(
    'After so many days an opening leaves the read model; the event log keeps it. 1,096 (three years) by default',
  )
  keepDays?: number;
}

/** A time of years, months, weeks and days, in this order. Longer than a century is a typing error. */
const Period = (): PropertyDecorator => (target, name) => {
  Matching(PERIOD_PATTERN, 16, 'a period')(target, name);
  Must('a period of years, months, weeks and days, such as P3Y or P30D')(target, name);
};

/** What a retention rule holds for. A further kind is a class of its own, named in `RetentionRules`. */
class PersonRetentionForm {
  @OneOf('person') @Describe('The rule erases persons') what!: 'person';
  @Period() @Describe('So long after the instant that `since` names the person is due') after!: string;
  @OneOf('last-contact', 'last-purchase', 'end-of-relationship')
  @Describe(
    'From when time counts: the last touchpoint of the customer’s own doing; the last purchase that was not taken back; the last purchase or the end of the last contract, whichever is later',
  )
  since!: string;
  @Optional()
  @ListOf(OneOf('open-contract', 'hold'))
  @Describe(
    'What suspends the rule: a contract that has not ended; a legal hold, at whose end grace begins. Without `hold` a hold still prevents the erasure, which follows once it is lifted',
  )
  unless?: string[];
  @Optional()
  @Period()
  @Describe('Between the instant at which the person is due and the erasure; P30D by default')
  grace?: string;
  @Optional()
  @ListOf(OneOf(...MEDIA), 1)
  @Describe('By which media the person is told when grace begins: one action retention-due for each; email by default')
  media?: string[];
}

class OpeningsRetentionForm {
  @OneOf('openings')
  @Describe('The rule ends the listing of openings of personal data; it stands before `openings.keepDays`')
  what!: 'openings';
  @Period()
  @Describe('So long after it was recorded an opening is listed no more; the event log keeps it')
  after!: string;
}

class ClassRetentionForm {
  @OneOf('class')
  @Describe('The rule destroys personal fields of one class; the person and all figures stay')
  what!: 'class';
  @OneOf(...PERSONAL_CLASSES)
  @Describe(
    'free-text: what people wrote or said, and reasons in words; notes: what employees wrote; addresses: of pages and places. It holds for what is written while the rule is in force',
  )
  class!: PersonalClass;
  @Period()
  @Describe('So long after the end of the calendar year (UTC) in which it happened a text is destroyed')
  after!: string;
}

const RetentionRules = (): PropertyDecorator =>
  ListOf(
    OneOfClasses(
      'what',
      () => PersonRetentionForm,
      () => OpeningsRetentionForm,
      () => ClassRetentionForm,
    ),
    1,
    20,
  );
type RetentionRuleForm = PersonRetentionForm | OpeningsRetentionForm | ClassRetentionForm;

const FourEyes =
  (meaning: string): PropertyDecorator =>
  (target, name) => {
    Optional()(target, name);
    OneOf('one', 'two')(target, name);
    Describe(`${meaning}: one principal (the default), or two`)(target, name);
  };

class ApprovalsForm {
  @FourEyes('To erase a person') erase?: 'one' | 'two';
  @FourEyes('To hand out `administer` or `approve`, by a new key, a rotation or an unblock')
  'grant-administer'?: 'one' | 'two';
  @FourEyes('To hand out `open`') 'grant-open'?: 'one' | 'two';
  @FourEyes('To lift a legal hold') 'hold-lift'?: 'one' | 'two';
  @FourEyes('To publish a policy') 'policy-publish'?: 'one' | 'two';
  @FourEyes('To move the log under another hash key (`perennial move --rekey`)') rekey?: 'one' | 'two';
  @FourEyes('To publish a policy whose `retention` differs from that of the one in force, or of one to come')
  'retention-publish'?: 'one' | 'two';
  @Optional()
  @Whole(1, APPROVAL_HOURS_MAX)
  @Describe(`Hours after which an act without an approval lapses; ${APPROVAL_HOURS} by default`)
  withinHours?: number;
}

class ContactCapForm {
  @Whole(1, CONTACT_CAP_MAX)
  @Describe('No more contacts than this …')
  max!: number;
  @Whole(1, 366)
  @Describe('… in any so many days, in the time zone of the business')
  days!: number;
  @Optional()
  @OneOf(...MEDIA)
  @Describe('Only contacts by this medium count, and only actions by it are held back; absent: by every medium')
  medium?: string;
  @Optional()
  @NonEmpty()
  @Hint('give the purpose as consent-given names it, such as marketing')
  @Describe('Only contacts for this purpose count, and only actions for it are held back; absent: for every purpose')
  purpose?: string;
}

/** A time of the day on the clock of the business. */
const TimeOfDay = (): PropertyDecorator => (target, name) => {
  Matching(TIME_OF_DAY_PATTERN, 5, 'a time of the day')(target, name);
  Must('a time of the day from 00:00 to 23:59, such as 21:00')(target, name);
};

class QuietHoursForm {
  @TimeOfDay() @Describe('Quiet hours begin at this time on the clock of the business …') from!: string;
  @TimeOfDay()
  @Describe('… and end at this one; on the next day where it is not after the beginning')
  until!: string;
  @Optional()
  @ListOf(OneOf(...MEDIA), 1)
  @Describe('By which media no action is proposed in them; absent: by any')
  media?: string[];
}

const HoldbackDays = (): PropertyDecorator =>
  ListOf(Matching(HOLDBACK_DAY_PATTERN, 10, 'a day such as 12-25, or 2026-12-25'), 1, 366);

class ContactForm {
  @Optional()
  @ListOf(Part(() => ContactCapForm), 1, 50)
  @Describe('How often a customer is contacted at most')
  caps?: ContactCapForm[];
  @Optional()
  @ListOf(Part(() => QuietHoursForm), 1, 20)
  @Describe('When no action is proposed; it is deferred to the end of these hours')
  quietHours?: QuietHoursForm[];
  @Optional()
  @HoldbackDays()
  @Describe('Days on which no action is proposed, such as 12-25 (each year) or 2026-12-25, in the zone of the business')
  holdbackDays?: string[];
  @Optional()
  @ListOf(NonEmpty(), 0, 50)
  @Describe('Purposes to which caps and holdback days do not apply; quiet hours do. [retention] by default')
  exemptPurposes?: string[];
  @Optional()
  @ListOf(NonEmpty(), 1, 100)
  @Describe('Purposes for which a consent counts only once it was confirmed (double opt-in)')
  doubleOptIn?: string[];
}

class CostsForm {
  @Optional()
  @Whole(0, COST_MAX)
  @Describe('A minute of work on a case or call whose cost is not stated, in minor units of the policy’s currency')
  minuteMinor?: number;
  @Optional()
  @Whole(0, COST_MAX)
  @Describe('A case, complaint or call, those of one case once, in minor units')
  contactMinor?: number;
  @Optional() @Whole(0, COST_MAX) @Describe('Each return, in minor units') returnMinor?: number;
  @Optional()
  @Whole(0, COST_MAX)
  @Describe('Winning a customer, in minor units: counts from the first purchase on')
  acquisitionMinor?: number;
}

/** A policy as a business writes it. The lifecycle's type `Policy` explains what each field does. */
export class PolicyForm {
  @Matching('^[a-z][a-z0-9-]{0,63}$', 64, 'a name')
  @Must('a name of 1 to 64 lower-case letters, digits and hyphens, a letter first')
  @Describe('The name of the policy; causes and stage periods quote name@version')
  name!: string;
  @Whole(1, 1_000_000)
  @Hint('give 1 for a new name, and one more with each publication')
  @Describe('Which version of the policy this is')
  version!: number;
  @AnyText()
  @Describe('IANA time zone in which days, windows and anniversaries are counted, and months reckoned in every query')
  timeZone!: string;
  @OrNull(Matching('^[A-Z]{3}$', 3, 'a currency'))
  @Must('a currency of ISO 4217, such as EUR, or null')
  @Describe('Currency (ISO 4217) to which figures are converted; null keeps them per currency')
  currency!: string | null;
  @MapOf(ListOf(Part(() => SignalForm)))
  @Describe('By touchpoint type: what it tells of acquisition. A type that is not listed tells nothing')
  signals!: Record<string, SignalForm[]>;
  @Part(() => AcquisitionForm) @Describe('How long interest lasts') acquisition!: AcquisitionForm;
  @Part(() => OnboardingForm) @Describe('The time after the first order') onboarding!: OnboardingForm;
  @OneOfClasses('mode', () => PersonalRhythmForm, () => SeasonalForm)
  @Describe('After how much silence a customer is at risk, lapsed and lost')
  silence!: PersonalRhythmForm | SeasonalForm;
  @Part(() => ExpansionForm) @Describe('What counts as a customer who grows') expansion!: ExpansionForm;
  @Part(() => ContractsForm) @Describe('What holds for subscriptions') contracts!: ContractsForm;
  @ListOf(NonEmpty())
  @Describe('Your categories, as order lines name them: only these can make a cross-sell')
  taxonomy!: string[];
  @MapOf(Whole(1, DAYS_MAX))
  @Describe('By category: days that a product lasts. A customer who bought one is not at risk before that')
  replacementDays!: Record<string, number>;
  @ListOf(Part(() => LadderRungForm))
  @Describe('The rungs of loyalty, the lowest first; a customer stands on the highest whose needs are met')
  ladder!: LadderRungForm[];
  @Part(() => TiersForm) @Describe('How customers are divided by the profit that they bring') tiers!: TiersForm;
  @Part(() => TreatmentsForm)
  @Describe('What to do for a customer in each phase; an action is proposed where they gave consent')
  treatments!: TreatmentsForm;
  @Optional()
  @ListOf(Part(() => PurposeForm), 1, 100)
  @Describe('For what personal data may be opened: each opening states one of these')
  purposes?: PurposeForm[];
  @Optional()
  @Part(() => OpeningsForm)
  @Describe('How openings of personal data are watched and kept')
  openings?: OpeningsForm;
  @Optional()
  @RetentionRules()
  @Describe('How long data are kept; without the list for ever')
  retention?: RetentionRuleForm[];
  @Optional()
  @Part(() => ApprovalsForm)
  @Describe('Which acts need two principals; none by default')
  approvals?: ApprovalsForm;
  @Optional()
  @Part(() => ContactForm)
  @Describe('How a customer may be contacted: caps, quiet hours, days without contact, consents to be confirmed')
  contact?: ContactForm;
  @Optional()
  @Part(() => CostsForm)
  @Describe('What serving a customer costs where events state no cost')
  costs?: CostsForm;
}
