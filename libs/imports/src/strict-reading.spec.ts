import { writeFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { ImportItem } from './import-item.js';
import type { ImportReader } from './import-reader.js';
import { mappedReader } from './mapped-reader.js';
import { parseMapping } from './mapping.js';
import { touchpointsReader } from './presets/touchpoints.js';

const folder = mkdtempSync(join(tmpdir(), 'strict-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function read(reader: ImportReader, bytes: Buffer | string, encoding?: string): Promise<readonly ImportItem[]> {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  const file = { path, name: 'orders.csv', ...(encoding === undefined ? {} : { encoding }) };
  const items: ImportItem[] = [];
  for await (const page of reader.read(file, { lines: 0, notices: new Map() })) items.push(...page);
  return items;
}

const MAP = {
  id: { column: 'no' },
  source: { value: 's' },
  type: { value: 'order-placed' },
  occurredAt: { column: 'when', format: 'yyyy-MM-dd' },
  identifiers: [{ namespace: 'userId', column: 'mail' }],
  data: {
    orderId: { column: 'no' },
    currency: { value: 'EUR' },
    totalMinor: { column: 'total', as: 'money', currency: { value: 'EUR' } },
  },
};
const csv = (change: object = {}) => mappedReader(parseMapping({ ...MAP, ...change }));
const told = (items: readonly ImportItem[]) =>
  items.map((item) =>
    item.kind === 'touchpoint'
      ? item.touchpoint.identifiers.map(({ value }) => value).join()
      : `${item.invalid.code} ${item.invalid.pointer}`,
  );

const L1 = Buffer.from(
  'no,when,mail,total\n1,2024-01-05,M\xfcller,10.00\n2,2024-01-06,M\xf6ller,20.00\n3,2024-01-07,Maller,30.00\n',
  'latin1',
);

describe('a CSV file that is not UTF-8', () => {
  it('has each such row quarantined as not-utf-8, and the hint names the encoding', async () => {
    const items = await read(csv(), L1);
    expect(told(items)).toEqual(['not-utf-8 #/row', 'not-utf-8 #/row', 'Maller']);
    const [first, second] = items.flatMap((item) => (item.kind === 'invalid' ? [item.invalid] : []));
    expect(first).toMatchObject({ line: 2, detail: 'must be UTF-8 (it looks like windows-1252)' });
    expect(first?.hint).toContain('"encoding": "windows-1252"');
    // Two rows that differ in a byte that is lost are two rows.
    expect(first?.id).not.toBe(second?.id);
    expect(first?.row).not.toBe(second?.row);
  });

  it('is read in the encoding that the mapping or the command names', async () => {
    expect(told(await read(csv({ encoding: 'windows-1252' }), L1))).toEqual(['Müller', 'Möller', 'Maller']);
    expect(told(await read(csv(), L1, 'latin1'))).toEqual(['Müller', 'Möller', 'Maller']);
    // What the command names counts more.
    expect(told(await read(csv({ encoding: 'koi8-r' }), L1, 'latin1'))).toEqual(['Müller', 'Möller', 'Maller']);
  });

  it('is rejected where its first line is not', async () => {
    const bytes = Buffer.from('no;when;K\xe4ufer;total\n', 'latin1');
    await expect(read(csv(), bytes)).rejects.toMatchObject({
      name: 'FileRejected',
      message: expect.stringContaining('must be UTF-8 (it looks like windows-1252)'),
    });
  });

  it('has a row that is UTF-8 quarantined where another encoding was named', async () => {
    const items = await read(csv({ encoding: 'windows-1252' }), 'no,when,mail,total\n1,2024-01-05,Müller,10.00\n');
    expect(told(items)).toEqual(['not-in-encoding #/row']);
  });

  it('closes no quote that a row before it opened', async () => {
    const bytes = Buffer.from(
      'no,when,mail,total\n1,2024-01-05,"M,10.00\n2,2024-01-06,M\xf6ller,20.00\n3,2024-01-07,"A",1.00\n',
      'latin1',
    );
    expect(told(await read(csv(), bytes))).toEqual(['row-malformed #/row', 'not-utf-8 #/row', 'A']);
  });

  it('is UTF-16 with a mark', async () => {
    const text = '\ufeffno,when,mail,total\r\n1,2024-01-05,Müller,10.00\r\n';
    expect(told(await read(csv(), Buffer.from(text, 'utf16le')))).toEqual(['Müller']);
    expect(told(await read(csv(), Buffer.from(text, 'utf16le').swap16()))).toEqual(['Müller']);
    expect(told(await read(csv(), text))).toEqual(['Müller']);
  });

  it('cannot be read by a mapping that names an unknown encoding', () => {
    expect(() => csv({ encoding: 'latin-klingon' })).toThrow(/encoding/);
  });
});

describe('a file put together of several', () => {
  const whole = 'no,when,mail,total\n1,2024-01-05,A,10.00\n';

  it('has each row invalid that begins with a byte-order mark, quoted or not, and says why', async () => {
    const rows = ['\ufeff2,2024-01-05,B,1.00', '\ufeff"3",2024-01-05,C,1.00', '4,2024-01-05,D,1.00'];
    const items = await read(csv(), `\ufeff${whole}${rows.join('\n')}\n`);
    expect(told(items)).toEqual(['A', 'row-malformed #/row', 'row-malformed #/row', 'D']);
    const [, second] = items;
    expect(second).toMatchObject({ invalid: { line: 3, detail: 'must not begin with a byte-order mark' } });
    const utf16 = await read(csv(), Buffer.from(`\ufeff${whole}${rows.join('\n')}\n`, 'utf16le'));
    expect(told(utf16)).toEqual(told(items));
  });

  it('is rejected where its first line has two marks', async () => {
    for (const text of [`\ufeff\ufeff${whole}`, `\ufeff\ufeff"no",when,mail,total\n1,2024-01-05,A,10.00\n`])
      await expect(read(csv(), text)).rejects.toThrow(/byte-order mark/);
  });

  it('keeps a mark within a cell, also at the beginning of a line', async () => {
    expect(told(await read(csv(), `${whole}2,2024-01-05,"B\n\ufeffC",1.00\n`))).toEqual(['A', 'B\n\ufeffC']);
  });

  it('says the same of lines of JSON', async () => {
    const line = '{"no":1,"when":"2024-01-05","mail":"A"}\n';
    const items = await read(csv({ format: 'ndjson', data: {} }), `\ufeff${line}\ufeff${line}`);
    expect(told(items)).toEqual(['A', 'row-malformed #/row']);
    expect(items[1]).toMatchObject({ invalid: { detail: 'must not begin with a byte-order mark' } });
    const ours = await read(touchpointsReader(), `\ufeff${line}\ufeff${line}`);
    expect(ours[1]).toMatchObject({ invalid: { detail: 'must not begin with a byte-order mark' } });
  });
});

describe('a column whose name differs by capitals or spaces', () => {
  const mapping = csv({
    identifiers: [
      { namespace: 'userId', column: 'mail' },
      { namespace: 'phone', column: 'tel', aliases: ['Mobile phone'], columnOptional: true, optional: true },
    ],
  });
  const file = (header: string) => `no,when,mail,total${header}\n1,2024-01-05,A,10.00${header === '' ? '' : ',+491'}\n`;

  it.each(['Tel', 'TEL', 'T el', 't\u200bel', 'mobile phone', 'Mobile\u00a0phone', 'Mobile  Phone'])(
    'is not passed over where the mapping lets a file lack it: %j',
    async (name) => {
      await expect(read(mapping, file(`,${name}`))).rejects.toMatchObject({
        name: 'FileRejected',
        message: expect.stringContaining("'tel' or 'Mobile phone'"),
      });
    },
  );

  it('is read where it has one of the names, and may be lacking', async () => {
    for (const name of ['tel', ' tel ', '="tel"', 'Mobile phone'])
      expect(told(await read(mapping, file(`,${name}`)))).toEqual(['A,+491']);
    expect(told(await read(mapping, file('')))).toEqual(['A']);
    expect(told(await read(mapping, file(',other')))).toEqual(['A']);
  });

  it('may be another one that the mapping names too, or stand beside the one that is meant', async () => {
    const both = csv({
      identifiers: [
        { namespace: 'userId', column: 'Mail' },
        { namespace: 'email', column: 'mail', columnOptional: true, optional: true },
      ],
    });
    expect(told(await read(both, 'no,when,Mail,total\n1,2024-01-05,A,10.00\n'))).toEqual(['A']);
    expect(told(await read(csv(), 'no,when,Mail,total,mail\n1,2024-01-05,A,10.00,B\n'))).toEqual(['B']);
  });
});

describe('a column that stands twice', () => {
  const file = 'order,date,mail,total,total\n9001,2024-02-01,dup@x.test,100.00,1.00\n';
  const change = { id: { column: 'order' }, occurredAt: { column: 'date', format: 'yyyy-MM-dd' } };
  const mapping = (column: string) =>
    csv({
      ...change,
      data: {
        orderId: { column: 'order' },
        currency: { value: 'EUR' },
        totalMinor: { column, as: 'money', currency: { value: 'EUR' } },
      },
    });

  it('cannot be mapped', async () => {
    await expect(read(mapping('total'), file)).rejects.toMatchObject({
      name: 'FileRejected',
      message: expect.stringContaining("more than one column 'total'"),
    });
    await expect(
      read(
        csv({ ...change, identifiers: [{ namespace: 'email', column: 'Mail' }], data: {} }),
        'order,date,Mail, Mail \n1,2024-02-01,a@x.test,\n',
      ),
    ).rejects.toThrow(/'Mail'/);
    const named = { csv: { columns: ['no', 'when', 'mail', 'total', 'total'] } };
    await expect(read(csv(named), '1,2024-01-05,a,1.00,2.00\n')).rejects.toThrow(/'total'/);
  });

  it('does no harm where the mapping does not name it', async () => {
    const items = await read(csv({ ...change, data: {} }), file);
    expect(told(items)).toEqual(['dup@x.test']);
  });
});

describe('numbers of an NDJSON file', () => {
  const mapping = {
    ...{ format: 'ndjson', id: { column: 'no' }, source: { value: 'b' }, type: { value: 'order-placed' } },
    occurredAt: { column: 'when' },
    identifiers: [{ namespace: 'userId', column: 'user.id' }],
    data: { orderId: { column: 'no' }, note: { column: 'extra', as: 'json', optional: true } },
  };
  const ndjson = (change: object = {}) => mappedReader(parseMapping({ ...mapping, ...change }));
  const line = (no: string, id: string, more = '') =>
    `{"no":${no},"when":"2026-03-01T10:00:00Z","user":{"id":${id}}${more}}\n`;

  it('keep their digits where a mapping reads them', async () => {
    const items = await read(
      ndjson(),
      line('9007199254740993', '900719925474099301') + line('9007199254740992', '900719925474099302'),
    );
    expect(told(items)).toEqual(['900719925474099301', '900719925474099302']);
    expect(items.map((item) => item.kind === 'touchpoint' && item.touchpoint.data['orderId'])).toEqual([
      '9007199254740993',
      '9007199254740992',
    ]);
  });

  it('keep their digits within a value that is taken as JSON', async () => {
    const [item] = await read(ndjson(), line('1', '2', ',"extra":{"a":12345678901234567890}'));
    expect(item).toMatchObject({ touchpoint: { data: { note: { a: '12345678901234567890' } } } });
  });

  it('make the row invalid where a double cannot hold them', async () => {
    const number = (column: string) => ndjson({ data: { orderId: { column: 'no' }, score: { column, as: 'number' } } });
    const items = await read(
      number('extra'),
      line('1', '2', ',"extra":1e400') + line('2', '2', ',"extra":0.1') + line('3', '2', ',"extra":9007199254740993'),
    );
    expect(told(items)).toEqual(['number-inexact #/row/extra', '2', 'number-inexact #/row/extra']);
  });

  it('have no key twice', async () => {
    const items = await read(
      ndjson(),
      `{"no":1,"when":"2026-03-01T10:00:00Z","user":{"id":1,"id":2}}\n${line('2', '3')}`,
    );
    expect(told(items)).toEqual(['duplicate-key #/row/user/id', '3']);
  });
});

describe('touchpoints in their own form', () => {
  it('are invalid where a key stands twice, a number loses digits, or bytes are not UTF-8', async () => {
    const lines = [
      '{"id":"1","id":"2"}',
      '{"id":"1","data":{"n":9007199254740993}}',
      '{"id":"M\xfcller"}',
      '{"id":"3"}',
      '\ufffd',
    ];
    const items = await read(touchpointsReader(), Buffer.from(lines.join('\n'), 'latin1'));
    expect(items.map((item) => (item.kind === 'invalid' ? item.invalid.code : item.kind))).toEqual([
      'duplicate-key',
      'number-inexact',
      'not-utf-8',
      'touchpoint',
      'not-utf-8',
    ]);
  });
});

describe('a cell that a spreadsheet marked as text', () => {
  it('is that text', async () => {
    const rows = [
      '1,2024-01-05,"=""00123""",10.00',
      "2,2024-01-05,'00123,10.00",
      '3,2024-01-05,\t00123,10.00',
      '="4",2024-01-05,="00123",10.00',
    ];
    const items = await read(csv(), `no,when,mail,total\n${rows.join('\n')}\n`);
    expect(told(items)).toEqual(['00123', '00123', '00123', '00123']);
    expect(items.at(-1)).toMatchObject({ touchpoint: { id: '4', data: { orderId: '4' } } });
  });
});

describe('a file that is not plain text', () => {
  it.each([
    ['a workbook', Buffer.from('504b03041400060008000000', 'hex'), 'spreadsheet workbook'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae10000', 'hex'), 'spreadsheet workbook'],
    ['a PDF', Buffer.from('%PDF-1.7\n'), 'PDF'],
    ['a Parquet file', Buffer.from('PAR1abcdefgh'), 'Parquet'],
    ['an archive of zstd', Buffer.from('28b52ffd00112233', 'hex'), 'packed with zstd'],
    ['an archive of bzip2', Buffer.from('BZh91AY&SY'), 'packed with bzip2'],
    ['an archive of xz', Buffer.from('fd377a585a000000', 'hex'), 'packed with xz'],
    ['a database', Buffer.from('SQLite format 3\0'), 'SQLite database'],
  ])('is rejected by what it is: %s', async (_, bytes, what) => {
    await expect(read(csv(), bytes)).rejects.toThrow(what);
    await expect(read(csv(), gzipSync(bytes))).rejects.toThrow(what);
    await expect(read(touchpointsReader(), bytes)).rejects.toThrow(what);
  });
});

const ROWS = [
  ['no', 'when', 'mail', 'total'],
  ['1', '2024-01-05', 'a', '10.00'],
  ['2', '2024-01-06', 'b', '20.00'],
];
const file = (delimiter: string, end: string): string => ROWS.map((row) => row.join(delimiter) + end).join('');

describe('a CSV file as spreadsheets write it', () => {
  it.each([';', '\t', '|'])('names its delimiter in the first line: sep=%s', async (delimiter) => {
    expect(told(await read(csv(), `sep=${delimiter}\r\n${file(delimiter, '\r\n')}`))).toEqual(['a', 'b']);
    expect(told(await read(csv(), `\ufeff"sep=${delimiter}"\r\n${file(delimiter, '\r\n')}`))).toEqual(['a', 'b']);
  });

  it('keeps a column that is called sep', async () => {
    await expect(read(csv(), 'sep=\n1\n')).rejects.toThrow("its columns are 'sep='");
  });

  it('is rejected where its lines end in CR alone, with how to save it', async () => {
    await expect(read(csv(), file(',', '\r'))).rejects.toMatchObject({
      message: expect.stringContaining('end in CR alone'),
      hint: expect.stringContaining('LF'),
    });
  });
});
