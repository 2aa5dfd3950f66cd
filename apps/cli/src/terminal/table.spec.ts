import { describe, expect, it } from '@jest/globals';
import { Table } from './table.js';

const COLUMNS = [
  { name: 'source', type: 'text' as const, description: '' },
  { name: 'accepted', type: 'integer' as const, description: '' },
];
const FIRST = {
  rows: [
    { source: '/shop', accepted: 12 },
    { source: 'sim/marketing', accepted: null },
  ],
};

describe('a table', () => {
  it('has the widths of its first page, and numbers to the right', () => {
    const table = new Table(COLUMNS, 80);
    expect(table.page(FIRST)).toBe(
      ['source         accepted', '─────────────  ────────', '/shop                12', 'sim/marketing', ''].join('\n'),
    );
    expect(table.page({ rows: [{ source: 'till', accepted: 3 }] })).toBe('till                  3\n');
  });

  it('is written row by row where it is wider than the terminal', () => {
    const table = new Table(COLUMNS, 20);
    expect(table.page(FIRST)).toBe(
      ['─── row 1 ───', 'source    /shop', 'accepted  12', '─── row 2 ───', 'source  sim/marketing', ''].join('\n'),
    );
    expect(table.page({ rows: [{ source: 'till', accepted: 3 }] })).toContain('─── row 3 ───');
  });

  it('is a table whatever its width where no terminal shows it', () => {
    expect(new Table(COLUMNS, null).page(FIRST)).toContain('source         accepted');
  });
});
