import { AnyText, Flag, Matching, OneOf, Optional, Part, Whole } from '../fields.js';
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
const Days = (): PropertyDecorator => Whole(1, DAYS_MAX);
/** A factor by which another number is multiplied. */
const Factor = (above: number): PropertyDecorator => NumberAbove(above, { atMost: 1000 });
const Share = (): PropertyDecorator => NumberAbove(0, { below: 1 });

class ComparisonForm {
  @NonEmpty() @Hint('name a field of the touchpoint’s data; dots step into objects') field!: string;
  @OneOf('equals', 'not-equals', 'less', 'at-most', 'more', 'at-least', 'one-of', 'present') op!: string;
  @Optional() @Anything() value?: unknown;
}

class SignalForm {
  @OrNull(OneOf('awareness', 'knowledge', 'consideration', 'evaluation')) phase!: string | null;
  @Flag() @Hint('give true where the customer acts of their own accord') intent!: boolean;
  @Optional() @ListOf(Part(() => ComparisonForm)) when?: ComparisonForm[];
}

class AcquisitionForm {
  @Days() coldAfterDays!: number;
}

class OnboardingForm {
  @Days() secondOrderDueDays!: number;
}

class PersonalRhythmForm {
  @OneOf('personal-rhythm') mode!: 'personal-rhythm';
  @Whole(1, 100) intervals!: number;
  @Whole(2, 100) daysNeeded!: number;
  @Factor(0) atRiskTimesRhythm!: number;
  @Days() atRiskDaysMin!: number;
  @Days() atRiskDaysMax!: number;
  @Days() atRiskDaysWithoutRhythm!: number;
  @Factor(1) lapsedTimesAtRisk!: number;
  @Days() lostDays!: number;
  @Factor(1) lostTimesAtRisk!: number;
}

class SeasonalForm {
  @OneOf('seasonal') mode!: 'seasonal';
  @Whole(0, 364) atRiskDaysAfterAnniversary!: number;
  @Whole(1, 364) lapsedDaysAfterAnniversary!: number;
  @Whole(0, DAYS_MAX) lostDaysAfterSecondAnniversary!: number;
}

class ExpansionForm {
  @Days() windowDays!: number;
  @Whole(1, 1000) crossSellOrdersBefore!: number;
  @Factor(1) upSellTimesMedian!: number;
  @Whole(1, 1000) upSellOrdersBefore!: number;
  @Whole(1, 5) advocacyStarsMin!: number;
  @Whole(0, 10) advocacyNpsMin!: number;
}

class ContractsForm {
  @Days() graceDays!: number;
}

class NeedsForm {
  @Optional() @Flag() @Hint('give true where the rung needs an act of the customer’s own') intent?: boolean;
  @Optional() @Whole(0, 1_000_000) ordersAtLeast?: number;
  @Optional() @OneOf('very satisfied', 'satisfied', 'neutral') satisfactionAtLeast?: string;
  @Optional() @Whole(0, 1_000_000) referralsConvertedAtLeast?: number;
}

class LadderRungForm {
  @NonEmpty() @Hint('give the rung a name') rung!: string;
  @Part(() => NeedsForm) needs!: NeedsForm;
}

class TiersForm {
  @Whole(1, 1200) trailingMonths!: number;
  @Share() shareOfA!: number;
  @Share() shareOfB!: number;
}

class TreatmentForm {
  @NonEmpty() @Hint('give the name of the treatment, as the business calls it') name!: string;
  @Optional() @NonEmpty() @Hint('give the purpose as consent-given names it, such as marketing') purpose?: string;
  @Optional() @ListOf(OneOf(...MEDIA), 1) media?: string[];
  @Optional() @Days() validDays?: number;
}

const Treatment = (): PropertyDecorator =>
  AnyOf(
    NonEmpty(),
    Part(() => TreatmentForm),
  );
type TreatmentOrName = string | TreatmentForm;

class AcquisitionTreatmentsForm {
  @Optional() @Treatment() awareness?: TreatmentOrName;
  @Optional() @Treatment() knowledge?: TreatmentOrName;
  @Optional() @Treatment() consideration?: TreatmentOrName;
  @Optional() @Treatment() evaluation?: TreatmentOrName;
  @Optional() @Treatment() cold?: TreatmentOrName;
}

class RetentionTreatmentsForm {
  @Optional() @Treatment() onboarding?: TreatmentOrName;
  @Optional() @Treatment() active?: TreatmentOrName;
  @Optional() @Treatment() 'at-risk'?: TreatmentOrName;
  @Optional() @Treatment() lapsed?: TreatmentOrName;
  @Optional() @Treatment() lost?: TreatmentOrName;
}

class ExpansionTreatmentsForm {
  @Optional() @Treatment() 'cross-sell'?: TreatmentOrName;
  @Optional() @Treatment() 'up-sell'?: TreatmentOrName;
  @Optional() @Treatment() advocacy?: TreatmentOrName;
}

class TreatmentsForm {
  @Optional() @Part(() => AcquisitionTreatmentsForm) acquisition?: AcquisitionTreatmentsForm;
  @Optional() @Part(() => RetentionTreatmentsForm) retention?: RetentionTreatmentsForm;
  @Optional() @Part(() => ExpansionTreatmentsForm) expansion?: ExpansionTreatmentsForm;
}

/** A policy as a business writes it. The lifecycle's type `Policy` explains what each field does. */
export class PolicyForm {
  @Matching('^[a-z][a-z0-9-]{0,63}$', 64, 'a name')
  @Must('a name of 1 to 64 lower-case letters, digits and hyphens, a letter first')
  name!: string;
  @Whole(1, 1_000_000) @Hint('give 1 for a new name, and one more with each publication') version!: number;
  @AnyText() @Describe('IANA time zone in which days, windows and anniversaries are counted') timeZone!: string;
  @OrNull(Matching('^[A-Z]{3}$', 3, 'a currency'))
  @Must('a currency of ISO 4217, such as EUR, or null')
  @Describe('Currency to which figures are converted; null keeps them per currency')
  currency!: string | null;
  @MapOf(ListOf(Part(() => SignalForm)))
  @Describe('By touchpoint type: what it tells of acquisition')
  signals!: Record<string, SignalForm[]>;
  @Part(() => AcquisitionForm) acquisition!: AcquisitionForm;
  @Part(() => OnboardingForm) onboarding!: OnboardingForm;
  @OneOfClasses('mode', () => PersonalRhythmForm, () => SeasonalForm)
  silence!: PersonalRhythmForm | SeasonalForm;
  @Part(() => ExpansionForm) expansion!: ExpansionForm;
  @Part(() => ContractsForm) contracts!: ContractsForm;
  @ListOf(NonEmpty()) @Describe('Categories as order lines name them') taxonomy!: string[];
  @MapOf(Whole(1, DAYS_MAX)) @Describe('By category: days that a product lasts') replacementDays!: Record<
    string,
    number
  >;
  @ListOf(Part(() => LadderRungForm)) ladder!: LadderRungForm[];
  @Part(() => TiersForm) tiers!: TiersForm;
  @Part(() => TreatmentsForm) treatments!: TreatmentsForm;
}
