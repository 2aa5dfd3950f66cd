import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { Day, Default, Flag, OneOf, Optional, Text, type Instant, type ValidationIssue } from '#contracts';
import { InstantOrDay } from './instant-or-day.js';
import { parseParams } from './params.js';
import { QueryRejected } from './query-rejected.js';

class Spec {
  @Optional() @InstantOrDay() since!: Instant | null;
  @Optional() @Day() day!: string | null;
  @Default('week') @OneOf('day', 'week') period!: string;
  @Optional() @OneOf('acquisition', 'retention') stage!: string | null;
  @Optional() @Text(8) source!: string | null;
  @Default(false) @Flag() test!: boolean;
}

const QUERY = { params: Spec, time: 'as-of', paged: true } as const;

/** A business six hours behind UTC. */
const startOfDay = (day: string): number => Date.parse(`${day}T06:00:00Z`);
const parse = (raw: Record<string, unknown>) => parseParams(QUERY, raw, startOfDay);
const issuesOf = (raw: Record<string, unknown>): readonly ValidationIssue[] => {
  try {
    parse(raw);
  } catch (error) {
    if (error instanceof QueryRejected) return error.issues;
    throw error;
  }
  return [];
};

describe('parameters', () => {
  it('are read by their types, with defaults, and null where nothing was given', () => {
    const nothing = {
      ...{ day: null, stage: null, source: null, since: null, 'as-of': null },
      ...{ 'time-zone': null, 'after-position': null, limit: null, cursor: null },
    };
    expect(parse({})).toEqual({ ...nothing, period: 'week', test: false });
    const given = {
      since: '1998-07-01T12:00:00+02:00',
      day: '1998-02-28',
      limit: '7',
      stage: 'retention',
      test: 'true',
    };
    expect(parse(given)).toEqual({
      ...{ ...nothing, period: 'week', source: null },
      ...{ since: Date.UTC(1998, 6, 1, 10), day: '1998-02-28', limit: 7, stage: 'retention', test: true },
    });
  });

  it('take a date without a time as the start of that day in the zone of the business', () => {
    expect(parse({ 'as-of': '1998-07-01' })['as-of']).toBe(Date.UTC(1998, 6, 1, 6));
  });

  it('are rejected all at once, each with its pointer, its detail and its hint', () => {
    const issues = issuesOf({ 'as-of': 'yesterday', limit: '0', stage: 'gone', surprise: '1', source: ['a', 'b'] });
    expect(issues.map(({ pointer }) => pointer).sort()).toEqual([
      '#/as-of',
      '#/limit',
      '#/source',
      '#/stage',
      '#/surprise',
    ]);
    for (const { detail, hint } of issues) expect(`${detail}${hint}`).not.toMatch(/undefined/);
    expect(issues.find(({ pointer }) => pointer === '#/as-of')?.detail).toMatch(
      /^must be a day, such as .*, or a date-time .*\(got "yesterday"\)$/,
    );
  });

  it.each([
    ['a day that the calendar does not have', { 'as-of': '1998-02-30' }],
    ['a month that the calendar does not have', { day: '1998-13-01' }],
    ['a year before any business', { 'as-of': '0001-01-01T00:00:00Z' }],
    ['a year that no clock will see', { 'as-of': '9999-12-31' }],
    ['a date-time without an offset', { 'as-of': '1998-07-01T12:00:00' }],
    ['a number beyond its bounds', { limit: '99999999999999999999999999' }],
    ['a number with a fraction', { limit: '1.5' }],
    ['a number in words of JavaScript', { limit: 'Infinity' }],
    ['text with a NUL', { source: 'a\0b' }],
    ['text with half a surrogate pair', { source: 'a\ud800' }],
    ['text that is too long', { source: 'x'.repeat(9) }],
    ['an empty value', { source: '' }],
    ['a value that is an object', { source: { a: 1 } }],
    ['a name of the prototype', { ['__proto__x']: '1' }],
  ])('reject %s', (_, raw) => {
    expect(issuesOf(raw)).toHaveLength(1);
  });

  it('never throw anything but a rejection, and never repeat a control character', () => {
    const names = fc.oneof(
      fc.constantFrom('as-of', 'day', 'limit', 'stage', 'source', 'test', 'cursor', 'since', 'period'),
      fc.string({ unit: anyCharacter }),
    );
    fc.assert(
      fc.property(fc.dictionary(names, fc.oneof(fc.string({ unit: anyCharacter }), fc.anything())), (raw) => {
        expect(JSON.stringify(issuesOf(raw))).not.toMatch(/[\u0000-\u001f]/);
      }),
    );
  });
});
