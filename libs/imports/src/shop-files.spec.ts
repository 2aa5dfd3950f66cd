import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { validateEnvelope, validateTouchpointData } from '#contracts';
import { mappedReader } from './mapped-reader.js';
import { parseMapping } from './mapping.js';
import { shuffled } from './shuffle.js';
import { readText } from './testdata/read-file.js';

/** Files as shops write them: several rows to an order, refunds, and dates and amounts of all sorts. */

const read = (rows: readonly string[], mapping: unknown) =>
  readText(rows.join('\n'), mappedReader(parseMapping(mapping)));

const MAIL = [{ namespace: 'email', column: 'mail' }];
const EUR = { value: 'EUR' };

/** The mapping that faults were found with, and a change of it. */
const simple = (change: object) => ({
  id: { column: 'no' },
  source: { value: 's' },
  type: { value: 'order-placed' },
  occurredAt: { column: 'when', format: 'yyyy-MM-dd' },
  identifiers: MAIL,
  data: {
    orderId: { column: 'no' },
    currency: EUR,
    totalMinor: { column: 'total', as: 'money', currency: EUR },
  },
  ...change,
});

describe('several rows of one order', () => {
  const SHOP = {
    source: 'shop',
    groupBy: { column: 'Name' },
    type: 'order-placed',
    occurredAt: { column: 'Created at', format: 'yyyy-MM-dd HH:mm:ss Z' },
    identifiers: [{ namespace: 'email', column: 'Email' }],
    data: {
      orderId: { column: 'Name' },
      currency: { column: 'Currency' },
      totalMinor: { column: 'Total', as: 'money', currency: { column: 'Currency' } },
      lines: {
        eachRow: {
          sku: { column: 'Lineitem sku' },
          quantity: { column: 'Lineitem quantity', as: 'integer' },
          unitPriceMinor: { column: 'Lineitem price', as: 'money', currency: EUR },
        },
      },
    },
  };
  const HEADER = 'Name,Email,Currency,Total,Created at,Lineitem quantity,Lineitem price,Lineitem sku';
  const FIRST = '#2001,rosa@shop.test,usd,50.00,2024-03-05 14:22:09 -0500,2,10.00,TEA-1';
  const SECOND = '#2001,rosa@shop.test,,,2024-03-05 14:22:09 -0500,1,25.00,POT-1';
  const OTHER = '#2002,tom@shop.test,USD,5.00,2024-07-05 14:22:09 -0400,1,5.00,TEA-2';
  const ORDER = {
    id: '#2001',
    occurredAt: '2024-03-05T19:22:09Z',
    data: {
      orderId: '#2001',
      currency: 'USD',
      totalMinor: 5000,
      lines: [
        { sku: 'TEA-1', quantity: 2, unitPriceMinor: 1000 },
        { sku: 'POT-1', quantity: 1, unitPriceMinor: 2500 },
      ],
    },
  };

  it('are one order with its lines, and amounts are taken once', async () => {
    const { touchpoints, invalid } = await read([HEADER, FIRST, SECOND, OTHER], SHOP);
    expect(invalid).toEqual([]);
    expect(touchpoints).toHaveLength(2);
    expect(touchpoints[0]).toMatchObject(ORDER);
    expect(touchpoints[1]).toMatchObject({ id: '#2002', occurredAt: '2024-07-05T18:22:09Z' });
  });

  it('need not follow one another', async () => {
    const { touchpoints } = await read([HEADER, FIRST, OTHER, SECOND], SHOP);
    expect(touchpoints.map(({ id }) => id)).toEqual(['#2002', '#2001']);
    expect(touchpoints[1]).toMatchObject(ORDER);
  });

  it('give the same orders in any order of the rows, each once', async () => {
    const rows = Array.from({ length: 12 }, (_, order) =>
      Array.from({ length: 1 + (order % 4) }, (__, line) =>
        line === 0
          ? `#${order},c${order}@shop.test,EUR,${order}.50,2024-03-05 14:22:09 Z,1,1.00,S-${line}`
          : `#${order},,,,,1,1.00,S-${line}`,
      ),
    ).flat();
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 1000 }), async (seed) => {
        const { touchpoints, invalid } = await read([HEADER, ...shuffled(rows, seed)], SHOP);
        expect(invalid).toEqual([]);
        expect(touchpoints.map(({ id }) => id).sort()).toEqual(Array.from({ length: 12 }, (_, at) => `#${at}`).sort());
        for (const { data, id } of touchpoints)
          expect(data).toMatchObject({
            totalMinor: Number(id.slice(1)) * 100 + 50,
            lines: { length: 1 + (Number(id.slice(1)) % 4) },
          });
      }),
      { numRuns: 25 },
    );
  });

  it('that hold other values in one column are reported, with the row and the column', async () => {
    const { touchpoints, invalid } = await read(
      [HEADER, FIRST, '#2001,rosa@shop.test,USD,49.00,2024-03-05 14:22:09 -0500,1,25.00,POT-1', OTHER],
      SHOP,
    );
    expect(touchpoints.map(({ id }) => id)).toEqual(['#2002']);
    expect(invalid).toMatchObject([{ line: 2, code: 'values-differ', pointer: '#/row/1/Total' }]);
    expect(invalid[0]?.row).toHaveLength(2);
  });

  it('of which one cannot be read are quarantined as a whole, with the place of the fault', async () => {
    const { touchpoints, invalid } = await read([HEADER, FIRST, SECOND.replace(',1,', ',one,')], SHOP);
    expect(touchpoints).toEqual([]);
    expect(invalid).toMatchObject([
      {
        line: 2,
        code: 'value-malformed',
        pointer: '#/row/1/Lineitem%20quantity',
        identifiers: [{ value: 'rosa@shop.test' }],
      },
    ]);
  });

  it('may take the first, the last or the sum of a column', async () => {
    const rows = [
      'no,when,mail,total,state',
      'A,2024-01-01,a@x.test,10.00,new',
      'A,2024-01-01,a@x.test,2.50,sent',
      'A,2024-01-01,,,',
    ];
    const { touchpoints } = await read(
      rows,
      simple({
        groupBy: { column: 'no' },
        id: undefined,
        data: {
          orderId: { column: 'no' },
          currency: EUR,
          totalMinor: { column: 'total', as: 'money', currency: EUR, inGroup: 'sum' },
          first: { column: 'state', inGroup: 'first' },
          last: { column: 'state', inGroup: 'last' },
        },
      }),
    );
    expect(touchpoints).toMatchObject([{ id: 'A', data: { totalMinor: 1250, first: 'new', last: 'sent' } }]);
  });

  it('may leave out even the number of the order, where the mapping says that they go on', async () => {
    const rows = [HEADER, FIRST, ',,,,,1,25.00,POT-1', OTHER];
    const strict = await read(rows, SHOP);
    expect(strict.invalid).toMatchObject([{ line: 3, code: 'value-missing', pointer: '#/row/Name' }]);
    const { touchpoints } = await read(rows, { ...SHOP, groupBy: { column: 'Name', blank: 'continues' } });
    expect(touchpoints[0]).toMatchObject(ORDER);
  });

  it('that are the same in every cell are lines of their own, or one, as the mapping says', async () => {
    const rows = [HEADER, FIRST, SECOND, FIRST, SECOND];
    const lines = async (identicalRows: string) => {
      const { touchpoints, report } = await read(rows, { ...SHOP, groupBy: { column: 'Name', identicalRows } });
      return [(touchpoints[0]?.data['lines'] as unknown[]).length, [...report.notices.values()]];
    };
    expect(await lines('keep')).toEqual([4, []]);
    expect(await lines('once')).toEqual([2, [2]]);
  });

  it('may have items only for rows that meet a condition', async () => {
    const { touchpoints } = await read([HEADER, FIRST, '#2001,,,,,,,'], {
      ...SHOP,
      data: {
        ...SHOP.data,
        lines: { ...SHOP.data.lines, when: { column: 'Lineitem sku', present: true } },
      },
    });
    expect(touchpoints[0]?.data['lines']).toHaveLength(1);
  });
});

describe('several touchpoints of one row', () => {
  const ROWS = [
    'no,when,mail,total,refunded,cancelled',
    'A,2024-01-01,a@x.test,10.00,4.00,',
    'B,2024-01-02,b@x.test,5.00,0.00,2024-01-09',
    'C,2024-01-03,c@x.test,6.00,,',
  ];
  const MAPPING = {
    id: { column: 'no' },
    source: 's',
    occurredAt: { column: 'when', format: 'yyyy-MM-dd' },
    identifiers: MAIL,
    data: { orderId: { column: 'no' } },
    touchpoints: [
      { type: 'order-placed', data: { currency: EUR, totalMinor: { column: 'total', as: 'money', currency: EUR } } },
      {
        type: 'order-returned',
        when: { column: 'refunded', greaterThan: 0 },
        data: { amountMinor: { column: 'refunded', as: 'money', currency: EUR } },
      },
      {
        type: 'order-cancelled',
        when: [{ column: 'cancelled', present: true }, { not: { column: 'refunded', greaterThan: 0 } }],
        occurredAt: { column: 'cancelled', format: 'yyyy-MM-dd' },
      },
    ],
  };

  it('each come where their condition holds, with an id each', async () => {
    const { touchpoints, invalid } = await read(ROWS, MAPPING);
    expect(invalid).toEqual([]);
    expect(touchpoints.map(({ id, type, occurredAt, data }) => [id, type, occurredAt.slice(0, 10), data])).toEqual([
      ['A', 'order-placed', '2024-01-01', { orderId: 'A', currency: 'EUR', totalMinor: 1000 }],
      ['A/order-returned', 'order-returned', '2024-01-01', { orderId: 'A', amountMinor: 400 }],
      ['B', 'order-placed', '2024-01-02', { orderId: 'B', currency: 'EUR', totalMinor: 500 }],
      ['B/order-cancelled', 'order-cancelled', '2024-01-09', { orderId: 'B' }],
      ['C', 'order-placed', '2024-01-03', { orderId: 'C', currency: 'EUR', totalMinor: 600 }],
    ]);
    for (const touchpoint of touchpoints) {
      expect(validateEnvelope(touchpoint)).toMatchObject({ ok: true });
      expect(validateTouchpointData(touchpoint.type, 1, touchpoint.data)).toMatchObject({ ok: true });
    }
  });

  it('leave the ids of a mapping with one touchpoint as they were', async () => {
    const { touchpoints, ...one } = MAPPING;
    const before = await read(ROWS, { ...one, type: 'order-placed', data: { ...one.data, ...touchpoints[0]?.data } });
    const after = await read(ROWS, MAPPING);
    expect(after.touchpoints).toEqual(expect.arrayContaining([...before.touchpoints]));
  });

  it('are read as a whole or not at all', async () => {
    const { touchpoints, invalid } = await read([ROWS[0] ?? '', 'A,2024-01-01,a@x.test,10.00,4.001,'], MAPPING);
    expect(touchpoints).toEqual([]);
    expect(invalid).toMatchObject([{ code: 'money-inexact', pointer: '#/row/refunded' }]);
  });

  it('may be none: such rows are counted', async () => {
    const none = { ...MAPPING, touchpoints: [{ ...MAPPING.touchpoints[0], when: { column: 'total', atLeast: 6 } }] };
    const { touchpoints, report } = await read(ROWS, none);
    expect(touchpoints.map(({ id }) => id)).toEqual(['A', 'C']);
    expect([...report.notices]).toEqual([['rows that no touchpoint was made of, as "when" says', 1]]);
  });

  it('with the same id at last make the row invalid', async () => {
    const twice = MAPPING.touchpoints.map((each) => ({ ...each, when: undefined, id: { column: 'no' } }));
    const { invalid } = await read(ROWS.slice(0, 2), {
      ...MAPPING,
      touchpoints: twice.slice(0, 1).concat(twice.slice(0, 1)),
    });
    expect(invalid).toMatchObject([{ code: 'id-repeated' }]);
  });
});

describe('rows passed over', () => {
  it('are blank, or meet a condition of the mapping, and these are counted', async () => {
    const rows = [
      'no;when;mail;total',
      'A;2024-01-01;a@x.test;10',
      ';;;',
      '  ; ;;',
      'Summe;;;10',
      'T;2024-01-01;test@shop.test;1',
      ';;;;',
    ];
    const { touchpoints, invalid, report } = await read(
      rows,
      simple({
        csv: { delimiter: ';' },
        skip: [
          { column: 'no', in: ['summe', 'total'], ignoreCase: true },
          {
            all: [
              { column: 'mail', startsWith: 'test@' },
              { column: 'total', lessThan: 5 },
            ],
          },
        ],
      }),
    );
    expect(touchpoints.map(({ id }) => id)).toEqual(['A']);
    expect(invalid).toEqual([]);
    expect([...report.notices]).toEqual([['rows passed over, as "skip" says', 2]]);
  });

  it('cannot be told by a number that is none: such a row is invalid', async () => {
    const { invalid } = await read(
      ['no,when,mail,total', 'A,2024-01-01,a@x.test,n/a'],
      simple({ skip: { column: 'total', lessThan: 1 } }),
    );
    expect(invalid).toMatchObject([{ code: 'value-malformed', pointer: '#/row/total' }]);
  });
});

describe('refunds', () => {
  const ROWS = [
    'order,when,mail,kind,total',
    'R1,2026-01-10,r@x.test,sale,100.00',
    'R1,2026-01-15,r@x.test,refund,-100.00',
  ];
  const mapping = (type: object, change: object = {}) => ({
    source: 's',
    type,
    occurredAt: { column: 'when', format: 'yyyy-MM-dd' },
    identifiers: MAIL,
    data: { orderId: { column: 'order' } },
    dataByType: {
      'order-placed': { currency: EUR, totalMinor: { column: 'total', as: 'money', currency: EUR } },
      'order-returned': { amountMinor: { column: 'total', as: 'money', currency: EUR, ...change } },
    },
  });
  const amounts = async (document: unknown, rows = ROWS) => {
    const { touchpoints, invalid } = await read(rows, document);
    return [
      ...touchpoints.map(({ type, data }) => [type, data['totalMinor'] ?? data['amountMinor']]),
      ...invalid.map(({ code }) => code),
    ];
  };

  it.each(['negate', 'absolute'])('written negative are turned by the sign %s', async (sign) => {
    const type = { column: 'kind', map: { sale: 'order-placed', refund: 'order-returned' } };
    expect(await amounts(mapping(type, { sign }))).toEqual([
      ['order-placed', 10000],
      ['order-returned', 10000],
    ]);
  });

  it('are told by the sign of the amount, however it is written', async () => {
    const type = { column: 'total', bySign: { positive: 'order-placed', negative: 'order-returned' } };
    const rows = [
      ...ROWS,
      'R2,2026-01-16,r@x.test,,(1.00)',
      'R3,2026-01-16,r@x.test,,2.00-',
      'R4,2026-01-16,r@x.test,,0.00',
      'R5,2026-01-16,r@x.test,,x',
    ];
    expect(await amounts(mapping(type, { sign: 'absolute' }), rows)).toEqual([
      ['order-placed', 10000],
      ['order-returned', 10000],
      ['order-returned', 100],
      ['order-returned', 200],
      ['order-placed', 0],
      'value-malformed',
    ]);
  });

  it('of a sign that the mapping has no value for are invalid', async () => {
    const type = { column: 'total', bySign: { positive: 'order-placed' } };
    expect(await amounts(mapping(type))).toEqual([['order-placed', 10000], 'value-unknown']);
  });
});

describe('values as shops write them', () => {
  it('have a decimal comma, thousands, and the currency beside the amount', async () => {
    const rows = [
      'no;when;mail;total',
      'A;2024-01-01;a@x.test;1.234,50',
      'B;2024-01-01;a@x.test;12,00 \u20ac',
      'C;2024-01-01;a@x.test;EUR 7',
      'D;2024-01-01;a@x.test;1.234',
    ];
    const { touchpoints, invalid } = await read(rows, simple({ csv: { delimiter: ';' }, decimalSeparator: ',' }));
    expect(touchpoints.map(({ data }) => data['totalMinor'])).toEqual([123450, 1200, 700, 123400]);
    expect(invalid).toEqual([]);
  });

  it('have the currency in small letters, for the amount and for the touchpoint', async () => {
    const rows = [
      'no,when,mail,total,cur',
      'A,2024-01-01,a@x.test,19.99,usd',
      'B,2024-01-01,a@x.test,1200,jpy',
      'C,2024-01-01,a@x.test,1,euro',
    ];
    const currency = { column: 'cur' };
    const { touchpoints, invalid } = await read(
      rows,
      simple({ data: { orderId: { column: 'no' }, currency, totalMinor: { column: 'total', as: 'money', currency } } }),
    );
    expect(touchpoints.map(({ data }) => [data['currency'], data['totalMinor']])).toEqual([
      ['USD', 1999],
      ['JPY', 1200],
    ]);
    expect(invalid).toMatchObject([{ code: 'currency-malformed', pointer: '#/row/cur' }]);
  });

  it('have dates with offsets of summer and winter, names of months, AM and PM, and years of two digits', async () => {
    const formats = ['yyyy-MM-dd HH:mm:ss Z', 'd. MMMM yyyy', 'M/d/yy h:mm a', 'serial-1900'];
    const times = [
      '2024-01-05 14:22:09 +0100',
      '2024-07-05 14:22:09 +02:00',
      '5. M\u00e4rz 2024',
      '3/5/24 2:22 PM',
      '45356,5',
    ];
    const rows = ['no;when;mail;total', ...times.map((time, at) => `${at};${time};a@x.test;1`)];
    const { touchpoints, invalid } = await read(
      rows,
      simple({
        csv: { delimiter: ';' },
        timeZone: 'Europe/Berlin',
        locale: 'de',
        occurredAt: { column: 'when', format: formats },
      }),
    );
    expect(invalid).toEqual([]);
    expect(touchpoints.map(({ occurredAt }) => occurredAt)).toEqual([
      '2024-01-05T13:22:09Z',
      '2024-07-05T12:22:09Z',
      '2024-03-04T23:00:00Z',
      '2024-03-05T13:22:00Z',
      '2024-03-05T11:00:00Z',
    ]);
  });

  it('are a date of their own day, in whatever zone', async () => {
    const rows = [
      'no,when,mail,total,born',
      'A,2024-01-01,a@x.test,1,2024-03-05',
      'B,2024-01-01,a@x.test,1,2024-03-05T23:30:00Z',
    ];
    const born = { column: 'born', as: 'date', timeZone: 'Europe/Berlin' };
    const { touchpoints } = await read(rows, simple({ data: { orderId: { column: 'no' }, born } }));
    expect(touchpoints.map(({ data }) => data['born'])).toEqual(['2024-03-05', '2024-03-06']);
  });

  it('are whole numbers with decimals of zero and with groups', async () => {
    const rows = [
      'no;when;mail;total;n',
      'A;2024-01-01;a@x.test;1;2,00',
      'B;2024-01-01;a@x.test;1;1.200',
      'C;2024-01-01;a@x.test;1;2,5',
      'D;2024-01-01;a@x.test;1;(3)',
    ];
    const { touchpoints, invalid } = await read(
      rows,
      simple({ csv: { delimiter: ';' }, decimalSeparator: ',', data: { n: { column: 'n', as: 'integer' } } }),
    );
    expect(touchpoints.map(({ data }) => data['n'])).toEqual([2, 1200, -3]);
    expect(invalid).toMatchObject([{ code: 'value-malformed', pointer: '#/row/n' }]);
  });
});

describe('a file without numbers of orders', () => {
  const rows = ['customer,date,amount', 'Ann,2024-01-01,10', 'Ann,2024-01-01,10', 'Bob,2024-01-02,5'];
  const mapping = (orderId: object) => ({
    source: 's',
    type: 'order-placed',
    occurredAt: { column: 'date' },
    identifiers: [{ namespace: 'userId', column: 'customer' }],
    data: { orderId, currency: EUR, totalMinor: { column: 'amount', as: 'money', currency: EUR } },
  });

  it('takes them from a hash of the row: two equal rows are two orders', async () => {
    const { touchpoints, invalid } = await read(rows, mapping({ rowHash: true, prefix: 'order-' }));
    expect(invalid).toEqual([]);
    const ids = touchpoints.map(({ data }) => String(data['orderId']));
    expect(new Set(ids).size).toBe(3);
    expect(ids[0]).toBe(`order-${touchpoints[0]?.id}`);
    const again = await read(rows, mapping({ rowHash: true, prefix: 'order-' }));
    expect(again.touchpoints).toEqual(touchpoints);
  });

  it('or from several columns together', async () => {
    const { touchpoints } = await read(rows, mapping({ columns: ['customer', 'date'], separator: ' ', prefix: 'x-' }));
    expect(touchpoints.map(({ data }) => data['orderId'])).toEqual([
      'x-Ann 2024-01-01',
      'x-Ann 2024-01-01',
      'x-Bob 2024-01-02',
    ]);
  });
});

describe('columns that files name in several ways', () => {
  const mapping = simple({
    occurredAt: { column: 'Created', aliases: ['when'], format: 'yyyy-MM-dd' },
    identifiers: [
      { namespace: 'email', column: 'mail', optional: true },
      { namespace: 'phone', column: 'phone', columnOptional: true, optional: true },
      { namespace: 'guest', column: 'no', prefix: 's/', lastResort: true },
    ],
    channel: {
      column: 'paid by',
      columnOptional: true,
      fallback: { column: 'channel', columnOptional: true },
      default: 'web',
    },
  });

  it('are found by any of their names, and some may be absent', async () => {
    const { touchpoints } = await read(
      ['no,when,mail,total', 'A,2024-01-01,ann@shop.test,1', 'B,2024-01-01,,1'],
      mapping,
    );
    expect(touchpoints.map(({ identifiers, channel }) => [identifiers, channel])).toEqual([
      [[{ namespace: 'email', value: 'ann@shop.test', role: 'self' }], 'web'],
      [[{ namespace: 'guest', value: 's/B', role: 'self' }], 'web'],
    ]);
    const other = await read(['no,Created,mail,total,phone,channel', 'A,2024-01-01,,1,+4915112345678,till'], mapping);
    expect(other.touchpoints).toMatchObject([{ identifiers: [{ namespace: 'phone' }], channel: 'till' }]);
  });

  it('are named in the message where the file has none of them', async () => {
    await expect(read(['no,date,mail,total', 'A,2024-01-01,a@x.test,1'], mapping)).rejects.toThrow(
      "no column 'Created' or 'when'",
    );
  });
});
