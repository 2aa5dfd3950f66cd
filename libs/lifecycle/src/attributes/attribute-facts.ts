import { isObject, type Instant } from '#contracts';
import { addPeriod, periodOf } from '../calendar/period.js';
import { bandsOf, dayText, type BandSpan } from './bands.js';
import type { AttributeDefinition, ComputedPart, ProfilePart } from './definition.js';

/** The type of the touchpoints by which sources state attributes. */
export const PROFILE_TYPE = 'profile-updated';

export type AttributeValue = string | number | boolean;

/**
 * What one touchpoint says about one attribute. All that is known of an attribute of a customer is a set of these, in any order: its value at an instant is a function
 * of the set.
 */
export interface AttributeFact {
  readonly at: Instant;
  readonly recordedAt: Instant;
  readonly source: string;
  readonly id: string;
  /** From 0, where a touchpoint gives several: one for each band, or for each value of a list. */
  readonly seq: number;
  /** What the touchpoint states of itself; 0 where it states nothing. The higher number goes first. */
  readonly precedence: number;
  /** False where the source says that it no longer holds any value. */
  readonly stated: boolean;
  /** Null where no value is stated, where it belongs to no band, and where touchpoints are counted. */
  readonly value: AttributeValue | null;
  /** It counts from then on … */
  readonly from: Instant;
  /** … until then, excluded. */
  readonly until: Instant;
}

/** A touchpoint as facts are taken from it: its data as they stand in the log, and the attributes that it states, opened. */
export interface AttributeEvent {
  readonly type: string;
  readonly occurredAt: Instant;
  readonly recordedAt: Instant;
  readonly source: string;
  readonly id: string;
  readonly test: boolean;
  readonly data: Readonly<Record<string, unknown>>;
  /** Of a touchpoint that states attributes: those, opened; null where they stay closed. */
  readonly attributes: Readonly<Record<string, unknown>> | null;
}

/** What is taken: the band where the definition has one, or always the value itself. */
export type Shown = 'as-defined' | 'value';

/** The type of the touchpoints that an attribute follows from. */
export const typeOfAttribute = ({ computed }: AttributeDefinition): string => computed?.of ?? PROFILE_TYPE;

/** What a touchpoint says about an attribute: nothing, where it is of another type, a test, or states no value that fits. */
export function attributeFacts(
  definition: AttributeDefinition,
  event: AttributeEvent,
  shown: Shown = 'as-defined',
): readonly AttributeFact[] {
  if (event.test || event.type !== typeOfAttribute(definition)) return [];
  return definition.computed === undefined
    ? statedFacts(definition.name, definition.profile, event, shown)
    : countedFacts(definition.computed, event);
}

function statedFacts(
  name: string,
  profile: ProfilePart,
  event: AttributeEvent,
  shown: Shown,
): readonly AttributeFact[] {
  const { attributes } = event;
  if (attributes === null || !Object.hasOwn(attributes, name)) return [];
  const { precedence = 0 } = event.data as { readonly precedence?: number };
  const base = { ...placeOf(event), precedence };
  const given = attributes[name];
  if (given === null) return [{ ...base, seq: 0, stated: false, value: null, from: -Infinity, until: Infinity }];
  const value = fitting(given, profile);
  if (value === null) return [];
  const spans: readonly BandSpan[] | null =
    profile.band === undefined || shown === 'value' ? null : bandsOf(value, profile.band);
  if (spans === null) return [{ ...base, seq: 0, stated: true, value, from: -Infinity, until: Infinity }];
  return spans.map((span, seq) => ({ ...base, ...span, seq, stated: true }));
}

/** The value, where it is of the attribute's type; null otherwise. A date-time counts as its day. */
export function fitting(value: unknown, { type }: Pick<ProfilePart, 'type'>): AttributeValue | null {
  switch (type) {
    case 'any':
      return isScalar(value) ? value : JSON.stringify(value);
    case 'text':
      return typeof value === 'string' ? value : null;
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? value : null;
    case 'flag':
      return typeof value === 'boolean' ? value : null;
    case 'date':
      return typeof value === 'string' ? dayText(value) : null;
  }
}

function countedFacts(part: ComputedPart, event: AttributeEvent): readonly AttributeFact[] {
  const { occurredAt: at } = event;
  const { from, until, window, field, timeZone } = part;
  if (from !== undefined && at < Date.parse(from)) return [];
  if (until !== undefined && at >= Date.parse(until)) return [];
  const ends = window === undefined ? Infinity : addPeriod(at, periodOf(window), timeZone);
  const base = { ...placeOf(event), precedence: 0, stated: true, from: at, until: ends };
  if (field === undefined) return [{ ...base, seq: 0, value: null }];
  const values = valuesAt(event.data, field.split('.'));
  // What is counted are touchpoints, however many values one of them has.
  const counts = part.function === 'count' || part.function === 'score';
  if (counts) return values.length === 0 ? [] : [{ ...base, seq: 0, value: null }];
  const fit = part.function === 'sum' ? values.filter((value) => typeof value === 'number') : values;
  return fit.map((value, seq) => ({ ...base, seq, value }));
}

/** The values that a field holds: of each item, where it steps into a list. */
function valuesAt(part: unknown, [name, ...rest]: readonly string[]): AttributeValue[] {
  if (Array.isArray(part)) return part.flatMap((item) => valuesAt(item, name === undefined ? [] : [name, ...rest]));
  if (name === undefined) return isScalar(part) ? [part] : [];
  return isObject(part) && Object.hasOwn(part, name) ? valuesAt(part[name], rest) : [];
}

const placeOf = ({ occurredAt, recordedAt, source, id }: AttributeEvent) => ({
  at: occurredAt,
  recordedAt,
  source,
  id,
});

const isScalar = (value: unknown): value is AttributeValue =>
  typeof value === 'string' || typeof value === 'boolean' || (typeof value === 'number' && Number.isFinite(value));
