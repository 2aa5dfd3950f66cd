import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { QUERIES, type Column } from '#queries';
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
const CUSTOMERS = (QUERIES.find(({ name }) => name === 'customers')?.columns ?? []).map((column) =>
  column.name === 'revenueMinor' ? { ...column, name: 'revenue' } : column,
);
const CUSTOMER = {
  ...{ customerId: '0123456789abcdef0123456789abcdef', identifier: 'jane.doe@example.com', cycle: 1 },
  ...{ stage: 'retention', phase: 'at-risk', enteredAt: '2026-03-01T10:00:00Z', cause: 'silence-at-risk', orders: 3 },
  ...{ revenue: '1234.50', currency: 'EUR', firstSeenAt: '2025-03-01T10:00:00Z' },
  ...{ lastSeenAt: '2026-03-01T10:00:00Z', lastPurchaseAt: '2026-03-01T10:00:00Z', flags: ['second-order-due'] },
};

describe('a table', () => {
  it('has the widths of its first page, and numbers to the right', () => {
    const table = new Table(COLUMNS, 80);
    expect(table.page(FIRST)).toBe(
      ['source         accepted', '─────────────  ────────', '/shop                12', 'sim/marketing', ''].join('\n'),
    );
    expect(table.page({ rows: [{ source: 'till', accepted: 3 }] })).toBe('till                  3\n');
    expect(table.end()).toBe('');
  });

  it.each([
    [0.630114566284779, '0.6301'],
    [0.000043219, '0.00004322'],
    [1, '1'],
    [-12.34567, '-12.3457'],
    [366.5, '366.5'],
    [1_234_567, '1234567'],
  ])('shows the number %s as %s', (share, text) => {
    const columns = [{ name: 'share', type: 'number' as const, description: '' }, ...COLUMNS];
    expect(new Table(columns, 80).page({ rows: [{ share, source: 'a', accepted: 1 }] })).toContain(`${text}  a`);
  });

  it('is written row by row where not even two columns fit', () => {
    const table = new Table(COLUMNS, 20);
    expect(table.page(FIRST)).toBe(
      ['─── row 1 ───', 'source    /shop', 'accepted  12', '─── row 2 ───', 'source  sim/marketing', ''].join('\n'),
    );
    expect(table.page({ rows: [{ source: 'till', accepted: 3 }] })).toContain('─── row 3 ───');
  });

  it('is a table whatever its width where a file takes it', () => {
    expect(new Table(COLUMNS, null).page(FIRST)).toContain('source         accepted');
  });

  it.each([80, 100, 120])('keeps what people look for in %d columns, and names the rest', (width) => {
    const table = new Table(CUSTOMERS, width, 'customers');
    const page = table.page({ rows: [CUSTOMER, CUSTOMER] });
    const text = `${page}${table.end()}`;
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(width);
    const [header = ''] = page.split('\n');
    expect(header).toMatch(/^customerId +(identifier +)?stage +phase/);
    expect(table.end()).toMatch(/^\nNot shown: .*--columns/s);
    // Without a value there is nothing to show, and nothing to tell.
    expect(text).not.toContain('nextDue');
  });

  it('shows instants to the minute, and lists without brackets', () => {
    const table = new Table(
      CUSTOMERS.filter(({ name }) => ['enteredAt', 'flags'].includes(name)),
      80,
    );
    expect(table.page({ rows: [CUSTOMER] })).toContain('2026-03-01 10:00Z  second-order-due');
  });

  it('fits any terminal, whatever it holds', () => {
    const column = (name: string, type: Column['type']): Column => ({ name, type, description: '' });
    const value = fc.oneof(fc.string({ maxLength: 90 }), fc.integer(), fc.constant(null), fc.array(fc.string()));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 2, maxLength: 12 }),
        fc.integer({ min: 40, max: 200 }),
        fc.array(fc.array(value, { minLength: 12, maxLength: 12 }), { minLength: 1, maxLength: 5 }),
        (names, width, cells) => {
          const table = new Table(
            names.map((name) => column(name, 'text')),
            width,
          );
          const rows = cells.map((row) => Object.fromEntries(names.map((name, at) => [name, row[at]])));
          const text = `${table.page({ rows })}${table.page({ rows: rows.slice(0, 1) })}${table.end()}`;
          if (!text.includes('─── row'))
            for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });
});
