import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { mappedReader } from './mapped-reader.js';
import { parseMapping } from './mapping.js';
import { FileRejected } from './file-rejected.js';
import { readText } from './testdata/read-file.js';

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
  readText([HEADER, ...rows].join('\r\n'), mappedReader(parseMapping(mapping)));

describe('a CSV file read by a mapping', () => {
  it('gives a touchpoint for each row', async () => {
    const { touchpoints, invalid } = await read([
      'north,17,sale,01/07/2024 09:30,c1,Ann@example.com,EUR,12.30,A-1,2',
      'north,18,back,01/12/2024 09:30,c1,,JPY,500,"A ""1"", big",',
    ]);
    expect(invalid).toEqual([]);
    expect(touchpoints).toEqual([
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

  it('reports an invalid row with its file, line and reason, and reads on', async () => {
    const { touchpoints, invalid } = await read([
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
    expect(touchpoints.map((touchpoint) => touchpoint.id)).toEqual(['north/1', 'north/9']);
    expect(invalid.map(({ line, code, pointer }) => [line, code, pointer])).toEqual([
      [3, 'customer-missing', '#/row'],
      [4, 'value-malformed', '#/row/date'],
      [5, 'value-unknown', '#/row/kind'],
      [6, 'money-inexact', '#/row/amount'],
      [7, 'value-malformed', '#/row/pieces'],
      [8, 'row-malformed', '#/row'],
      [9, 'currency-malformed', '#/row/currency'],
    ]);
    expect(invalid[0]).toMatchObject({ source: '/shop', file: 'rows.csv', row: { order: '2' } });
    expect(new Set(invalid.map((row) => row.id)).size).toBe(invalid.length);
    for (const row of invalid) expect(row.hint).not.toBe('');
  });

  it('makes only its own line malformed where a quote does not close, and reads a quoted cell over several lines as one row', async () => {
    const rest = '01/07/2024 09:30,c1,,EUR,12.30';
    const { touchpoints, invalid } = await read([
      `north,1,sale,${rest},"two`,
      'lines",1',
      `north,2,sale,${rest},"open,1`,
      `north,3,sale,${rest},5" pipe,1`,
    ]);
    expect(touchpoints.map((touchpoint) => [touchpoint.id, touchpoint.data['lines']])).toEqual([
      ['north/1', [{ sku: 'two\nlines', quantity: 1 }]],
      ['north/3', [{ sku: '5" pipe', quantity: 1 }]],
    ]);
    expect(invalid.map((row) => [row.line, row.code])).toEqual([[4, 'row-malformed']]);
  });

  it('keeps identical rows apart where the rows have no id', async () => {
    const { id: _none, ...hashed } = MAPPING;
    const row = 'north,1,sale,01/07/2024 09:30,c1,,EUR,12.30,A,1';
    const { touchpoints } = await read([row, row, row], hashed);
    expect(new Set(touchpoints.map((touchpoint) => touchpoint.id)).size).toBe(3);
  });

  it('is rejected as a whole where a column that the mapping names is missing', async () => {
    const reader = mappedReader(parseMapping(MAPPING));
    await expect(readText('shop,order\nnorth,1\n', reader)).rejects.toThrow(FileRejected);
    await expect(readText('', reader)).rejects.toThrow('empty');
  });

  it('may be gzip, with a byte order mark, and end without a line end', async () => {
    const row = 'north,1,sale,01/07/2024 09:30,c1,,EUR,12.30,A,1';
    const packed = gzipSync(`\ufeff${HEADER}\n${row}`);
    const { touchpoints, report } = await readText(packed, mappedReader(parseMapping(MAPPING)), 'rows.csv.gz');
    expect(touchpoints).toHaveLength(1);
    expect(report.lines).toBe(1);
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

  it('finds values by path, and reports a line that is not a JSON object', async () => {
    const lines = [
      JSON.stringify({ key: 7, when: '2024-01-01T00:00:00Z', person: { mail: 'a@example.com' }, tags: ['x'] }),
      '',
      '[1]',
      '{"key": 8,',
    ];
    const { touchpoints, invalid } = await readText(
      lines.join('\n'),
      mappedReader(parseMapping(mapping)),
      'crm.ndjson',
    );
    expect(touchpoints).toMatchObject([
      { id: '7', identifiers: [{ namespace: 'email', value: 'a@example.com' }], data: { tags: ['x'] } },
    ]);
    expect(invalid.map((row) => [row.line, row.code])).toEqual([
      [3, 'row-malformed'],
      [4, 'row-malformed'],
    ]);
  });
});
