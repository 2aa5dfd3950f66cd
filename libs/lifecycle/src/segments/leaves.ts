import { DAY, parseInstant, type Instant } from '#contracts';
import { addDays, dayStart } from '../calendar/calendar.js';
import { consentFor } from '../fold/consents.js';
import type { Money } from '../model.js';
import type { BehaviourCondition, ConsentCondition, FieldCondition, SequenceCondition } from './definition.js';
import type { FieldValue, KnownOfCustomer, SegmentField } from './fields.js';
import { countUntil, patternOf, type AskedPattern } from './occurrence.js';

/** What segments are evaluated over: what is known of one customer, and when they did what conditions ask about. */
export interface SegmentFacts extends KnownOfCustomer {
  /** The instants at which touchpoints of the pattern happened, sorted. */
  readonly happened: (patternKey: string) => readonly Instant[];
}

/** The instant that is looked at, and the zone whose days count. */
export interface Moment {
  readonly at: Instant;
  readonly timeZone: string;
}

/** Whether a condition holds, and until when that stays so if nothing happens: Infinity where time alone never changes it. */
export interface Verdict {
  readonly holds: boolean;
  readonly until: Instant;
}

/** A verdict on a condition without parts, with the value that was compared. */
export interface LeafVerdict extends Verdict {
  readonly actual: FieldValue;
}

/** A condition without parts, prepared for evaluation. */
export interface Leaf {
  /** The touchpoints that it asks about. */
  readonly patterns: readonly AskedPattern[];
  /** Whether what it compares is an instant. */
  readonly instant: boolean;
  look(facts: SegmentFacts, moment: Moment): LeafVerdict;
}

const FOREVER = Infinity;

/** Something that is true from now until an instant, or not any more. */
const untilThen = (then: Instant, at: Instant): Verdict =>
  then > at ? { holds: true, until: then } : { holds: false, until: FOREVER };

/** A fact of the customer compared with a constant. */
export function fieldLeaf(condition: FieldCondition, field: SegmentField): Leaf {
  return {
    patterns: [],
    instant: field.kind === 'instant',
    look(facts, moment) {
      const actual = field.read(facts);
      const { holds, until } = compared(condition, actual, moment);
      return { holds, until: Math.min(until, field.until?.(facts) ?? FOREVER), actual };
    },
  };
}

function compared({ op, value }: FieldCondition, actual: FieldValue, { at, timeZone }: Moment): Verdict {
  const always = (holds: boolean): Verdict => ({ holds, until: FOREVER });
  switch (op) {
    case 'present':
      return always(actual !== null && !(Array.isArray(actual) && actual.length === 0));
    case 'equals':
      return always(actual === value);
    case 'not-equals':
      return always(actual !== value);
    case 'one-of':
      return always(Array.isArray(value) && (value as readonly unknown[]).includes(actual));
    case 'contains':
      return always(Array.isArray(actual) && (actual as readonly unknown[]).includes(value));
    case 'less':
    case 'at-most':
    case 'more':
    case 'at-least':
      return always(bySize(op, actual, value));
    case 'before':
    case 'after': {
      const than = instantOf(String(value), timeZone);
      if (typeof actual !== 'number' || than === null) return always(false);
      return always(op === 'before' ? actual < than : actual >= than);
    }
    case 'within-days':
    case 'older-than-days': {
      if (typeof actual !== 'number' || typeof value !== 'number') return always(false);
      if (actual > at) return { holds: false, until: actual };
      const within = untilThen(addDays(actual, value, timeZone), at);
      return op === 'within-days' ? within : { holds: !within.holds, until: within.until };
    }
    default:
      return op satisfies never;
  }
}

function bySize(op: 'less' | 'at-most' | 'more' | 'at-least', actual: FieldValue, value: unknown): boolean {
  const [a, b] = Array.isArray(actual) ? amountsOf(actual as readonly Money[], value as Money) : [actual, value];
  if (typeof a !== 'number' || typeof b !== 'number') return false;
  switch (op) {
    case 'less':
      return a < b;
    case 'at-most':
      return a <= b;
    case 'more':
      return a > b;
    case 'at-least':
      return a >= b;
    default:
      return op satisfies never;
  }
}

/** What the customer has of the currency that is compared: nothing is converted. */
function amountsOf(actual: readonly Money[], { amountMinor, currency }: Money): [number, number] {
  return [actual.find((money) => money.currency === currency)?.amountMinor ?? 0, amountMinor];
}

/** The instant of a date-time, or the beginning of a day in a zone; null where the text is neither. */
export function instantOf(text: string, timeZone: string): Instant | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return parseInstant(text);
  const day = Date.parse(`${text}T00:00:00Z`);
  return Number.isNaN(day) ? null : dayStart(day / DAY, timeZone);
}

/** How often the customer did something. At least n times within some days: the n-th last time lies within them. */
export function behaviourLeaf(condition: BehaviourCondition): Leaf {
  const pattern = patternOf(condition);
  const { atMost, withinDays, from, until } = condition;
  const atLeast = condition.atLeast ?? (atMost === undefined ? 1 : 0);
  const asksForPeriod = (from ?? until) !== undefined;
  const enough = (times: number, known: readonly Instant[], count: number, { at, timeZone }: Moment): Verdict => {
    if (times === 0) return { holds: true, until: FOREVER };
    const nthLast = known[count - times];
    if (nthLast === undefined || count < times) return { holds: false, until: FOREVER };
    if (withinDays === undefined) return { holds: true, until: FOREVER };
    return untilThen(addDays(nthLast, withinDays, timeZone), at);
  };
  return {
    patterns: [
      {
        ...pattern,
        latest: asksForPeriod ? FOREVER : Math.max(atLeast, (atMost ?? -1) + 1),
        withinDays: withinDays ?? FOREVER,
      },
    ],
    instant: false,
    look(facts, moment) {
      const { at, timeZone } = moment;
      const happened = facts.happened(pattern.key);
      let known = happened;
      let count = countUntil(happened, at);
      if (asksForPeriod) {
        const first = from === undefined ? 0 : countUntil(happened, (instantOf(from, timeZone) ?? -Infinity) - 1);
        const end = until === undefined ? count : countUntil(happened, (instantOf(until, timeZone) ?? Infinity) - 1);
        known = happened.slice(first, Math.max(first, Math.min(count, end)));
        count = known.length;
      }
      const low = enough(atLeast, known, count, moment);
      const high = atMost === undefined ? null : enough(atMost + 1, known, count, moment);
      const actual = withinDays === undefined ? count : timesWithin(known, count, withinDays, moment);
      if (high === null) return { ...low, actual };
      // Times fall out of the window one by one: too many become enough, and enough become too few.
      if (high.holds) return { holds: false, until: high.until, actual };
      return { ...low, actual };
    },
  };
}

function timesWithin(known: readonly Instant[], count: number, days: number, { at, timeZone }: Moment): number {
  let times = 0;
  while (times < count && addDays(known[count - 1 - times] as Instant, days, timeZone) > at) times += 1;
  return times;
}

/** What the customer did in an order. */
export function sequenceLeaf({ sequence, withinDays }: SequenceCondition): Leaf {
  const patterns = sequence.map(patternOf);
  return {
    patterns: patterns.map((pattern) => ({ ...pattern, latest: FOREVER, withinDays: FOREVER })),
    instant: true,
    look(facts, { at, timeZone }) {
      let ends: readonly Instant[] = [];
      patterns.forEach(({ key }, index) => {
        const happened = facts.happened(key);
        const known = happened.slice(0, countUntil(happened, at));
        const days = sequence[index]?.withinDays;
        ends = index === 0 ? known : known.filter((then) => follows(ends, then, days, timeZone));
      });
      const last = ends.at(-1) ?? null;
      if (last === null) return { holds: false, until: FOREVER, actual: null };
      if (withinDays === undefined) return { holds: true, until: FOREVER, actual: last };
      return { ...untilThen(addDays(last, withinDays, timeZone), at), actual: last };
    },
  };
}

/** Whether one of these instants lies before another one, and near enough. */
function follows(ends: readonly Instant[], then: Instant, days: number | undefined, timeZone: string): boolean {
  const before = ends[countUntil(ends, then - 1) - 1];
  return before !== undefined && (days === undefined || addDays(before, days, timeZone) > then);
}

/** What the customer allows, by one medium or by any. */
export function consentLeaf({ consent, medium }: ConsentCondition): Leaf {
  return {
    patterns: [],
    instant: false,
    look({ view: { consents } }, { at }) {
      const media = medium === undefined ? mediaOf(consents, consent) : [medium];
      let until = -Infinity;
      for (const each of media) {
        const allowed = consentFor(consents, consent, each, at);
        if (allowed !== null) until = Math.max(until, allowed.expiresAt ?? FOREVER);
      }
      const holds = until > at;
      return { holds, until: holds ? until : FOREVER, actual: holds };
    },
  };
}

/** Every medium that an entry names for the purpose, and all of them together. */
function mediaOf(
  consents: readonly { readonly purpose: string; readonly medium: string | null }[],
  purpose: string,
): readonly (string | null)[] {
  return [null, ...consents.flatMap((one) => (one.purpose === purpose && one.medium !== null ? [one.medium] : []))];
}
