import { formatInstant } from '#contracts';
import type { StagePeriod } from '../model.js';
import type { ExplainedAction } from './actions.js';
import type { Compared, NotBefore, Upcoming } from './explain.js';

/** `Since 1998-06-10T00:00:00Z they have been at-risk (retention, cycle 1).` */
export function placeSentence({ stage, phase, cycle, enteredAt, leftAt }: StagePeriod): string {
  const place = `${phase} (${stage}, cycle ${cycle})`;
  return leftAt === null
    ? `Since ${formatInstant(enteredAt)} they have been ${place}.`
    : `From ${formatInstant(enteredAt)} to ${formatInstant(leftAt)} they were ${place}.`;
}

/** Why a stay began. */
export function reasonSentence(period: StagePeriod, compared: readonly Compared[]): string {
  const { rule, events, policyVersion, values } = period.cause;
  const by =
    events.length === 0
      ? ''
      : ` (${events.length === 1 ? 'event' : 'events'} ${events.map(({ source, id }) => `${source} ${id}`).join(', ')})`;
  const measured = compared.map((one) => `${one.what}: ${one.measured}, needed: ${one.needed} ${one.unit}`).join('; ');
  const because = REASONS[rule]?.(values) ?? `the rule ${rule} was met`;
  return `Because ${because}${by}${measured === '' ? '' : `; ${measured}`}. Policy ${policyVersion}.`;
}

/** Why they were not there a day earlier. */
export function notBeforeSentence(period: StagePeriod, { at, phase, compared }: NotBefore): string {
  const { deadline } = period.cause;
  if (deadline !== undefined && deadline.dueAt < period.enteredAt)
    return `By these values it had been due on ${formatInstant(deadline.dueAt)}; that was not so until ${formatInstant(period.enteredAt)}, and what has been is not rewritten.`;
  const then = compared.map((one) => `${one.what}: only ${one.measured} of ${one.needed} ${one.unit}`).join('; ');
  if (then !== '') return `Not a day earlier: on ${formatInstant(at)}, ${then}.`;
  return phase === null
    ? 'Not earlier: nothing was known of them.'
    : `Not earlier: that had not happened; they were ${phase}.`;
}

/** What comes next. */
export function deadlineSentence({ kind, dueAt, inDays }: Upcoming): string {
  const what = NEXT[kind] ?? kind;
  return `If nothing happens, ${what} on ${formatInstant(dueAt)}, in ${inDays} ${inDays === 1 ? 'day' : 'days'}.`;
}

/** What a channel should do for them, and which word of theirs allows it. */
export function actionSentence({ treatment, purpose, medium, validUntil, consent }: ExplainedAction): string {
  const allowed = `the customer allowed ${purpose} by ${consent.medium ?? 'every medium'} on ${formatInstant(consent.since)}`;
  const { source, id } = consent.cause;
  return `Called for: ${treatment} by ${medium}, until ${formatInstant(validUntil)}; ${allowed} (event ${source} ${id}).`;
}

type Values = StagePeriod['cause']['values'];

const REASONS: Readonly<Record<string, (values: Values) => string>> = {
  'first-touchpoint': ({ touchpoint }) => `they became known by ${touchpoint}`,
  'further-signal': ({ touchpoint }) => `${touchpoint} is a further signal than any before in this cycle`,
  'intent-ends-cold': ({ touchpoint }) => `${touchpoint} is an intent: it brings back the furthest phase of this cycle`,
  'intent-after-lost': ({ touchpoint }) => `${touchpoint} is an intent after they were lost: a new cycle begins`,
  cold: () => 'they have shown no intent for so long',
  'first-purchase': () => 'it is them first purchase',
  'win-back': () => 'it is the first purchase of a later cycle: a win-back',
  'second-purchase': () => 'they bought a second time',
  reactivated: ({ signal }) =>
    typeof signal === 'string'
      ? `they came back out of silence, with a signal of ${signal}`
      : 'they bought again out of silence',
  'silence-at-risk': silenceReason,
  'silence-lapsed': silenceReason,
  'silence-lost': silenceReason,
  'policy-changed': () => 'another version of the policy took over, by which a deadline was overdue',
  'purchase-reversed': ({ order }) => `order ${order} was taken back, and no longer counts`,
  'cross-sell': ({ category }) => `they bought in ${category}, a category that they had not bought before`,
  'up-sell': ({ contract }) =>
    typeof contract === 'string'
      ? `the customer upgraded contract ${contract}`
      : 'their last two orders are far above their median',
  advocacy: () => 'the customer speaks for us',
  'expansion-ran-out': () => 'no signal of expansion came within the window',
  contraction: ({ contract }) => `the customer downgraded contract ${contract}`,
  renewed: ({ contract }) => `the customer renewed contract ${contract}`,
  'contract-cancelled': ({ contract }) => `the customer cancelled contract ${contract}`,
  'contract-ended': ({ contract }) => `contract ${contract} ended, and nothing else holds them`,
  'contract-reopened': ({ contract }) => `contract ${contract} was paid after its grace and is open again`,
  'payment-failed': ({ contract, grace_days: days }) =>
    `a payment for contract ${contract} failed: there are ${days} days of grace`,
  'payment-succeeded': ({ contract }) => `contract ${contract} was paid within its grace`,
  'grace-over': ({ contract }) => `contract ${contract} was not paid within its grace, and nothing else holds them`,
};

/** Every rule that can move a customer: the catalogue of causes. */
export const CAUSE_RULES: readonly string[] = Object.keys(REASONS);

function silenceReason({ rhythm_days: rhythm, replacement_days: replacement }: Values): string {
  if (typeof replacement === 'number')
    return `they have been silent for so long, though what the customer owns lasts ${replacement} days`;
  return typeof rhythm === 'number'
    ? `they have been silent for so long, and usually buys every ${rhythm} days`
    : 'they have been silent for so long';
}

const NEXT: Readonly<Record<string, string>> = {
  'at-risk': 'they will be at risk',
  lapsed: 'they will have lapsed',
  lost: 'they will be lost',
  cold: 'they will be cold',
  'expansion-ends': 'the expansion will run out',
  'grace-ends': 'the grace of their contract will end',
  'second-order-due': 'a second order will be due',
  'quote-ends': 'the quote will no longer be valid',
};
