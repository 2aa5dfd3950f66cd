import { AnyText, Day, Matching, OneOf, Optional, Part, Text, Whole } from '../fields.js';
import { Anything, Describe, Hint, ListOf, NonEmpty } from './kinds.js';

/**
 * A segment as a document: what each field of each kind of condition may be. How conditions nest, and what they say about
 * fields, touchpoint types and one another, stands with the rules of the lifecycle, which give them their meaning.
 */

/** A century: a longer time is a typing error. */
const DAYS_MAX = 36_525;
const TIMES_MAX = 10_000;

const Days = (): PropertyDecorator => Whole(1, DAYS_MAX);
/** As an address and a file name take it. */
const SegmentId = (): PropertyDecorator =>
  Matching('^[a-z0-9][a-z0-9-]{0,63}$', 64, 'lower-case letters, digits and hyphens, such as lapsed-big-spenders');

/** A segment: who belongs to it. */
export class SegmentForm {
  @SegmentId() @Describe('The id: lower-case letters, digits and hyphens. It never changes') id!: string;
  @Text(200) @Describe('The name that people read') name!: string;
  @Optional() @AnyText() @Describe('What the segment is for') description?: string;
  @Anything()
  @Hint('give a condition: all, any, not, field, did, sequence, consent or segment')
  @Describe('The condition that its members meet')
  when!: unknown;
}

/** A field of the touchpoint compared with a constant: the same words as in a policy. */
export class SegmentComparisonForm {
  @NonEmpty()
  @Hint('name a field of the touchpoint’s data; dots step into objects')
  @Describe('A field of the touchpoint’s data; dots step into objects')
  field!: string;
  @OneOf('equals', 'not-equals', 'less', 'at-most', 'more', 'at-least', 'one-of', 'present')
  @Describe('How it is compared; only numbers are compared by size')
  op!: string;
  @Optional() @Anything() @Describe('What it is compared with: a list for one-of, absent for present') value?: unknown;
}

/** A figure, the stage or another fact of the customer, compared with a constant. */
export class FieldConditionForm {
  @NonEmpty() @Describe('A field of the customer; docs/segments.md lists all of them') field!: string;
  @OneOf(
    'equals',
    'not-equals',
    'less',
    'at-most',
    'more',
    'at-least',
    'one-of',
    'contains',
    'present',
    'before',
    'after',
    'within-days',
    'older-than-days',
  )
  @Describe('How it is compared; which ops a field has depends on its kind')
  op!: string;
  @Optional() @Anything() @Describe('What it is compared with; absent for present') value?: unknown;
}

/** What the customer did: which touchpoints count. */
export class OccurrenceForm {
  @NonEmpty() @Describe('The touchpoint type; * stands for any') did!: string;
  @Optional() @Text() @Describe('Only touchpoints of this source') source?: string;
  @Optional() @Text() @Describe('Only touchpoints in this channel') channel?: string;
  @Optional() @Text() @Describe('Only touchpoints with this brand') brand?: string;
  @Optional()
  @ListOf(Part(() => SegmentComparisonForm), 1, 10)
  @Describe('Comparisons of fields of the touchpoint that must all hold')
  where?: SegmentComparisonForm[];
}

/** How often the customer did something, within a time. */
export class BehaviourConditionForm extends OccurrenceForm {
  @Optional() @Whole(1, TIMES_MAX) @Describe('At least so many times; 1 where atMost is absent too') atLeast?: number;
  @Optional() @Whole(0, TIMES_MAX) @Describe('At most so many times') atMost?: number;
  @Optional() @Days() @Describe('Within the last so many days') withinDays?: number;
  @Optional() @Day() @Describe('From the beginning of this day on, in the zone of the business') from?: string;
  @Optional() @Day() @Describe('Before the beginning of this day, in the zone of the business') until?: string;
}

/** One step of a sequence. */
export class SequenceStepForm extends OccurrenceForm {
  @Optional() @Days() @Describe('Within so many days after the step before') withinDays?: number;
}

/** What the customer did in an order. */
export class SequenceConditionForm {
  @ListOf(Part(() => SequenceStepForm), 2, 5)
  @Describe('The steps, each later than the one before')
  sequence!: SequenceStepForm[];
  @Optional() @Days() @Describe('The last step lies within the last so many days') withinDays?: number;
}

/** What the customer allows. */
export class ConsentConditionForm {
  @Text(100) @Describe('The purpose that the customer allows') consent!: string;
  @Optional() @Text(100) @Describe('By this medium; any medium where absent') medium?: string;
}

/** Membership of another segment. */
export class SegmentConditionForm {
  @SegmentId() @Describe('The id of the other segment') segment!: string;
}
