import { formatInstant } from '#contracts';
import type { Money } from '../model.js';
import type { BehaviourCondition, Condition, FieldCondition, Occurrence } from './definition.js';
import type { FieldValue } from './fields.js';
import type { JudgedCondition } from './membership.js';

/** A condition in words: "revenue at least 500.00 EUR", "order-placed at least 2 times within 365 days". */
export function conditionText(condition: Condition): string {
  if ('all' in condition) return 'all of';
  if ('any' in condition) return 'any of';
  if ('not' in condition) return 'not';
  if ('segment' in condition) return `member of ${condition.segment}`;
  if ('consent' in condition)
    return `allows ${condition.consent}${condition.medium === undefined ? '' : ` by ${condition.medium}`}`;
  if ('sequence' in condition) {
    const steps = condition.sequence.map(
      (step, index) => `${index === 0 ? '' : 'then '}${occurrenceText(step)}${withinText(step.withinDays)}`,
    );
    return `${steps.join(', ')}${condition.withinDays === undefined ? '' : `, the last step${withinText(condition.withinDays)}`}`;
  }
  if ('did' in condition) return behaviourText(condition);
  return fieldText(condition);
}

const OPS: Readonly<Record<FieldCondition['op'], string>> = {
  equals: 'is',
  'not-equals': 'is not',
  less: 'less than',
  'at-most': 'at most',
  more: 'more than',
  'at-least': 'at least',
  'one-of': 'is one of',
  contains: 'contains',
  present: 'is known',
  before: 'before',
  after: 'at or after',
  'within-days': 'within the last',
  'older-than-days': 'longer ago than',
};

function fieldText({ field, op, value }: FieldCondition): string {
  const days = op === 'within-days' || op === 'older-than-days' ? ' days' : '';
  return `${field} ${OPS[op]}${value === undefined ? '' : ` ${plainText(value)}`}${days}`;
}

function behaviourText(condition: BehaviourCondition): string {
  const { atLeast, atMost, withinDays, from, until } = condition;
  const least = atLeast ?? (atMost === undefined ? 1 : undefined);
  const times = [
    ...(least === undefined ? [] : [`at least ${timesText(least)}`]),
    ...(atMost === undefined ? [] : [`at most ${timesText(atMost)}`]),
  ].join(' and ');
  const period = `${from === undefined ? '' : ` from ${from}`}${until === undefined ? '' : ` until ${until}`}`;
  return `${occurrenceText(condition)} ${times}${withinText(withinDays)}${period}`;
}

function occurrenceText({ did, source, channel, brand, where = [] }: Occurrence): string {
  const parts = [
    ...Object.entries({ source, channel, brand }).flatMap(([name, value]) =>
      value === undefined ? [] : [`${name} ${value}`],
    ),
    ...where.map(({ field, op, value }) => `${field} ${OPS[op]}${value === undefined ? '' : ` ${plainText(value)}`}`),
  ];
  return `${did === '*' ? 'any touchpoint' : did}${parts.length === 0 ? '' : ` (${parts.join(', ')})`}`;
}

const timesText = (times: number): string => (times === 1 ? 'once' : `${times} times`);
const withinText = (days: number | undefined): string =>
  days === undefined ? '' : ` within ${days === 1 ? 'a day' : `${days} days`}`;

function plainText(value: unknown): string {
  if (Array.isArray(value)) return value.map(plainText).join(', ');
  if (typeof value === 'object' && value !== null) return moneyText(value as Money);
  return String(value);
}

const moneyText = ({ amountMinor, currency }: Money): string => `${amountMinor} ${currency} (minor units)`;

/** What a judged condition says to people and programs: the tree with its texts and values, instants as RFC 3339. */
export interface WhyText {
  readonly condition: string;
  readonly holds: boolean;
  /** What was compared: null where it is unknown; absent for a condition that is made of others. */
  readonly actual?: FieldValue;
  /** The next instant at which time alone can change it; null for never. */
  readonly changesAt: string | null;
  readonly conditions: readonly WhyText[];
}

/** The verdict on each condition, in words. */
export function whyText(judged: JudgedCondition): WhyText {
  const { condition, holds, actual, instant = false, nextAt, parts } = judged;
  return {
    condition: conditionText(condition),
    holds,
    ...(actual === undefined ? {} : { actual: instant ? instantText(actual) : actual }),
    changesAt: nextAt === null ? null : formatInstant(nextAt),
    conditions: parts.map(whyText),
  };
}

function instantText(value: FieldValue): FieldValue {
  return typeof value === 'number' ? formatInstant(value) : value;
}
