import { formatInstant } from '#contracts';
import type { StagePeriod } from '../model.js';
import type { ActionTold } from './called-for.js';
import type { Compared, NotBefore, Upcoming } from './explain.js';

/** `Since 1998-06-10T00:00:00Z she has been at-risk (retention, cycle 1).` */
export function sayWhere({ stage, phase, cycle, enteredAt, leftAt }: StagePeriod): string {
  const place = `${phase} (${stage}, cycle ${cycle})`;
  return leftAt === null
    ? `Since ${formatInstant(enteredAt)} she has been ${place}.`
    : `From ${formatInstant(enteredAt)} to ${formatInstant(leftAt)} she was ${place}.`;
}

/** Why a stay began. */
export function sayWhy(visit: StagePeriod, compared: readonly Compared[]): string {
  const { rule, events, policyVersion, values } = visit.cause;
  const by =
    events.length === 0
      ? ''
      : ` (${events.length === 1 ? 'event' : 'events'} ${events.map(({ source, id }) => `${source} ${id}`).join(', ')})`;
  const measured = compared.map((one) => `${one.what}: ${one.measured}, needed: ${one.needed} ${one.unit}`).join('; ');
  const because = REASONS[rule]?.(values) ?? `the rule ${rule} was met`;
  return `Because ${because}${by}${measured === '' ? '' : `; ${measured}`}. Policy ${policyVersion}.`;
}

/** Why she was not there a day earlier. */
export function sayNotBefore(visit: StagePeriod, { at, phase, compared }: NotBefore): string {
  const { deadline } = visit.cause;
  if (deadline !== undefined && deadline.dueAt < visit.enteredAt)
    return `By these values it had been due on ${formatInstant(deadline.dueAt)}; that was not so until ${formatInstant(visit.enteredAt)}, and what has been is not rewritten.`;
  const then = compared.map((one) => `${one.what}: only ${one.measured} of ${one.needed} ${one.unit}`).join('; ');
  if (then !== '') return `Not a day earlier: on ${formatInstant(at)}, ${then}.`;
  return phase === null
    ? 'Not earlier: nothing was known of her.'
    : `Not earlier: that had not happened; she was ${phase}.`;
}

/** What comes next. */
export function sayDeadline({ kind, dueAt, inDays }: Upcoming): string {
  const what = NEXT[kind] ?? kind;
  return `If nothing happens, ${what} on ${formatInstant(dueAt)}, in ${inDays} ${inDays === 1 ? 'day' : 'days'}.`;
}

/** What a channel should do for her, and which word of hers allows it. */
export function sayAction({ treatment, purpose, medium, validUntil, consent }: ActionTold): string {
  const allowed = `she allowed ${purpose} by ${consent.medium ?? 'every medium'} on ${formatInstant(consent.since)}`;
  const { source, id } = consent.cause;
  return `Called for: ${treatment} by ${medium}, until ${formatInstant(validUntil)}; ${allowed} (event ${source} ${id}).`;
}

type Values = StagePeriod['cause']['values'];

const REASONS: Readonly<Record<string, (values: Values) => string>> = {
  'first-touchpoint': ({ touchpoint }) => `she became known by ${touchpoint}`,
  'further-signal': ({ touchpoint }) => `${touchpoint} is a further signal than any before in this cycle`,
  'intent-ends-cold': ({ touchpoint }) => `${touchpoint} is an intent: it brings back the furthest phase of this cycle`,
  'intent-after-lost': ({ touchpoint }) => `${touchpoint} is an intent after she was lost: a new cycle begins`,
  cold: () => 'she has shown no intent for so long',
  'first-purchase': () => 'it is her first purchase',
  'win-back': () => 'it is the first purchase of a later cycle: a win-back',
  'second-purchase': () => 'she bought a second time',
  reactivated: ({ signal }) =>
    typeof signal === 'string'
      ? `she came back out of silence, with a signal of ${signal}`
      : 'she bought again out of silence',
  'silence-at-risk': said,
  'silence-lapsed': said,
  'silence-lost': said,
  'policy-changed': () => 'another version of the policy took over, by which a deadline was overdue',
  'purchase-reversed': ({ order }) => `order ${order} was taken back, and no longer counts`,
  'cross-sell': ({ category }) => `she bought in ${category}, a category that she had not bought before`,
  'up-sell': ({ contract }) =>
    typeof contract === 'string' ? `she upgraded contract ${contract}` : 'her last two orders are far above her median',
  advocacy: () => 'she speaks for us',
  'expansion-ran-out': () => 'no signal of expansion came within the window',
  contraction: ({ contract }) => `she downgraded contract ${contract}`,
  renewed: ({ contract }) => `she renewed contract ${contract}`,
  'contract-cancelled': ({ contract }) => `she cancelled contract ${contract}`,
  'contract-ended': ({ contract }) => `contract ${contract} ended, and nothing else holds her`,
  'contract-reopened': ({ contract }) => `contract ${contract} was paid after its grace and is open again`,
  'payment-failed': ({ contract, grace_days: days }) =>
    `a payment for contract ${contract} failed: there are ${days} days of grace`,
  'payment-succeeded': ({ contract }) => `contract ${contract} was paid within its grace`,
  'grace-over': ({ contract }) => `contract ${contract} was not paid within its grace, and nothing else holds her`,
};

/** Every rule that can move a customer: the catalogue of causes. */
export const CAUSE_RULES: readonly string[] = Object.keys(REASONS);

function said({ rhythm_days: rhythm, replacement_days: replacement }: Values): string {
  if (typeof replacement === 'number')
    return `she has been silent for so long, though what she owns lasts ${replacement} days`;
  return typeof rhythm === 'number'
    ? `she has been silent for so long, and usually buys every ${rhythm} days`
    : 'she has been silent for so long';
}

const NEXT: Readonly<Record<string, string>> = {
  'at-risk': 'she will be at risk',
  lapsed: 'she will have lapsed',
  lost: 'she will be lost',
  cold: 'she will be cold',
  'expansion-ends': 'the expansion will run out',
  'grace-ends': 'the grace of her contract will end',
  'second-order-due': 'a second order will be due',
  'quote-ends': 'the quote will no longer be valid',
};
