import type { Comparison } from '../policy/policy.js';
import type { Money } from '../model.js';

/** A segment as its document says: who belongs to it. */
export interface SegmentDefinition {
  readonly id: string;
  readonly name: string;
  readonly description?: string;
  readonly when: Condition;
}

/** A condition on a customer: a tree of and, or and not over what is known of them. */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | FieldCondition
  | BehaviourCondition
  | SequenceCondition
  | ConsentCondition
  | { readonly segment: string };

export type FieldOp =
  | 'equals'
  | 'not-equals'
  | 'less'
  | 'at-most'
  | 'more'
  | 'at-least'
  | 'one-of'
  | 'contains'
  | 'present'
  | 'before'
  | 'after'
  | 'within-days'
  | 'older-than-days';

/** A fact of the customer compared with a constant. An unknown fact meets `not-equals` alone. */
export interface FieldCondition {
  readonly field: string;
  readonly op: FieldOp;
  readonly value?: string | number | boolean | Money | readonly (string | number)[];
}

/** Which touchpoints count. */
export interface Occurrence {
  /** The touchpoint type; `*` stands for any. */
  readonly did: string;
  readonly source?: string;
  readonly channel?: string;
  readonly brand?: string;
  readonly where?: readonly Comparison[];
}

/**
 * How often the customer did something. Within the last n days: an occurrence counts until the same wall time n calendar days
 * later. Or in a period of days, the last one excluded; or ever.
 */
export interface BehaviourCondition extends Occurrence {
  readonly atLeast?: number;
  readonly atMost?: number;
  readonly withinDays?: number;
  readonly from?: string;
  readonly until?: string;
}

/** What the customer did in an order: each step later than the one before, and within its days after it. */
export interface SequenceCondition {
  readonly sequence: readonly (Occurrence & { readonly withinDays?: number })[];
  /** The last step lies within the last so many days. */
  readonly withinDays?: number;
}

/** What the customer allows, by one medium or by any. */
export interface ConsentCondition {
  readonly consent: string;
  readonly medium?: string;
}

/** The parts of a condition that stand directly below it. */
export function partsOf(condition: Condition): readonly Condition[] {
  if ('all' in condition) return condition.all;
  if ('any' in condition) return condition.any;
  return 'not' in condition ? [condition.not] : [];
}

/** The condition and all conditions within it. */
export function* everyCondition(condition: Condition): Generator<Condition> {
  yield condition;
  for (const part of partsOf(condition)) yield* everyCondition(part);
}

/** The ids of the segments that a condition names. */
export function segmentsNamed(condition: Condition): readonly string[] {
  const ids = [...everyCondition(condition)].flatMap((part) => ('segment' in part ? [part.segment] : []));
  return [...new Set(ids)];
}
