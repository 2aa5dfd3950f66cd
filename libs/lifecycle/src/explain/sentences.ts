import { formatInstant } from '#contracts/basics';
import type { StagePeriod } from '../model.js';
import type { RetentionDue } from '../retention/retention.js';
import type { ExplainedAction } from './actions.js';
import type { Compared, NotBefore, Upcoming } from './explain.js';

/** `The customer has been at-risk (retention, cycle 1) since 1998-06-10T00:00:00Z.` */
export function placeSentence({ stage, phase, cycle, enteredAt, leftAt }: StagePeriod): string {
  const place = `${inPhase(phase)} (${stage}, cycle ${cycle})`;
  return leftAt === null
    ? `The customer has been ${place} since ${formatInstant(enteredAt)}.`
    : `The customer was ${place} from ${formatInstant(enteredAt)} to ${formatInstant(leftAt)}.`;
}

/** A phase as the end of a sentence: a customer is active, and in evaluation. */
const inPhase = (phase: string): string => (STATES.has(phase) ? phase : `in ${phase}`);
const STATES: ReadonlySet<string> = new Set(['cold', 'active', 'at-risk', 'lapsed', 'lost']);

/** Why the stage period began. */
export function reasonSentence(period: StagePeriod, compared: readonly Compared[]): string {
  const { rule, events, policyVersion, values } = period.cause;
  const by =
    events.length === 0
      ? ''
      : ` (${events.length === 1 ? 'event' : 'events'} ${events.map(({ source, id }) => `${source} ${id}`).join(', ')})`;
  const measured = compared.map((one) => `${one.what}: ${one.measured}, needed: ${one.needed} ${one.unit}`).join('; ');
  const because = REASONS[rule]?.(values) ?? `the rule ${rule} was met`;
  return `Reason: ${because}${by}${measured === '' ? '' : `; ${measured}`}. Policy ${policyVersion}.`;
}

/** Why the period did not begin a day earlier. */
export function notBeforeSentence(period: StagePeriod, { at, phase, compared }: NotBefore): string {
  const { deadline } = period.cause;
  if (deadline !== undefined && deadline.dueAt < period.enteredAt)
    return `By these values the deadline fell on ${formatInstant(deadline.dueAt)}; they apply only from ${formatInstant(period.enteredAt)} on, and earlier stage periods are not rewritten.`;
  const then = compared.map((one) => `${one.what}: only ${one.measured} of ${one.needed} ${one.unit}`).join('; ');
  if (then !== '') return `Not a day earlier: on ${formatInstant(at)}, ${then}.`;
  return phase === null
    ? 'Not earlier: the customer was not known.'
    : `Not earlier: this had not happened yet; the customer was ${inPhase(phase)}.`;
}

/** What comes next. */
export function deadlineSentence({ kind, dueAt, inDays }: Upcoming): string {
  const what = NEXT[kind] ?? kind;
  return `If nothing happens, ${what} on ${formatInstant(dueAt)}, in ${inDays} ${inDays === 1 ? 'day' : 'days'}.`;
}

/** What a channel should do for the customer, and which consent allows it. */
export function actionSentence({ treatment, purpose, medium, validUntil, consent }: ExplainedAction): string {
  const action = `Next action: ${treatment} by ${medium}, until ${formatInstant(validUntil)}`;
  if (consent === null) return `${action}; it needs no consent.`;
  const allowed = `the customer allowed ${purpose} by ${consent.medium ?? 'every medium'} on ${formatInstant(consent.since)}`;
  const { source, id } = consent.cause;
  return `${action}; ${allowed} (event ${source} ${id}).`;
}

const STARTS: Readonly<Record<RetentionDue['since'], string>> = {
  'last-contact': 'the last contact',
  'last-purchase': 'the last purchase',
  'end-of-relationship': 'the end of the relationship',
};

/** Until when the data of a customer are kept, and why. */
export function retentionSentence(retention: RetentionDue): string {
  const { since, startedAt, after, grace, dueAt, graceEndsAt, ruleSince, policyVersion } = retention;
  const counted = `${policyVersion} keeps the data for ${after} from ${STARTS[since]} (${formatInstant(startedAt)})`;
  const begins = `grace of ${grace} begins on ${formatInstant(dueAt)}${dueAt === ruleSince ? ', since when the rule is in force' : ''}`;
  return `${counted}: ${begins}; unless the customer comes back, they are erased on ${formatInstant(graceEndsAt)}.`;
}

/** What the revenue of a customer holds beside their orders. */
export function paymentsSentence(payments: number): string {
  return `The revenue includes ${payments} ${payments === 1 ? 'payment' : 'payments'} for contracts.`;
}

type Values = StagePeriod['cause']['values'];

const REASONS: Readonly<Record<string, (values: Values) => string>> = {
  'first-touchpoint': ({ touchpoint }) => `the customer became known by ${touchpoint}`,
  'further-signal': ({ touchpoint }) =>
    `${touchpoint} signals a further phase than any touchpoint before in this cycle`,
  'intent-ends-cold': ({ touchpoint }) =>
    `${touchpoint} shows intent: the customer returns to the furthest phase of this cycle`,
  'intent-after-lost': ({ touchpoint }) => `${touchpoint} shows intent after the customer was lost: a new cycle begins`,
  cold: () => 'the customer has shown no intent for the days of the policy',
  'first-purchase': () => 'it is the first purchase',
  'win-back': () => 'it is the first purchase of a later cycle: a win-back',
  'second-purchase': () => 'it is the second purchase of this cycle',
  reactivated: ({ signal }) =>
    typeof signal === 'string'
      ? `the customer returned after silence, with a signal of ${signal}`
      : 'the customer bought again after silence',
  'silence-at-risk': silenceReason,
  'silence-lapsed': silenceReason,
  'silence-lost': silenceReason,
  'policy-changed': () => 'another version of the policy took effect, and by it a deadline was overdue',
  'purchase-reversed': ({ order }) => `order ${order} was cancelled or returned, and no longer counts`,
  'order-amended': ({ order }) =>
    `order ${order} was amended, and the signal of expansion that it gave no longer stands`,
  'cross-sell': ({ category }) => `the customer bought in ${category}, a category that is new to them`,
  'up-sell': ({ contract }) =>
    typeof contract === 'string'
      ? `the customer upgraded contract ${contract}`
      : 'the last two orders are far above the median of those before',
  advocacy: () => 'the customer recommends the business',
  'expansion-ran-out': () => 'no signal of expansion came within its window',
  contraction: ({ contract }) => `the customer downgraded contract ${contract}`,
  renewed: ({ contract }) => `the customer renewed contract ${contract}`,
  'contract-cancelled': ({ contract }) => `the customer cancelled contract ${contract}`,
  'contract-ended': ({ contract }) =>
    `contract ${contract} ended, and no other contract or recent purchase keeps the customer`,
  'contract-reopened': ({ contract }) => `contract ${contract} was paid after its grace period and is open again`,
  'payment-failed': ({ contract, grace_days: days }) =>
    `a payment for contract ${contract} failed; the grace period is ${days} days`,
  'payment-succeeded': ({ contract }) => `contract ${contract} was paid within its grace period`,
  'grace-over': ({ contract }) =>
    `contract ${contract} was not paid within its grace period, and no other contract or recent purchase keeps the customer`,
};

/** Every rule that can move a customer: the catalogue of causes. */
export const CAUSE_RULES: readonly string[] = Object.keys(REASONS);

function silenceReason(values: Values): string {
  const { rhythm_days: rhythm, replacement_days: replacement, at_risk_days: days } = values;
  const none = 'no purchase came for the days of the policy';
  if (typeof replacement === 'number' && (typeof days !== 'number' || replacement >= days))
    return `${none}; what the customer owns lasts ${replacement} days`;
  if (typeof rhythm === 'number')
    return `${none}; the customer usually buys every ${rhythm} days${limitText(rhythm, values)}`;
  return typeof days === 'number'
    ? `${none}; without a rhythm of their own the policy gives the customer ${days} days`
    : none;
}

/** Where the days do not follow from the rhythm alone: what the policy gives at least, or at most. */
function limitText(rhythm: number, values: Values): string {
  const { at_risk_times_rhythm: times, at_risk_days_min: least, at_risk_days_max: most } = values;
  if (typeof times !== 'number') return '';
  const own = Math.ceil(times * rhythm);
  const product = times === 2 ? `twice that is ${own}` : `${times} times that is ${own}`;
  if (typeof most === 'number' && own > most) return `; ${product}, and the policy gives ${most} at most`;
  if (typeof least === 'number' && own < least) return `; ${product}, and the policy gives ${least} at least`;
  return '';
}

const NEXT: Readonly<Record<string, string>> = {
  'at-risk': 'the customer will be at-risk',
  lapsed: 'the customer will be lapsed',
  lost: 'the customer will be lost',
  cold: 'the customer will be cold',
  'expansion-ends': 'the expansion will end',
  'grace-ends': 'the grace period of the contract will end',
  'second-order-due': 'a second order will be due',
  'quote-ends': 'the quote will expire',
  'retention-due': 'the time for which the policy keeps the customer’s data will be over, and grace will begin',
  'retention-ends': 'grace will be over, and the customer will be erased',
};
