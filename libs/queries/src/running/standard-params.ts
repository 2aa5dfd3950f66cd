import { Describe, Optional, Text, TextAs, unreadable, Whole } from '#contracts';
import { isTimeZone } from '#lifecycle';
import { InstantOrDay } from './instant-or-day.js';
import type { QueryDefinition } from './query.js';

/** Rows in a page of JSON by default, and the most that `limit` may ask for. */
export const PAGE_SIZE = { default: 100, maximum: 1000 } as const;

/** The parameters of brand, time and paging. */
export const STANDARD_PARAMS: readonly string[] = [
  'brand',
  'as-of',
  'known-at',
  'time-zone',
  'limit',
  'cursor',
  'after-position',
];

/** A cursor holds a number for each stream of a customer where the answer is read from the log. */
const CURSOR_LENGTH_MAX = 4096;

/** Declares the parameters of brand, time and paging on the class of a query's parameters. */
export function declareStandardParams(
  target: object,
  query: Pick<QueryDefinition, 'time' | 'paged' | 'days' | 'narrows'>,
): void {
  const { time, paged, narrows } = query;
  if (narrows === 'brand')
    declare(target, 'brand', [
      Optional(),
      Text(100),
      Describe('only what concerns this brand, as an event or its source states it'),
    ]);
  if (time !== 'none')
    declare(target, 'as-of', [
      Optional(),
      InstantOrDay(),
      Describe(
        'what was true at this instant; a date alone means 00:00 of that day in the time zone of the business. Default: now.',
      ),
    ]);
  if (time === 'as-of and known-at')
    declare(target, 'known-at', [
      Optional(),
      InstantOrDay(),
      Describe('what was believed at this instant: events recorded later are left out. Default: everything known now.'),
    ]);
  if (reckonsDays(query))
    declare(target, 'time-zone', [
      Optional(),
      TimeZone(),
      Describe('the zone in which days are reckoned and dates are read. Default: that of the policy in force now.'),
    ]);
  declare(target, 'after-position', [
    Optional(),
    Whole(0, Number.MAX_SAFE_INTEGER),
    Describe(
      'wait (10 seconds at most) until the answer holds the event at this position of the log, as its publication returned it.',
    ),
  ]);
  if (!paged) return;
  declare(target, 'limit', [
    Optional(),
    Whole(1, PAGE_SIZE.maximum),
    Describe(
      `at most this many rows, 1 to ${PAGE_SIZE.maximum}. JSON gives ${PAGE_SIZE.default} by default; CSV and NDJSON give all of them.`,
    ),
  ]);
  declare(target, 'cursor', [
    Optional(),
    TextAs('nextCursor of the page before', (text) =>
      text.length <= CURSOR_LENGTH_MAX && /^[A-Za-z0-9_-]+$/.test(text)
        ? { value: text }
        : unreadable('is not a cursor', 'send nextCursor unchanged; or leave it out to begin again'),
    ),
    Describe('the nextCursor of the page before, with the same parameters.'),
  ]);
}

/** Whether a query reckons days in the zone of the business, or in another one: those about a population do. */
export const reckonsDays = ({ time, days }: Pick<QueryDefinition, 'time' | 'days'>): boolean =>
  time === 'as-of' || days === true;

function TimeZone(): PropertyDecorator {
  return TextAs('the name of a time zone', (text) =>
    isTimeZone(text)
      ? { value: text }
      : unreadable('is not the name of a time zone', 'give an IANA name, such as UTC or Europe/Amsterdam'),
  );
}

function declare(target: object, name: string, decorators: readonly PropertyDecorator[]): void {
  for (const decorator of decorators) decorator(target, name);
}
