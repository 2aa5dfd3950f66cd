import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { recorded } from '../../testdata/folded.js';
import { day, touchpoint } from '../../testdata/touchpoints.js';
import { countRows, countTouchpoint, emptyBooks, rangesText, type SourceBooks } from './projection.js';

const ANNA = { userId: 'anna' };

const booksOf = (...items: Parameters<typeof recorded>[0]): SourceBooks => {
  const books = emptyBooks();
  for (const event of recorded(items)) countTouchpoint(books, event);
  return books;
};

describe('the books of a source', () => {
  it('count its touchpoints by type and quarter of an hour, without test traffic', () => {
    const visit = (at: number, test?: true) =>
      touchpoint({ who: ANNA, at, type: 'site-visited', ...(test === undefined ? {} : { test }) });
    const books = booksOf(visit(day(0) + 1), visit(day(0) + 2), visit(day(0) + 900_000), visit(day(0) + 3, true));
    expect(countRows(books)).toEqual([
      { source: 'shop', quarter: day(0), type: 'site-visited', events: 2 },
      { source: 'shop', quarter: day(0) + 900_000, type: 'site-visited', events: 1 },
    ]);
  });

  it('hold the places of its events in its sequence, test traffic included', () => {
    const items = [7, 8, 11].map((sequence) => {
      const item = touchpoint({ who: ANNA, at: day(0), type: 'site-visited' });
      const meta = JSON.stringify({ ...(JSON.parse(item.event.meta) as object), test: true, sequence });
      return {
        ...item,
        event: { ...item.event, meta: meta.replace(/,"test":true,"sequence":/, ',"test":true,"sequence":') },
      };
    });
    const books = booksOf(...items);
    expect(countRows(books)).toEqual([]);
    expect([...books.sequences.values()]).toEqual([{ source: 'shop', quarter: day(0), seen: [7, 8, 11] }]);
  });
});

describe('numbers as a multirange', () => {
  it('cover each number and no other', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60), { minLength: 1 }), (numbers) => {
        const covered = [...rangesText(numbers).matchAll(/\[(\d+),(\d+)\)/g)].flatMap(([, from, until]) =>
          Array.from({ length: Number(until) - Number(from) }, (_, at) => Number(from) + at),
        );
        expect(covered).toEqual([...new Set(numbers)].sort((a, b) => a - b));
      }),
    );
  });

  it('are empty where there is none', () => {
    expect(rangesText([])).toBe('{}');
  });
});
