import { FreeText, Matching, OneOf, Optional, Part, Text, Whole, Decimal, Moment } from '../fields.js';
import { Default, Describe, Hint, ListOf, MapOf, Must, OneOfClasses } from './kinds.js';
import { PERIOD_PATTERN } from './policy.js';

/** The definition of a profile attribute as a document: what each field may be. What one field says about another stands with the rules of the lifecycle. */

/** The types that the value of an attribute may have. */
export const ATTRIBUTE_TYPES = ['text', 'number', 'date', 'flag'] as const;
export type AttributeType = (typeof ATTRIBUTE_TYPES)[number];

/** What a computed attribute makes of the touchpoints of a type. */
export const ATTRIBUTE_FUNCTIONS = ['first', 'last', 'count', 'sum', 'most-frequent', 'score'] as const;
export type AttributeFunction = (typeof ATTRIBUTE_FUNCTIONS)[number];

/** So many edges make so many bands and one more. */
const EDGES_MAX = 50;

const TimeZone = (): PropertyDecorator => Text(64);

/** The years of a person's age, from a date of birth. */
class AgeBandForm {
  @OneOf('age') by!: 'age';
  @ListOf(Whole(1, 150), 1, EDGES_MAX)
  @Hint('give ages in rising order, such as [18, 30, 50]')
  @Describe('The ages at which a band begins, rising: 18 and 30 make under-18, 18-to-29 and 30-plus')
  edges!: number[];
  @Default('UTC')
  @TimeZone()
  @Describe('The zone in which a birthday begins')
  timeZone!: string;
}

/** A part of a country, from a postcode. */
class PrefixBandForm {
  @OneOf('prefix') by!: 'prefix';
  @MapOf(Text(100))
  @Hint('give a table of prefixes, such as {"10": "Berlin", "80": "Munich"}')
  @Describe('The band by the beginning of the value; the longest prefix counts. Spaces and small letters do not matter')
  prefixes!: Record<string, string>;
  @Optional() @Text(100) @Describe('The band of all other values; without it they have none') other?: string;
}

/** A span of numbers. */
class RangeBandForm {
  @OneOf('range') by!: 'range';
  @ListOf(Decimal(-1e12, 1e12), 1, EDGES_MAX)
  @Hint('give numbers in rising order, such as [100, 500]')
  @Describe(
    'The numbers at which a range begins, rising: 100 and 500 make under-100, 100-to-500 (500 not included) and 500-plus',
  )
  edges!: number[];
}

/** An attribute that sources state, by touchpoints of the type `profile-updated`. */
class ProfilePartForm {
  @OneOf(...ATTRIBUTE_TYPES)
  @Describe('What its value is; a value of another type does not count')
  type!: AttributeType;
  @Default('closed')
  @OneOf('closed', 'filterable')
  @Hint('give filterable where customers are to be selected by it')
  @Describe('closed: it opens for a purpose alone. filterable: customers can be selected by it as well')
  use!: 'closed' | 'filterable';
  @Optional()
  @OneOfClasses('by', () => AgeBandForm, () => PrefixBandForm, () => RangeBandForm)
  @Describe('What customers are selected by instead of the value itself')
  band?: AgeBandForm | PrefixBandForm | RangeBandForm;
  @Optional()
  @ListOf(Text(512), 0, 100)
  @Describe('Whose value holds where several sources state one: the first in this list, then all others')
  sources?: string[];
}

/** An attribute that follows from touchpoints. */
class ComputedPartForm {
  @OneOf(...ATTRIBUTE_FUNCTIONS)
  @Describe(
    'The first or last value of the field, how many touchpoints, the sum, the most frequent value (of equals the one used last), or a score',
  )
  function!: AttributeFunction;
  @Text(128) @Describe('The type of the touchpoints') of!: string;
  @Optional()
  @Matching('^[^.\\s][^\\s]*$', 200, 'a field of the data; dots step into objects and lists')
  @Must('the name of a field of the data; dots step into objects and lists')
  @Hint('give a field that is not personal, such as totalMinor or lines.category')
  @Describe('A field of their data that is not personal; dots step into objects and lists, such as lines.category')
  field?: string;
  @Optional()
  @Matching(PERIOD_PATTERN, 20, 'a period such as P30D or P1Y')
  @Must('a period of ISO 8601 in days, weeks, months or years')
  @Hint('give days, weeks, months or years, such as P30D')
  @Describe('How long a touchpoint counts: the window moves with time. Without it, for ever')
  window?: string;
  @Optional() @Moment() @Describe('Only touchpoints at this instant or later') from?: string;
  @Optional() @Moment() @Describe('Only touchpoints before this instant') until?: string;
  @Default('UTC') @TimeZone() @Describe('The zone by whose calendar the window is reckoned') timeZone!: string;
  @Optional() @Decimal(-1e9, 1e9) @Describe('The points of a score') value?: number;
  @Optional()
  @Whole(1, 1_000_000)
  @Describe('A score is given where there are at least so many touchpoints. 1 by default')
  minimumCount?: number;
  @Optional()
  @Whole(1, 1_000_000)
  @Describe('A score is given where there are at most so many touchpoints')
  maximumCount?: number;
  @Optional()
  @OneOf('once', 'each')
  @Describe('Whether a score gives its points once, or for each touchpoint. once by default')
  per?: 'once' | 'each';
}

/** The definition of an attribute, as the business sends it. */
export class AttributeForm {
  @Matching('^[A-Za-z][A-Za-z0-9_.-]*$', 100, 'a letter, then letters, digits, dots, hyphens and underscores')
  @Must('a letter, then letters, digits, dots, hyphens and underscores, of at most 100 characters')
  @Hint('give the name by which sources state it, such as plan')
  name!: string;
  @Whole(1, 10_000)
  @Hint('give 1 for a new attribute, and one more for each change of its definition')
  version!: number;
  @Optional() @FreeText(2000) @Describe('What it is, for people') description?: string;
  @Optional()
  @Part(() => ProfilePartForm)
  @Describe('Set of an attribute that sources state')
  profile?: ProfilePartForm;
  @Optional()
  @Part(() => ComputedPartForm)
  @Describe('Set of an attribute that follows from touchpoints')
  computed?: ComputedPartForm;
}
