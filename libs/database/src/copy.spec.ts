import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { copyRows, copyText } from './copy.js';
import { valuesOf } from './rows.js';

import type { Table } from './table.js';

const THINGS: Table = {
  name: 'things',
  migrations: [],
  columns: {
    name: 'text',
    count: 'int',
    total: 'bigint',
    yes: 'boolean',
    day: 'date',
    at: 'timestamptz',
    body: 'jsonb',
  },
  key: ['name'],
  semantic: [],
};
const COLUMNS = Object.keys(THINGS.columns);

const text = fc.oneof(fc.string({ unit: anyCharacter }), fc.constantFrom('\\N', 'a\tb\nc\rd\\e', '\0', 'é 🌱'));
const instant = fc.oneof(
  fc.integer({ min: -62_135_596_800_000 - 10, max: 253_402_300_799_999 + 10 }),
  fc.integer({ min: 0, max: 2_000_000_000_000 }),
  fc.constantFrom(-Infinity, Infinity, 0, -1, 951_782_400_000),
);
const row = fc.record({
  name: text,
  count: fc.option(fc.integer()),
  total: fc.option(fc.maxSafeInteger(), { nil: undefined }),
  yes: fc.boolean(),
  day: fc.option(fc.constant('2024-02-29')),
  at: fc.option(fc.oneof(instant, fc.constant('2024-02-29T00:00:00.000Z'))),
  body: fc.option(fc.oneof(fc.jsonValue(), fc.record({ note: text }))),
});

describe('rows as text for COPY', () => {
  it('are, whatever they hold, the text that their values give one by one', () => {
    fc.assert(
      fc.property(fc.array(row, { maxLength: 5 }), (rows) => {
        const values = rows.map((one) => valuesOf(THINGS, COLUMNS, one));
        expect(copyText(THINGS, rows).text).toBe(copyRows(values));
      }),
      { numRuns: 500 },
    );
  });
});
