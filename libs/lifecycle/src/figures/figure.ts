import type { Instant } from '#contracts';
import type { CustomerView } from '../fold/result.js';
import type { Booking, EventRef, LifecycleEvent } from '../model.js';
import type { Policy } from '../policy/policy.js';
import type { RateTable } from './rates.js';

/** What the figures of a customer follow from. */
export interface FigureInput {
  /** The customer at `asOf`. */
  readonly view: CustomerView;
  /** All bookings of the fold up to `asOf`. */
  readonly bookings: readonly Booking[];
  /** The customer's events in the order of the fold. Those after `asOf` do not count. */
  readonly events: readonly LifecycleEvent[];
  /** In force at `asOf`. */
  readonly policy: Policy;
  readonly rates: RateTable;
  readonly asOf: Instant;
}

/** `money`: minor units of `currency`. `share`: from 0 to 1. `day`: a calendar day in the zone of the business. */
export type FigureUnit = 'money' | 'count' | 'days' | 'minutes' | 'share' | 'word' | 'day';

/** What a figure is at an instant. */
export interface FigureValue {
  /** One, or one for each currency while the policy names none; empty where the figure is not known. */
  readonly amounts: readonly FigureAmount[];
  /** Why it is not known, and what would make it known; null where it is known. */
  readonly unknown: string | null;
  /** What a reader must know of the value, such as that the cost of some orders is not known. */
  readonly notes: readonly string[];
  /** The formula with its numbers, a line for each step; the last ones give the result. */
  readonly steps: readonly string[];
  /** The events that it follows from, in their order. */
  readonly events: readonly EventRef[];
}

export interface FigureAmount {
  /** A number in the unit; null for words and days. */
  readonly number: number | null;
  /** A word, or a day such as 2026-03-02; null for numbers. */
  readonly text: string | null;
  /** Of money. */
  readonly currency: string | null;
}

/** A figure of one customer: what it is, and how it is computed. Pure: the same input gives the same value, whatever order the events came in. */
export interface Figure {
  /** Kebab-case: as queries, the command line and segments name it. */
  readonly name: string;
  readonly unit: FigureUnit;
  readonly meaning: string;
  /** In words and signs, without numbers. */
  readonly formula: string;
  /** The rule or the publication that it is taken from. */
  readonly source: string;
  readonly valueOf: (input: FigureInput) => FigureValue;
}

/** The customer's events of these types that count at the instant. */
export const eventsAt = (
  { events, asOf }: Pick<FigureInput, 'events' | 'asOf'>,
  ...types: readonly string[]
): readonly LifecycleEvent[] =>
  events.filter(({ type, test, occurredAt }) => types.includes(type) && !test && occurredAt <= asOf);

type Explaining = Partial<Pick<FigureValue, 'notes' | 'steps' | 'events'>>;

/** A known number. */
export const numberValue = (number: number, said: Explaining = {}): FigureValue =>
  known([{ number, text: null, currency: null }], said);

/** A known word or day. */
export const textValue = (text: string, said: Explaining = {}): FigureValue =>
  known([{ number: null, text, currency: null }], said);

export function known(
  amounts: readonly FigureAmount[],
  { notes = [], steps = [], events = [] }: Explaining,
): FigureValue {
  return { amounts, unknown: null, notes, steps, events };
}

/** A value that is not known, with the reason. */
export function unknownValue(unknown: string, { notes = [], steps = [], events = [] }: Explaining = {}): FigureValue {
  return { amounts: [], unknown, notes, steps, events };
}
