import {
  AnyObject,
  AnyOf,
  Anything,
  AnyText,
  Currency,
  Default,
  Describe,
  documentReader,
  Flag,
  Hint,
  ListOf,
  MapOf,
  Matching,
  Must,
  OneOf,
  Optional,
  OrNull,
  Part,
  printable,
  Text,
  type DocumentRule,
  type JsonSchema,
  type Role,
} from '#contracts';
import { isTimeZone } from '#lifecycle';
import { ENCODING_NAMES, encodingOf } from './encodings/encoding.js';
import { dateParser } from './date-format.js';
import type { Rounding } from './money.js';

/** The mapping document, as docs/importing.md describes it and as a person writes it. `parseMapping` makes a `Mapping` of it. */

const VALUE_TYPES = ['text', 'integer', 'number', 'boolean', 'money', 'date', 'instant', 'json'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

const ROLES = ['self', 'referee', 'recipient', 'actor'] as const satisfies readonly Role[];
const NAME_MAX = 500;

/** The same value for every row. */
class ConstantDocument {
  @Describe('the constant itself')
  @Anything()
  value!: unknown;
}

/** The currency of an amount: the same for every row, or read from a column. */
class CurrencyDocument {
  @Describe('the code of the currency')
  @Currency()
  @Optional()
  value?: string;

  @Describe('the column that holds the code of the currency')
  @Text(NAME_MAX)
  @Optional()
  column?: string;
}

/** A value that is read from a column. */
class ColumnDocument {
  @Describe('name of the column; in NDJSON also a path such as `customer.id`')
  @Hint('write {"column": "name of the column"}, or {"value": …} for a constant')
  @Text(NAME_MAX)
  column!: string;

  @Describe('what the text of the cell is')
  @OneOf(...VALUE_TYPES)
  @Default('text')
  as!: ValueType;

  @Describe('the value for each text of the column; any other text makes the row invalid, unless there is a `default`')
  @Hint('write {"text of the column": "value"}')
  @MapOf(Anything())
  @Optional()
  map?: Readonly<Record<string, unknown>>;

  @Describe('the value where the cell is empty, or its text is not in `map`')
  @Anything()
  @Optional()
  default?: unknown;

  @Describe('whether the cell may be empty; the field is then left out')
  @Flag()
  @Default(false)
  optional!: boolean;

  @Describe('of `money`: `{"value": "EUR"}`, or `{"column": …}`')
  @Part(() => CurrencyDocument)
  @Optional()
  currency?: CurrencyDocument;

  @Describe('of `money`, for an amount that is not a whole number of minor units: `reject` it, or round it `half-up`')
  @OneOf('reject', 'half-up')
  @Default('reject')
  rounding!: Rounding;

  @Describe(
    'of `date` and `instant`: `iso`, `epoch-seconds`, `epoch-millis`, or a pattern of `yyyy MM M dd d HH H mm ss SSS`',
  )
  @Text(100)
  @Optional()
  format?: string;

  @Describe('of `date` and `instant`: IANA time zone of dates without an offset; by default that of the mapping')
  @Text(100)
  @Optional()
  timeZone?: string;
}

/** What an identifier is; the value beside it is a constant or a column. */
class IdentifierDocument {
  @Describe('namespace of the identifier')
  @Must('a name of letters, digits, dots and hyphens that begins with a letter')
  @Hint('write userId, email, phone, loyaltyCard, anonymousId, deviceId or a namespace of your own')
  @Matching('^[A-Za-z][\\w.-]{0,63}$', 64, 'a name')
  namespace!: string;

  @Describe('the part that the person with this identifier has in the touchpoint; `self` is the customer')
  @OneOf(...ROLES)
  @Default('self')
  role!: Role;
}

class CsvDialectDocument {
  @Describe('what separates the cells')
  @Hint('write ",", ";" or "\\t"')
  @Text(4)
  @Default(',')
  delimiter!: string;

  @Describe('what encloses a cell that contains the delimiter; null where cells are never quoted')
  @OrNull(Text(1))
  @Default('"')
  quote!: string | null;

  @Describe('names of the columns in their order, where the first line does not hold them')
  @ListOf(AnyText(), 1)
  @Optional()
  columns?: readonly string[];
}

/** Exactly one of its fields is given. */
class RowIdDocument {
  @Describe('the column with the id')
  @Text(NAME_MAX)
  @Optional()
  column?: string;

  @Describe('columns that together are unique')
  @ListOf(Text(NAME_MAX), 1)
  @Optional()
  columns?: readonly string[];

  @Describe('true for a hash of the row and its ordinal among identical rows')
  @Flag()
  @Optional()
  rowHash?: boolean;
}

/** Text, a constant or a column. */
function TextSource(): PropertyDecorator {
  const decorators = [
    Must('text, {"value": …} or {"column": …}'),
    Hint('write {"value": "…"} for a constant, or {"column": "…"}'),
    AnyOf(Text(NAME_MAX), AnyObject()),
  ];
  return (target, key) => {
    for (const decorator of decorators) decorator(target, key);
  };
}

class MappingDocument {
  @Describe('format of the file')
  @OneOf('csv', 'ndjson')
  @Default('csv')
  format!: 'csv' | 'ndjson';

  @Describe(
    'encoding of the text, by a label of the Encoding Standard: windows-1252, latin1, shift_jis, utf-16le, …; by default utf-8. A byte-order mark counts more',
  )
  @Text(40)
  @Optional()
  encoding?: string;

  @Describe('how the CSV is written: `delimiter`, `quote` and `columns`')
  @Part(() => CsvDialectDocument)
  @Optional()
  csv?: CsvDialectDocument;

  @Describe('IANA time zone of dates without an offset')
  @Text(100)
  @Default('UTC')
  timeZone!: string;

  @Describe(
    'the id of a row: `{"column": …}`, `{"columns": […]}`, or by default `{"rowHash": true}`: a hash of the row and its ordinal among identical rows',
  )
  @Part(() => RowIdDocument)
  @Optional()
  id?: RowIdDocument;

  @Describe('the system that reports the touchpoints; source and id together identify a touchpoint')
  @TextSource()
  source!: string | object;

  @Describe('the type: one of the catalogue, or a registered one')
  @TextSource()
  type!: string | object;

  @Describe('the column with the time of the touchpoint, and its `format`')
  @Hint('write {"column": "date", "format": "yyyy-MM-dd HH:mm:ss", "timeZone": "Europe/London"}')
  @AnyObject()
  occurredAt!: object;

  @Describe('the channel')
  @TextSource()
  @Default('import')
  channel!: string | object;

  @Describe('the identifiers, at least one of them of the customer; a row that fills none of these is quarantined')
  @Hint('write [{"namespace": "userId", "column": "customer"}]')
  @ListOf(AnyObject(), 1, 100)
  identifiers!: readonly object[];

  @Describe('the fields of the touchpoint: objects and lists as in its JSON, each value a constant or a column')
  @Hint('write {"orderId": {"column": "order_id"}}')
  @AnyObject()
  @Default({})
  data!: Readonly<Record<string, unknown>>;

  @Describe('fields that only touchpoints of one type have, by the type')
  @Hint('write {"order-returned": {"orderId": {"column": "…"}}}')
  @MapOf(AnyObject())
  @Default({})
  dataByType!: Readonly<Record<string, object>>;

  @Describe('for editors: the address of the JSON Schema')
  @AnyText()
  @Optional()
  $schema?: string;

  @Describe('a remark; it has no effect')
  @AnyText()
  @Optional()
  comment?: string;
}

const csvIsForCsvFiles: DocumentRule<MappingDocument> = ({ csv, format }) =>
  csv === undefined || format === 'csv'
    ? []
    : [
        {
          pointer: '#/csv',
          detail: 'is not allowed with "format": "ndjson"',
          hint: 'leave it out, or set "format": "csv"',
        },
      ];

const encodingIsKnown: DocumentRule<MappingDocument> = ({ encoding }) =>
  encoding === undefined || encodingOf(encoding) !== null
    ? []
    : [
        {
          pointer: '#/encoding',
          detail: `must be an encoding (got ${printable(encoding)})`,
          hint: `write one of ${ENCODING_NAMES.join(', ')}`,
        },
      ];

const rowHasOneId: DocumentRule<MappingDocument> = ({ id }) => {
  if (id === undefined) return [];
  const given = [id.column !== undefined, id.columns !== undefined, id.rowHash === true];
  return given.filter(Boolean).length === 1
    ? []
    : [
        {
          pointer: '#/id',
          detail: 'must have exactly one of column, columns and rowHash',
          hint: 'write {"column": "order_id"}, {"columns": ["shop", "order_id"]} or {"rowHash": true}',
        },
      ];
};

const someIdentifierIsOfTheCustomer: DocumentRule<MappingDocument> = ({ identifiers }) =>
  identifiers.some((identifier) => !('role' in identifier) || identifier.role === 'self')
    ? []
    : [
        {
          pointer: '#/identifiers',
          detail: 'must have an identifier of the customer',
          hint: 'give at least one of them the role "self"',
        },
      ];

const timeZoneIsKnown: DocumentRule<{ readonly timeZone?: string }> = ({ timeZone }) =>
  timeZone === undefined || isTimeZone(timeZone)
    ? []
    : [
        {
          pointer: '#/timeZone',
          detail: `must be an IANA time zone (got ${JSON.stringify(timeZone)})`,
          hint: 'write UTC, Europe/London or the like',
        },
      ];

const moneyHasACurrency: DocumentRule<ColumnDocument> = ({ as, currency }) => {
  const pointer = '#/currency';
  const hint = 'write {"value": "EUR"}, or {"column": "currency"}';
  if (as !== 'money')
    return currency === undefined
      ? []
      : [{ pointer, detail: 'is only allowed with "as": "money"', hint: 'add "as": "money", or leave it out' }];
  if (currency === undefined) return [{ pointer, detail: 'is required with "as": "money"', hint }];
  return (currency.value === undefined) === (currency.column === undefined)
    ? [{ pointer, detail: 'must have either a value or a column', hint }]
    : [];
};

const formatIsOfADate: DocumentRule<ColumnDocument> = ({ as, format }) => {
  const pointer = '#/format';
  if (format === undefined) return [];
  if (as !== 'date' && as !== 'instant')
    return [
      {
        pointer,
        detail: 'is only allowed with "as": "date" or "as": "instant"',
        hint: 'add "as": "date" or "as": "instant", or leave it out',
      },
    ];
  return dateParser(format, 'UTC') === null
    ? [
        {
          pointer,
          detail: `must be a date format (got ${JSON.stringify(format)})`,
          hint: 'write iso, epoch-seconds, epoch-millis, or a pattern such as dd/MM/yyyy HH:mm',
        },
      ]
    : [];
};

export const MAPPING = documentReader(MappingDocument, {
  rules: [csvIsForCsvFiles, encodingIsKnown, timeZoneIsKnown, rowHasOneId, someIdentifierIsOfTheCustomer],
});
export const CONSTANT = documentReader(ConstantDocument);
export const COLUMN = documentReader(ColumnDocument, {
  rules: [moneyHasACurrency, formatIsOfADate, timeZoneIsKnown],
});
export const IDENTIFIER = documentReader(IdentifierDocument);

export type { ColumnDocument, MappingDocument };

/** The JSON Schema of a mapping: the schemas of its parts, put together. */
export function mappingSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Mapping',
    ...MAPPING.schema,
    properties: {
      ...propertiesOf(MAPPING.schema),
      ...Object.fromEntries(
        ['source', 'type', 'channel'].map((name) => [
          name,
          { ...describedAs(name), anyOf: [{ type: 'string', minLength: 1 }, { $ref: '#/definitions/value' }] },
        ]),
      ),
      occurredAt: { ...describedAs('occurredAt'), $ref: '#/definitions/column' },
      identifiers: {
        ...propertiesOf(MAPPING.schema)['identifiers'],
        items: { anyOf: [identifierFrom(COLUMN.schema), identifierFrom(CONSTANT.schema)] },
      },
      data: { ...describedAs('data'), type: 'object', additionalProperties: { $ref: '#/definitions/template' } },
      dataByType: {
        ...describedAs('dataByType'),
        type: 'object',
        additionalProperties: { type: 'object', additionalProperties: { $ref: '#/definitions/template' } },
      },
    },
    definitions: {
      column: COLUMN.schema,
      value: { anyOf: [COLUMN.schema, CONSTANT.schema] },
      template: {
        anyOf: [
          { $ref: '#/definitions/value' },
          { type: 'array', items: { $ref: '#/definitions/template' } },
          {
            type: 'object',
            not: { anyOf: [{ required: ['column'] }, { required: ['value'] }] },
            additionalProperties: { $ref: '#/definitions/template' },
          },
        ],
      },
    },
  };
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return schema['properties'] as Readonly<Record<string, JsonSchema>>;
}

function describedAs(name: string): JsonSchema {
  const { description, default: fallback } = propertiesOf(MAPPING.schema)[name] ?? {};
  return { description, ...(fallback === undefined ? {} : { default: fallback }) };
}

function identifierFrom(source: JsonSchema): JsonSchema {
  const required = [IDENTIFIER.schema, source].flatMap((schema) => (schema['required'] ?? []) as readonly string[]);
  return { ...source, required, properties: { ...propertiesOf(IDENTIFIER.schema), ...propertiesOf(source) } };
}
