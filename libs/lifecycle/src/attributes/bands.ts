import { isDay, parseInstant, type Instant } from '#contracts';
import { addYears, dayStart } from '../calendar/calendar.js';
import type { Band } from './definition.js';

/** A band, and from when until when the value belongs to it: bands of age move with time. */
export interface BandSpan {
  readonly value: string | null;
  /** −∞ for the beginning of time. */
  readonly from: Instant;
  /** Excluded; ∞ for ever. */
  readonly until: Instant;
}

const MS_A_DAY = 86_400_000;

/** The bands of a value, which fits the band's type: one for ever, or one after the other. A value that belongs to none has null. */
export function bandsOf(value: string | number | boolean, band: Band): readonly BandSpan[] {
  switch (band.by) {
    case 'prefix':
      return forever(prefixBand(String(value), band));
    case 'range':
      return forever(rangeBand(Number(value), band.edges));
    case 'age':
      return ageBands(String(value), band);
  }
}

const forever = (value: string | null): readonly BandSpan[] => [{ value, from: -Infinity, until: Infinity }];

const plain = (text: string): string => text.replace(/\s+/g, '').toUpperCase();

function prefixBand(value: string, { prefixes, other }: Extract<Band, { by: 'prefix' }>): string | null {
  const given = plain(value);
  let longest = -1;
  let found = other ?? null;
  for (const [prefix, region] of Object.entries(prefixes)) {
    const wanted = plain(prefix);
    if (wanted.length <= longest || !given.startsWith(wanted)) continue;
    longest = wanted.length;
    found = region;
  }
  return found;
}

function rangeBand(value: number, edges: readonly number[]): string {
  const above = edges.filter((edge) => edge <= value).length;
  const lower = edges[above - 1];
  const upper = edges[above];
  if (lower === undefined) return `under-${upper}`;
  return upper === undefined ? `${lower}-plus` : `${lower}-to-${upper}`;
}

/** The bands of age of a person born on a day: each begins with a birthday, at the start of the day in the zone. */
function ageBands(born: string, { edges, timeZone }: Extract<Band, { by: 'age' }>): readonly BandSpan[] {
  const birth = parseInstant(`${born}T00:00:00Z`);
  if (birth === null) return [];
  const day = birth / MS_A_DAY;
  const begins = edges.map((years) => dayStart(addYears(day * MS_A_DAY, years, 'UTC') / MS_A_DAY, timeZone));
  return [-Infinity, ...begins].map((from, at) => ({
    value: ageBand(edges[at - 1], edges[at]),
    from,
    until: begins[at] ?? Infinity,
  }));
}

function ageBand(lower: number | undefined, upper: number | undefined): string {
  if (lower === undefined) return `under-${upper}`;
  if (upper === undefined) return `${lower}-plus`;
  return upper - 1 === lower ? String(lower) : `${lower}-to-${upper - 1}`;
}

/** The day of a date or of an instant; null where it is neither. */
export function dayText(value: string): string | null {
  if (isDay(value)) return value;
  return parseInstant(value) === null ? null : value.slice(0, 10);
}
