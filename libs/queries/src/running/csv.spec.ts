import { describe, expect, it } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { csvHeader, csvRow } from './csv.js';
import type { Column } from './query.js';

const COLUMNS: readonly Column[] = [
  { name: 'name', type: 'text', description: 'a name' },
  { name: 'amount', type: 'integer', description: 'an amount' },
  { name: 'cause', type: 'json', description: 'a cause' },
];
const written = (name: unknown, amount: unknown = 0, cause: unknown = {}) =>
  csvHeader(COLUMNS) + csvRow(COLUMNS, { name, amount, cause });

describe('CSV', () => {
  it('says nothing for null, JSON for what has parts, and leaves numbers alone', () => {
    expect(written(null, -5, { rule: 'first "purchase"' })).toBe(
      'name,amount,cause\n,-5,"{""rule"":""first \\""purchase\\""""}"\n',
    );
  });

  it('reads back as it was written, whatever the text', () => {
    const harmless = fc.string({ unit: 'grapheme' }).filter((text) => !/^[=+\-@\t\r]/.test(text));
    fc.assert(
      fc.property(harmless, fc.integer(), (name, amount) => {
        const rows: unknown = parse(written(name, amount), { columns: true, skipEmptyLines: false });
        expect(rows).toEqual([{ name, amount: String(amount), cause: '{}' }]);
      }),
    );
  });

  it.each(['=HYPERLINK("http://x")', '+1+cmd|x', '-2+3', '@SUM(A1)', '\t=1', '\r=1'])(
    'disarms a text that a spreadsheet would compute: %j',
    (name) => {
      const [row] = parse(written(name), { columns: true }) as unknown as [{ name: string }];
      expect(row.name).toBe(`'${name}`);
    },
  );

  it.each(['+4912345', '-7', '-1.5'])('leaves a signed number that is text as it is: %s', (name) => {
    const [row] = parse(written(name), { columns: true }) as unknown as [{ name: string }];
    expect(row.name).toBe(name);
  });
});
