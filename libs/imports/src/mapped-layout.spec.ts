import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { mappedLayout } from './mapped-layout.js';
import { parseMapping } from './mapping.js';
import { FileRejected } from './rows.js';
import { readText } from './testdata/read-layout.js';

const MAPPING = {
  source: { value: '/shop' },
  id: { columns: ['shop', 'order'] },
  type: { column: 'kind', map: { sale: 'order-placed', back: 'order-returned' } },
  occurredAt: { column: 'date', format: 'dd/MM/yyyy HH:mm', timeZone: 'Europe/London' },
  channel: { column: 'shop', default: 'web' },
  identifiers: [
    { namespace: 'userId', column: 'customer', optional: true },
    { namespace: 'email', column: 'mail', optional: true },
  ],
  data: {
    orderId: { column: 'order' },
    currency: { column: 'currency' },
    totalMinor: { column: 'amount', as: 'money', currency: { column: 'currency' } },
    lines: [{ sku: { column: 'sku' }, quantity: { column: 'pieces', as: 'integer', default: 1 } }],
  },
  dataByType: { 'order-returned': { whole: { value: true } } },
};
const HEADER = 'shop,order,kind,date,customer,mail,currency,amount,sku,pieces';

const read = (rows: readonly string[], mapping: unknown = MAPPING) =>
  readText([HEADER, ...rows].join('\r\n'), mappedLayout(parseMapping(mapping)));

describe('a CSV file read by a mapping', () => {
  it('gives a touchpoint for each row', async () => {
    const { drafts, invalid } = await read([
      'north,17,sale,01/07/2024 09:30,c1,Ann@example.com,EUR,12.30,A-1,2',
      'north,18,back,01/12/2024 09:30,c1,,JPY,500,"A ""1"", big",',
    ]);
    expect(invalid).toEqual([]);
    expect(drafts).toEqual([
      {
        id: 'north/17',
        source: '/shop',
        type: 'order-placed',
        occurredAt: '2024-07-01T08:30:00Z',
        channel: 'north',
        identifiers: [
          { namespace: 'userId', value: 'c1', role: 'self' },
          { namespace: 'email', value: 'Ann@example.com', role: 'self' },
        ],
        data: { orderId: '17', currency: 'EUR', totalMinor: 1230, lines: [{ sku: 'A-1', quantity: 2 }] },
      },
      {
        id: 'north/18',
        source: '/shop',
        type: 'order-returned',
        occurredAt: '2024-12-01T09:30:00Z',
        channel: 'north',
        identifiers: [{ namespace: 'userId', value: 'c1', role: 'self' }],
        data: {
          orderId: '18',
          currency: 'JPY',
          totalMinor: 500,
          lines: [{ sku: 'A "1", big', quantity: 1 }],
          whole: true,
        },
      },
    ]);
  });

  it('sets a bad row aside with its file, line and reason, and reads on', async () => {
    const { drafts, invalid } = await read([
      'north,1,sale,01/07/2024 09:30,c1,,EUR,12.30,A,1',
      'north,2,sale,01/07/2024 09:30,,,EUR,12.30,A,1',
      'north,3,sale,32/07/2024 09:30,c1,,EUR,12.30,A,1',
      'north,4,loan,01/07/2024 09:30,c1,,EUR,12.30,A,1',
      'north,5,sale,01/07/2024 09:30,c1,,EUR,12.305,A,1',
      'north,6,sale,01/07/2024 09:30,c1,,EUR,12.30,A,one',
      'north,7,sale',
      'north,8,sale,01/07/2024 09:30,c1,,euro,12.30,A,1',
      'north,9,sale,01/07/2024 09:30,c1,,EUR,12.30,A,1',
    ]);
    expect(drafts.map((draft) => draft.id)).toEqual(['north/1', 'north/9']);
    expect(invalid.map(({ line, code, pointer: path }) => [line, code, path])).toEqual([
      [3, 'customer-missing', ''],
      [4, 'value-malformed', 'date'],
      [5, 'value-unknown', 'kind'],
      [6, 'money-inexact', 'amount'],
      [7, 'value-malformed', 'pieces'],
      [8, 'row-malformed', ''],
      [9, 'currency-malformed', 'currency'],
    ]);
    expect(invalid[0]).toMatchObject({ source: '/shop', file: 'rows.csv', row: { order: '2' } });
    expect(new Set(invalid.map((row) => row.id)).size).toBe(invalid.length);
    for (const row of invalid) expect(row.hint).not.toBe('');
  });

  it('takes a quote that does not close as a fault of its own line, and a quoted cell over several lines as one row', async () => {
    const rest = '01/07/2024 09:30,c1,,EUR,12.30';
    const { drafts, invalid } = await read([
      `north,1,sale,${rest},"two`,
      'lines",1',
      `north,2,sale,${rest},"open,1`,
      `north,3,sale,${rest},5" pipe,1`,
    ]);
    expect(drafts.map((draft) => [draft.id, draft.data['lines']])).toEqual([
      ['north/1', [{ sku: 'two\nlines', quantity: 1 }]],
      ['north/3', [{ sku: '5" pipe', quantity: 1 }]],
    ]);
    expect(invalid.map((row) => [row.line, row.code])).toEqual([[4, 'row-malformed']]);
  });

  it('keeps identical rows apart where the rows have no id', async () => {
    const { id: _none, ...hashed } = MAPPING;
    const row = 'north,1,sale,01/07/2024 09:30,c1,,EUR,12.30,A,1';
    const { drafts } = await read([row, row, row], hashed);
    expect(new Set(drafts.map((draft) => draft.id)).size).toBe(3);
  });

  it('is rejected as a whole where it lacks a column that the mapping names', async () => {
    const layout = mappedLayout(parseMapping(MAPPING));
    await expect(readText('shop,order\nnorth,1\n', layout)).rejects.toThrow(FileRejected);
    await expect(readText('', layout)).rejects.toThrow('empty');
  });

  it('may be gzip, with a byte order mark, and end without a line end', async () => {
    const row = 'north,1,sale,01/07/2024 09:30,c1,,EUR,12.30,A,1';
    const packed = gzipSync(`\ufeff${HEADER}\n${row}`);
    const { drafts, notes } = await readText(packed, mappedLayout(parseMapping(MAPPING)), 'rows.csv.gz');
    expect(drafts).toHaveLength(1);
    expect(notes.lines).toBe(1);
  });
});

describe('an NDJSON file read by a mapping', () => {
  const mapping = {
    format: 'ndjson',
    source: { value: 'crm' },
    id: { column: 'key' },
    type: { value: 'note-added' },
    occurredAt: { column: 'when' },
    identifiers: [{ namespace: 'email', column: 'person.mail' }],
    data: { tags: { column: 'tags', as: 'json' }, score: { column: 'score', as: 'number', optional: true } },
  };

  it('finds values by path, and quarantines what is no JSON object', async () => {
    const lines = [
      JSON.stringify({ key: 7, when: '2024-01-01T00:00:00Z', person: { mail: 'a@example.com' }, tags: ['x'] }),
      '',
      '[1]',
      '{"key": 8,',
    ];
    const { drafts, invalid } = await readText(lines.join('\n'), mappedLayout(parseMapping(mapping)), 'crm.ndjson');
    expect(drafts).toMatchObject([
      { id: '7', identifiers: [{ namespace: 'email', value: 'a@example.com' }], data: { tags: ['x'] } },
    ]);
    expect(invalid.map((row) => [row.line, row.code])).toEqual([
      [3, 'row-malformed'],
      [4, 'row-malformed'],
    ]);
  });
});
