import type { Instant } from '#contracts';
import { addDays, dayOf } from '../calendar/calendar.js';
import type { CustomerView, Flag } from '../fold/result.js';
import type { Deadline, EventRef, Phase, Stage, StagePeriod } from '../model.js';
import type { RetentionDue } from '../retention/retention.js';
import { explainActions, type ExplainedAction, type ExplainedConsent } from './actions.js';
import {
  actionSentence,
  deadlineSentence,
  notBeforeSentence,
  paymentsSentence,
  retentionSentence,
  placeSentence,
  reasonSentence,
} from './sentences.js';

/** A measured value and what it was compared with. */
export interface Compared {
  /** `days of silence`, `days without intent`, … */
  readonly what: string;
  readonly measured: number;
  readonly needed: number;
  readonly unit: 'days' | 'minor units' | 'purchases' | 'points';
}

/** Why the period did not begin a day earlier. */
export interface NotBefore {
  /** The instant one calendar day before the customer entered. */
  readonly at: Instant;
  /** The stage then; null where the customer was not yet known. */
  readonly stage: Stage | null;
  readonly phase: Phase | null;
  /** The same comparison then; empty where an event made the difference. */
  readonly compared: readonly Compared[];
}

/** What comes next if nothing happens. */
export interface Upcoming extends Deadline {
  readonly inDays: number;
}

/** Why a stage period began: why the customer is in this phase, and why not a day earlier. */
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
  /** The same in English, one statement each. */
  readonly sentences: readonly string[];
}

export interface Explanation extends StagePeriodExplanation {
  readonly asOf: Instant;
  /** Whole days in the phase at asOf, by the calendar of the zone. */
  readonly days: number;
  readonly flags: readonly Flag[];
  readonly silenceSuspended: boolean;
  /** Open deadlines, earliest first; empty where none is open. */
  readonly next: readonly Upcoming[];
  /** What the customer allowed and what they withdrew, since when and by which event. */
  readonly consents: readonly ExplainedConsent[];
  /** What a channel should do next, and why it may. */
  readonly actions: readonly ExplainedAction[];
  /** Until when the customer's data are kept, and by which rule; null where none applies. */
  readonly retention: RetentionDue | null;
}

/** Explains where a customer stands. `stagePeriods` are those of the same fold; the last one is where the customer stands. */
export function explain(input: {
  readonly view: CustomerView;
  readonly stagePeriods: readonly StagePeriod[];
  readonly timeZone: string;
}): Explanation {
  const { view, stagePeriods, timeZone } = input;
  const { asOf, enteredAt, flags, deadlines, silenceSuspended } = view;
  const last = stagePeriods.at(-1);
  if (last === undefined)
    throw new RangeError('A known customer has at least one stage period: give those of the fold.');
  const explained = explainStagePeriod(last, stagePeriods.at(-2) ?? null, timeZone);
  const next = deadlines.map((deadline) => ({
    ...deadline,
    inDays: dayOf(deadline.dueAt, timeZone) - dayOf(asOf, timeZone),
  }));
  const { consents, actions } = explainActions(view, asOf);
  return {
    ...explained,
    asOf,
    days: dayOf(asOf, timeZone) - dayOf(enteredAt, timeZone),
    flags,
    silenceSuspended,
    next,
    consents,
    actions,
    retention: view.retention,
    sentences: [
      ...explained.sentences,
      ...(silenceSuspended
        ? ['A contract suspends silence: no purchase is expected of the customer while it runs.']
        : []),
      ...(next.length === 0
        ? ['No deadline is open: only an event can move the customer.']
        : next.map(deadlineSentence)),
      ...(flags.includes('second-order-due')
        ? ['A second order is due: the flag second-order-due is raised; the phase stays.']
        : []),
      ...(view.payments === 0 ? [] : [paymentsSentence(view.payments)]),
      ...(view.retention === null ? [] : [retentionSentence(view.retention)]),
      ...actions.map(actionSentence),
    ],
  };
}

/** Explains one stage period, given the one before it (null for the first). */
export function explainStagePeriod(
  period: StagePeriod,
  before: StagePeriod | null,
  timeZone: string,
): StagePeriodExplanation {
  const { seq, cycle, stage, phase, enteredAt, leftAt, cause } = period;
  const compared = comparedAt(period, enteredAt, timeZone);
  const yesterday = addDays(enteredAt, -1, timeZone);
  // Only a deadline could be measured a day before; an event had not happened yet.
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

/** What the rule compared, as measured at an instant. */
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
