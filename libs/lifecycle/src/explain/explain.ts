import type { Instant } from '#contracts';
import { addDays, dayOf } from '../calendar/calendar.js';
import type { CustomerView, Flag } from '../fold/result.js';
import type { Deadline, EventRef, Phase, Stage, StagePeriod } from '../model.js';
import { explainActions, type ExplainedAction, type ExplainedConsent } from './actions.js';
import { actionSentence, deadlineSentence, notBeforeSentence, placeSentence, reasonSentence } from './sentences.js';

/** Something that was measured and what it was held against. */
export interface Compared {
  /** `days of silence`, `days without intent`, … */
  readonly what: string;
  readonly measured: number;
  readonly needed: number;
  readonly unit: 'days' | 'minor units' | 'purchases' | 'points';
}

/** Why they were not there a day earlier. */
export interface NotBefore {
  /** The instant one calendar day before the customer entered. */
  readonly at: Instant;
  /** Where they stood then; null where they were not yet known. */
  readonly stage: Stage | null;
  readonly phase: Phase | null;
  /** What the same comparison gave then; empty where an event made the difference. */
  readonly compared: readonly Compared[];
}

/** What comes next if nothing happens. */
export interface Upcoming extends Deadline {
  readonly inDays: number;
}

/** Why a stay in a phase began: everything that the question "why is the customer here, and why not yesterday" asks for. */
export interface StagePeriodExplanation {
  readonly seq: number;
  readonly cycle: number;
  readonly stage: Stage;
  readonly phase: Phase;
  readonly since: Instant;
  readonly until: Instant | null;
  readonly rule: string;
  readonly policyVersion: string;
  readonly events: readonly EventRef[];
  readonly deadline: StagePeriod['cause']['deadline'] | null;
  readonly values: StagePeriod['cause']['values'];
  readonly compared: readonly Compared[];
  readonly notBefore: NotBefore;
  /** In plain English, one thought each. */
  readonly sentences: readonly string[];
}

export interface Explanation extends StagePeriodExplanation {
  readonly asOf: Instant;
  /** Whole days in the phase at asOf, by the calendar of the zone. */
  readonly days: number;
  readonly flags: readonly Flag[];
  readonly silenceSuspended: boolean;
  /** What comes next, earliest first; empty where nothing will happen by itself. */
  readonly next: readonly Upcoming[];
  /** What the customer allowed and what the customer took back, since when and by which event. */
  readonly consents: readonly ExplainedConsent[];
  /** What a channel should do next, and why it may. */
  readonly actions: readonly ExplainedAction[];
}

/** Explains where a customer stands. `stage_periods` are those of the same fold; the last one is where the customer stands. */
export function explain(input: {
  readonly view: CustomerView;
  readonly stagePeriods: readonly StagePeriod[];
  readonly timeZone: string;
}): Explanation {
  const { view, stagePeriods, timeZone } = input;
  const { asOf, enteredAt, flags, deadlines, silenceSuspended } = view;
  const last = stagePeriods.at(-1);
  if (last === undefined)
    throw new RangeError('A customer who is known has at least one stage period: give those of the fold.');
  const told = explainStagePeriod(last, stagePeriods.at(-2) ?? null, timeZone);
  const next = deadlines.map((deadline) => ({
    ...deadline,
    inDays: dayOf(deadline.dueAt, timeZone) - dayOf(asOf, timeZone),
  }));
  const { consents, actions } = explainActions(view, asOf);
  return {
    ...told,
    asOf,
    days: dayOf(asOf, timeZone) - dayOf(enteredAt, timeZone),
    flags,
    silenceSuspended,
    next,
    consents,
    actions,
    sentences: [
      ...told.sentences,
      ...(silenceSuspended ? ['A contract suspends silence: no purchase is expected of them in the meantime.'] : []),
      ...(next.length === 0 ? ['Nothing will move them by itself.'] : next.map(deadlineSentence)),
      ...(flags.includes('second-order-due') ? ['A second order is due: the flag is raised, and moves nobody.'] : []),
      ...actions.map(actionSentence),
    ],
  };
}

/** Explains one stay, given the one before it (null for the first). */
export function explainStagePeriod(
  period: StagePeriod,
  before: StagePeriod | null,
  timeZone: string,
): StagePeriodExplanation {
  const { seq, cycle, stage, phase, enteredAt, leftAt, cause } = period;
  const compared = comparedAt(period, enteredAt, timeZone);
  const yesterday = addDays(enteredAt, -1, timeZone);
  // Only what time brought about was measurable a day before; what an event brought about had not happened.
  const notBefore: NotBefore = {
    at: yesterday,
    stage: before?.stage ?? null,
    phase: before?.phase ?? null,
    compared: cause.deadline === undefined ? [] : comparedAt(period, yesterday, timeZone),
  };
  return {
    seq,
    cycle,
    stage,
    phase,
    since: enteredAt,
    until: leftAt,
    rule: cause.rule,
    policyVersion: cause.policyVersion,
    events: cause.events,
    deadline: cause.deadline ?? null,
    values: cause.values,
    compared,
    notBefore,
    sentences: [placeSentence(period), reasonSentence(period, compared), notBeforeSentence(period, notBefore)],
  };
}

/** What the rule compared, as it stood at an instant. */
function comparedAt(period: StagePeriod, at: Instant, timeZone: string): readonly Compared[] {
  const { values, deadline } = period.cause;
  if (deadline !== undefined) {
    const measured = dayOf(at, timeZone) - dayOf(deadline.since, timeZone);
    const needed = dayOf(deadline.dueAt, timeZone) - dayOf(deadline.since, timeZone);
    return [{ what: WHAT_COUNTS[deadline.kind] ?? `days towards ${deadline.kind}`, measured, needed, unit: 'days' }];
  }
  const compared: Compared[] = [];
  const { needed_minor: needed, former_order_minor: former, this_order_minor: order } = values;
  if (typeof needed === 'number' && typeof former === 'number' && typeof order === 'number')
    compared.push(
      { what: 'value of the order before', measured: former, needed, unit: 'minor units' },
      { what: 'value of this order', measured: order, needed, unit: 'minor units' },
    );
  const { stars, stars_min: starsMin, nps, nps_min: npsMin } = values;
  if (typeof stars === 'number' && typeof starsMin === 'number')
    compared.push({ what: 'stars', measured: stars, needed: starsMin, unit: 'points' });
  if (typeof nps === 'number' && typeof npsMin === 'number')
    compared.push({ what: 'NPS', measured: nps, needed: npsMin, unit: 'points' });
  const { purchases_in_cycle: purchases } = values;
  if (typeof purchases === 'number' && period.cause.rule === 'second-purchase')
    compared.push({ what: 'purchases in this cycle', measured: purchases, needed: 2, unit: 'purchases' });
  return compared;
}

const WHAT_COUNTS: Readonly<Record<string, string>> = {
  'at-risk': 'days of silence',
  lapsed: 'days of silence',
  lost: 'days of silence',
  cold: 'days without intent',
  'grace-ends': 'days since the payment failed',
  'expansion-ends': 'days since the last signal of expansion',
};
