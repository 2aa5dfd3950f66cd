import type { Instant } from '#contracts';
import { satisfaction, SURVEY_SCALES, type SatisfactionGrade, type SurveyScale } from '#models';
import { dayOf, dayStart } from '../calendar/calendar.js';
import { ladderRung } from '../figures/loyalty-ladder.js';
import type { LifecycleEvent } from '../model.js';
import { textOf } from './facts.js';
import { policyOf, type Fold } from './fold.js';

/** What the fold keeps of the relationship beside purchases. Its lists are replaced, never changed in place. */
export interface Relation {
  /** Answers to surveys, and reviews, in order: the scale, the answer, and when. */
  readonly answers: readonly (readonly [scale: SurveyScale, answer: number, at: Instant])[];
  /** Complaints and cases that are not resolved, by case; what names none stands under its own event. */
  readonly complaints: readonly string[];
  readonly cases: readonly string[];
  /** Referrals, one of each id. */
  readonly made: readonly string[];
  readonly converted: readonly string[];
}

export const NO_RELATION: Relation = { answers: [], complaints: [], cases: [], made: [], converted: [] };

/** The relationship at an instant: figures that segments, lists and read models look at. */
export interface RelationView extends KnownSatisfaction {
  /** When satisfaction ceases to be known if no answer comes; null where it is not known. */
  readonly knownUntil: Instant | null;
  readonly openComplaints: number;
  readonly openCases: number;
  readonly referralsMade: number;
  readonly referralsConverted: number;
  /** What held until satisfaction ceased to be known, and when that was; null where it is known, or never was. */
  readonly before: (KnownSatisfaction & { readonly until: Instant }) | null;
}

/** Satisfaction, and the rung that rests on it. */
export interface KnownSatisfaction {
  /** From 0 to 1; null where it is not known. */
  readonly satisfaction: number | null;
  readonly grade: SatisfactionGrade | null;
  /** The rung of the loyalty ladder; null where the needs of none are met. */
  readonly rung: string | null;
}

/** Notes what an event says about the relationship. */
export function withRelation(relation: Relation, event: LifecycleEvent): Relation {
  switch (event.type) {
    case 'survey-answered':
    case 'review-posted': {
      const found = answerOf(event);
      if (found === null) return relation;
      return { ...relation, answers: [...relation.answers, [found.scale, found.answer, event.occurredAt]] };
    }
    case 'complaint-made': {
      const complaint = idIn(event, 'caseId');
      return {
        ...relation,
        complaints: including(relation.complaints, complaint),
        cases: including(relation.cases, complaint),
      };
    }
    case 'case-opened':
      return { ...relation, cases: including(relation.cases, idIn(event, 'caseId')) };
    case 'case-resolved': {
      const caseId = idIn(event, 'caseId');
      return {
        ...relation,
        complaints: relation.complaints.filter((each) => each !== caseId),
        cases: relation.cases.filter((each) => each !== caseId),
      };
    }
    case 'referral-made':
      return { ...relation, made: including(relation.made, idIn(event, 'referralId')) };
    case 'referral-converted':
      return { ...relation, converted: including(relation.converted, idIn(event, 'referralId')) };
    default:
      return relation;
  }
}

/** What an event names by an id; what names none is one of its own. */
const idIn = ({ source, id, data }: LifecycleEvent, field: string): string => textOf(data[field]) ?? `${source}\0${id}`;

const including = (names: readonly string[], name: string): readonly string[] =>
  names.includes(name) ? names : [...names, name];

/** What an answer or a review says. A stored value that is not on its scale reads as absent: no event can stop a fold. */
export function answerOf({
  type,
  data,
}: LifecycleEvent): { readonly scale: SurveyScale; readonly answer: number } | null {
  if (type === 'review-posted') return onScale('stars', data['stars']);
  if (type !== 'survey-answered') return null;
  const { kind, score } = data;
  return kind === 'nps' || kind === 'csat' || kind === 'ces' ? onScale(kind, score) : null;
}

function onScale(scale: SurveyScale, value: unknown): { readonly scale: SurveyScale; readonly answer: number } | null {
  const [lowest, highest] = SURVEY_SCALES[scale];
  return typeof value === 'number' && value >= lowest && value <= highest ? { scale, answer: value } : null;
}

/** After so many days without an answer satisfaction is not known: it is known on the last of them. */
const KNOWN_DAYS = 360;

export function relationView(fold: Fold, asOf: Instant): RelationView {
  const { relation } = fold.state;
  const newest = relation.answers.at(-1);
  const unknown: KnownSatisfaction = { satisfaction: null, grade: null, rung: rungOf(fold, null) };
  if (newest === undefined) return viewOf(relation, unknown, null, null);
  const { timeZone } = policyOf(fold);
  const newestDay = dayOf(newest[2], timeZone);
  const knownUntil = dayStart(newestDay + KNOWN_DAYS + 1, timeZone);
  const isKnown = asOf < knownUntil;
  // Weights age alike, so the mean is the same on every day on which it is known.
  const today = isKnown ? dayOf(asOf, timeZone) : newestDay;
  const ages = relation.answers.map(([scale, answer, at]) => ({ scale, answer, ageDays: today - dayOf(at, timeZone) }));
  // The newest first, as the figure adds them up: the sums are equal to the last digit.
  const found = satisfaction(ages.reverse(), relation.complaints.length);
  const grade = found?.grade ?? null;
  const last: KnownSatisfaction = { satisfaction: found?.score ?? null, grade, rung: rungOf(fold, grade) };
  return isKnown
    ? viewOf(relation, last, knownUntil, null)
    : viewOf(relation, unknown, null, { ...last, until: knownUntil });
}

/** Made for each fold of each customer: one object, field by field. */
function viewOf(
  { complaints, cases, made, converted }: Relation,
  { satisfaction: found, grade, rung }: KnownSatisfaction,
  knownUntil: RelationView['knownUntil'],
  before: RelationView['before'],
): RelationView {
  return {
    satisfaction: found,
    grade,
    rung,
    knownUntil,
    openComplaints: complaints.length,
    openCases: cases.length,
    referralsMade: made.length,
    referralsConverted: converted.length,
    before,
  };
}

function rungOf(fold: Fold, grade: SatisfactionGrade | null): string | null {
  const { purchases, lastIntentAt, cycle, relation } = fold.state;
  return ladderRung(policyOf(fold).ladder, {
    hasIntent: lastIntentAt !== null || cycle > 1 || purchases.orders > 0,
    orders: purchases.orders,
    satisfaction: grade,
    referralsConverted: relation.converted.length,
  });
}

/** The relationship at an earlier instant, after which no event came: satisfaction may still have been known then. */
export function relationAt(relation: RelationView, at: Instant): RelationView {
  const { before } = relation;
  if (before === null || at >= before.until) return relation;
  const { until, ...known } = before;
  return { ...relation, ...known, knownUntil: until, before: null };
}
