import type { Instant } from '#contracts';
import { satisfaction, type SatisfactionGrade, type SurveyAnswer } from '#models';
import { addDays, dayOf } from '../calendar/calendar.js';
import { textOf } from '../fold/facts.js';
import { refOf } from '../fold/fold.js';
import { answerOf } from '../fold/relation.js';
import type { EventRef, LifecycleEvent } from '../model.js';

/** How satisfied a customer is at an instant, and what it follows from. */
export interface SatisfactionFigure {
  /** From 0 to 1; null where it is not known: without an answer of the last 360 days. */
  readonly score: number | null;
  readonly grade: SatisfactionGrade | null;
  /** The grade 90 days before; null where it was not known then. */
  readonly gradeBefore: SatisfactionGrade | null;
  /** `better` or `worse` than 90 days before; null where one of the two is not known. */
  readonly trend: 'better' | 'same' | 'worse' | null;
  /** The answers that count, the newest first. */
  readonly answers: readonly CountedAnswer[];
  /** Complaints that are not resolved, the oldest first. */
  readonly openComplaints: readonly EventRef[];
}

export interface CountedAnswer extends SurveyAnswer {
  readonly event: EventRef;
}

const TREND_DAYS = 90;
/** From the best to the worst. */
const GRADES: readonly SatisfactionGrade[] = [
  'very-satisfied',
  'satisfied',
  'neutral',
  'disappointed',
  'very-disappointed',
];

/** From the customer's events, in their order. Events after `asOf` do not count. Ages are calendar days in the zone. */
export function satisfactionFigure(
  events: readonly LifecycleEvent[],
  asOf: Instant,
  timeZone: string,
): SatisfactionFigure {
  const now = satisfactionAt(events, asOf, timeZone);
  const before = satisfactionAt(events, addDays(asOf, -TREND_DAYS, timeZone), timeZone).grade;
  const trend =
    now.grade === null || before === null
      ? null
      : TRENDS[Math.sign(GRADES.indexOf(before) - GRADES.indexOf(now.grade)) + 1];
  return { ...now, gradeBefore: before, trend: trend ?? null };
}

const TRENDS = ['worse', 'same', 'better'] as const;

function satisfactionAt(
  events: readonly LifecycleEvent[],
  asOf: Instant,
  timeZone: string,
): Pick<SatisfactionFigure, 'score' | 'grade' | 'answers' | 'openComplaints'> {
  const today = dayOf(asOf, timeZone);
  const answers: CountedAnswer[] = [];
  const complaints = new Map<string, EventRef>();
  for (const event of events) {
    if (event.test || event.occurredAt > asOf) continue;
    const answer = answerOf(event);
    if (answer !== null)
      answers.unshift({ ...answer, ageDays: today - dayOf(event.occurredAt, timeZone), event: refOf(event) });
    const caseId = textOf(event.data['caseId']);
    // A complaint without a case can never be closed: it stands under its own id.
    if (event.type === 'complaint-made') complaints.set(caseId ?? `${event.source}\0${event.id}`, refOf(event));
    else if (event.type === 'case-resolved' && caseId !== null) complaints.delete(caseId);
  }
  const found = satisfaction(answers, complaints.size);
  return {
    score: found?.score ?? null,
    grade: found?.grade ?? null,
    answers,
    openComplaints: [...complaints.values()],
  };
}
