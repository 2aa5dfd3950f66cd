import { readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from '@jest/globals';
import { issueText, type JsonSchema, type ValidationIssue } from '#contracts';
import { mappingSchema } from './mapping-document.js';
import { parseMapping } from './mapping.js';
import { MappingRejected } from './mapping-rejected.js';

const GOOD = {
  source: { value: '/shop' },
  type: { column: 'kind', map: { sale: 'order-placed', back: 'order-returned' } },
  occurredAt: { column: 'date', format: 'dd/MM/yyyy HH:mm', timeZone: 'Europe/London' },
  identifiers: [{ namespace: 'userId', column: 'customer' }],
  data: { orderId: { column: 'order' }, totalMinor: { column: 'amount', as: 'money', currency: { value: 'EUR' } } },
};

function errorsOf(document: unknown): readonly ValidationIssue[] {
  try {
    parseMapping(document);
  } catch (error) {
    if (error instanceof MappingRejected) return error.errors;
    throw error;
  }
  return [];
}

/** A mapping with many mistakes, and what is said of each. */
const ODD = {
  format: 'cvs',
  csv: { delimiter: ';;;;;', quotes: '"' },
  timezone: 'UTC',
  source: 7,
  type: {},
  channel: { value: false },
  occurredAt: 'date',
  identifiers: [{ namespace: '1st', colum: 'customer' }],
  data: {
    price: { column: 'price', as: 'money', currency: {}, rounding: 'refuse' },
    day: { column: 'day', as: 'date', format: 'yyyy-MM', timeZone: 'Berlin' },
    name: { column: 'name', currency: { value: 'EUR' } },
  },
};

const ODD_TEXTS = [
  '`timezone` is not a known field: did you mean timeZone? Otherwise leave it out; known are format, encoding, csv, groupBy, skip, id, source, type, touchpoints, occurredAt, channel, identifiers, data, dataByType, $schema, comment, decimalSeparator, thousandsSeparator, timeZone, locale, yearPivot',
  '`format` must be one of csv, ndjson (got "cvs")',
  '`csv.quotes` is not a known field: did you mean quote? Otherwise leave it out; known are delimiter, quote, columns',
  '`csv.delimiter` must be text of 1 to 4 characters (got ";;;;;"): write ",", ";" or "\\t"',
  '`source` must be text, {"value": …} or {"column": …} (got 7): write {"value": "…"} for a constant, or {"column": "…"}',
  '`occurredAt` must be an object (got "date"): write {"column": "date", "format": "yyyy-MM-dd HH:mm:ss", "timeZone": "Europe/London"}',
  '`channel.value` must be text (got false): write the text in quotes',
  '`identifiers[0].namespace` must be a name of letters, digits, dots and hyphens that begins with a letter (got "1st"): write userId, email, phone, loyaltyCard, anonymousId, deviceId or a namespace of your own',
  '`identifiers[0].colum` is not a known field: did you mean column? Otherwise leave it out; known are column, aliases, columnOptional, columns, separator, prefix, maxLength, as, map, bySign, fallback, default, optional, currency, rounding, sign, format, inGroup, decimalSeparator, thousandsSeparator, timeZone, locale, yearPivot',
  '`data.price.rounding` must be one of reject, half-up (got "refuse")',
  '`data.day.format` must have year, month and day: it has no day (got "yyyy-MM"): write iso, epoch-seconds, epoch-millis, serial-1900, serial-1904, or a pattern such as dd/MM/yyyy HH:mm',
  '`data.day.timeZone` must be an IANA time zone (got "Berlin"): write UTC, Europe/London or the like',
  '`data.name.currency` is only allowed with "as": "money": add "as": "money", or leave it out',
  '`type` must have exactly one of column, columns, rowHash and value: write {"column": "name of the column"}, {"columns": ["shop", "order_id"]}, {"rowHash": true}, or {"value": …} for a constant',
];

describe('a mapping', () => {
  it('is read, with its defaults', () => {
    const column = (name: string) => [{ name, aliases: [], optional: false }];
    const defaults = {
      ...{
        kind: 'column',
        separator: '/',
        prefix: '',
        maxLength: undefined,
        as: 'text',
        map: null,
        bySign: null,
        fallback: null,
      },
      ...{ default: undefined, optional: false, currency: null, rounding: 'reject', sign: 'keep', numbers: {} },
      ...{ dates: { formats: ['iso'], timeZone: 'UTC', locale: 'en', yearPivot: 60 }, inGroup: 'same' },
    };
    expect(parseMapping(GOOD)).toEqual({
      format: 'csv',
      csv: { delimiter: ',', quote: '"', columns: null },
      groupBy: null,
      skip: [],
      id: null,
      source: { kind: 'constant', value: '/shop' },
      touchpoints: [
        {
          when: null,
          id: null,
          suffix: '',
          type: { ...defaults, columns: column('kind'), map: GOOD.type.map },
          occurredAt: {
            ...{ ...defaults, columns: column('date'), as: 'instant' },
            dates: { ...defaults.dates, formats: ['dd/MM/yyyy HH:mm'], timeZone: 'Europe/London' },
          },
          channel: { kind: 'constant', value: 'import' },
          identifiers: [
            {
              namespace: 'userId',
              role: 'self',
              lastResort: false,
              from: { ...defaults, columns: column('customer') },
            },
          ],
          data: {
            orderId: { ...defaults, columns: column('order') },
            totalMinor: {
              ...{ ...defaults, columns: column('amount'), as: 'money' },
              currency: { column: null, value: 'EUR' },
            },
          },
        },
      ],
      dataByType: {},
    });
  });

  it('gives its own time zone, language and separators to values that name none', () => {
    const mapping = parseMapping({
      ...GOOD,
      timeZone: 'Europe/Berlin',
      locale: 'de',
      decimalSeparator: ',',
      data: {
        born: { column: 'born', as: 'date', format: 'dd.MM.yyyy' },
        weight: { column: 'weight', as: 'number' },
        height: { column: 'height', as: 'number', decimalSeparator: '.' },
      },
    });
    const [touchpoint] = mapping.touchpoints;
    expect(touchpoint?.occurredAt.dates).toMatchObject({ timeZone: 'Europe/London', locale: 'de' });
    expect(touchpoint?.data['born']).toMatchObject({ dates: { timeZone: 'Europe/Berlin' } });
    expect(touchpoint?.data['weight']).toMatchObject({ numbers: { decimalSeparator: ',' } });
    expect(touchpoint?.data['height']).toMatchObject({ numbers: { decimalSeparator: '.' } });
  });

  it('is rejected with everything that is wrong with it at once', () => {
    const errors = errorsOf({
      ...GOOD,
      type: undefined,
      occurredAt: { column: 'date', format: 'soon', timeZone: 'Mars/Base' },
      identifiers: [{ namespace: 'userId', column: 'customer', role: 'friend' }],
      data: { orderId: 'order', totalMinor: { column: 'amount', as: 'money' } },
      colour: 'red',
    });
    expect(errors.map((error) => error.pointer).sort()).toEqual([
      '#/colour',
      '#/data/orderId',
      '#/data/totalMinor/currency',
      '#/identifiers/0/role',
      '#/occurredAt/format',
      '#/occurredAt/timeZone',
      '#/type',
    ]);
    for (const error of errors) {
      expect(error.detail).not.toBe('');
      expect(error.hint).not.toBe('');
    }
  });

  it.each([
    [null, '#'],
    [[], '#'],
    [{ ...GOOD, identifiers: [] }, '#/identifiers'],
    [{ ...GOOD, identifiers: [{ namespace: 'userId', column: 'a', role: 'referee' }] }, '#/identifiers'],
    [{ ...GOOD, id: {} }, '#/id'],
    [{ ...GOOD, csv: { delimiter: '' } }, '#/csv/delimiter'],
    [{ ...GOOD, format: 'xml' }, '#/format'],
    [{ ...GOOD, data: { a: { column: 'x', as: 'roman' } } }, '#/data/a/as'],
    [{ ...GOOD, data: { a: { column: 'x', format: 'iso' } } }, '#/data/a/format'],
    [{ ...GOOD, dataByType: { 'order-placed': 1 } }, '#/dataByType/order-placed'],
    [{ ...GOOD, occurredAt: { column: 'd', format: 'yyyy' } }, '#/occurredAt/format'],
    [{ ...GOOD, source: { value: true } }, '#/source/value'],
    [{ ...GOOD, data: { lines: [{ sku: { column: 'sku', map: 'A' } }] } }, '#/data/lines/0/sku/map'],
    [{ ...GOOD, occurredAt: { column: 'd', format: 'yyyy-MM-dd HH:mm:ss XX' } }, '#/occurredAt/format'],
    [{ ...GOOD, occurredAt: { column: 'd', format: ['iso', 'YYYY-MM-DD'] } }, '#/occurredAt/format/1'],
    [{ ...GOOD, occurredAt: { column: 'd', locale: 'klingon!' } }, '#/occurredAt/locale'],
    [{ ...GOOD, data: { a: { column: 'x', yearPivot: 50 } } }, '#/data/a/yearPivot'],
    [{ ...GOOD, data: { a: { column: 'x', sign: 'negate' } } }, '#/data/a/sign'],
    [{ ...GOOD, data: { a: { column: 'x', inGroup: 'sum' } } }, '#/data/a/inGroup'],
    [{ ...GOOD, data: { a: { column: 'x', aliases: [] } } }, '#/data/a/aliases'],
    [{ ...GOOD, data: { a: { column: 'x', fallback: { colunm: 'y' } } } }, '#/data/a/fallback/colunm'],
    [{ ...GOOD, decimalSeparator: ';' }, '#/decimalSeparator'],
    [{ ...GOOD, decimalSeparator: ',', thousandsSeparator: ',' }, '#/thousandsSeparator'],
    [{ ...GOOD, groupBy: {} }, '#/groupBy'],
    [{ ...GOOD, groupBy: { column: 'a', columns: ['b'] } }, '#/groupBy'],
    [{ ...GOOD, skip: { column: 'a' } }, '#/skip'],
    [{ ...GOOD, skip: { present: true } }, '#/skip'],
    [{ ...GOOD, skip: [{ column: 'a', equals: 'b' }, { any: [{ column: 'a', above: 1 }] }] }, '#/skip/1/any/0/above'],
    [{ ...GOOD, touchpoints: [] }, '#/type'],
    [
      { ...GOOD, type: undefined, touchpoints: [{ type: 'a' }, { type: 'b' }, { type: 'b' }] },
      '#/touchpoints/2/suffix',
    ],
    [{ ...GOOD, type: undefined, occurredAt: undefined, touchpoints: [{ type: 'a' }] }, '#/touchpoints/0/occurredAt'],
    [
      { ...GOOD, type: undefined, touchpoints: [{ type: 'a', when: { column: 'x', is: 1 } }] },
      '#/touchpoints/0/when/is',
    ],
    [{ ...GOOD, data: { lines: { eachRow: { sku: 'x' } } } }, '#/data/lines/eachRow/sku'],
    [{ ...GOOD, data: { 'a/b': { colum: 'x', column: 'y' } } }, '#/data/a~1b/colum'],
  ])('%j is rejected at %s', (document, pointer) => {
    expect(errorsOf(document).map((error) => error.pointer)).toContain(pointer);
  });

  it('says for each issue what is wrong, where, and how to fix it', () => {
    const texts = (document: unknown) => errorsOf(document).map((issue) => issueText(issue));
    expect(texts({ ...GOOD, ...ODD })).toEqual(ODD_TEXTS);
    expect(texts([])).toEqual(['the document must be an object, not a list']);
    expect(texts({ ...GOOD, format: 'ndjson', csv: {}, id: { column: 'a', rowHash: true } })).toEqual([
      '`csv` is not allowed with "format": "ndjson": leave it out, or set "format": "csv"',
      '`id` must have exactly one of column, columns and rowHash: write {"column": "order_id"}, {"columns": ["shop", "order_id"]} or {"rowHash": true}',
    ]);
  });
});

/** The properties of a part of the schema. */
function namesIn(schema: JsonSchema): readonly string[] {
  return Object.keys(schema['properties'] as object);
}

describe('the JSON Schema of a mapping', () => {
  const schema = mappingSchema();
  const validate = new Ajv({ strict: false, formats: { 'iso-4217': true } }).compile(schema);
  const document = readFileSync(new URL('../../../docs/importing.md', import.meta.url), 'utf8');

  it('accepts what the parser accepts, and rejects what has no valid structure', () => {
    expect(validate(GOOD)).toBe(true);
    expect(validate(JSON.parse(/```json\n([\s\S]*?)```/.exec(document)?.[1] ?? '{}'))).toBe(true);
    expect(validate({ ...GOOD, colour: 'red' })).toBe(false);
    expect(validate({ ...GOOD, data: { a: { column: 'x', as: 'roman' } } })).toBe(false);
    expect(validate({ ...GOOD, data: { a: [{ b: 'bare' }] } })).toBe(false);
  });

  it('in docs/ is up to date: npm run mapping-schema writes it', () => {
    const file = new URL('../../../docs/mapping.schema.json', import.meta.url);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(schema);
  });

  it('has a row in docs/importing.md for each of its fields', () => {
    const { definitions } = schema as { readonly definitions: { readonly column: JsonSchema } };
    for (const name of [...namesIn(schema), ...namesIn(definitions.column)])
      if (name !== '$schema' && name !== 'comment') expect(document).toMatch(new RegExp(`^\\| [^|]*\`${name}\``, 'm'));
  });
});
