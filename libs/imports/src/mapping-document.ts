import {
  AnyObject,
  AnyOf,
  Anything,
  AnyText,
  Currency,
  Decimal,
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
  Scalar,
  Text,
  Whole,
  type DocumentRule,
  type JsonSchema,
  type Role,
  type ValidationIssue,
} from '#contracts';
import { isTimeZone } from '#lifecycle';
import { ENCODING_NAMES, encodingOf } from './encodings/encoding.js';
import { formatIssue, isLocale, NAMED_FORMATS, TOKEN_LIST } from './date-format.js';
import { DECIMAL_SEPARATORS, type NumberFormat } from './decimal.js';
import type { Rounding } from './money.js';

/** The mapping document, as docs/importing.md describes it and as a person writes it. `parseMapping` makes a `Mapping` of it. */

const VALUE_TYPES = ['text', 'integer', 'number', 'boolean', 'money', 'currency', 'date', 'instant', 'json'] as const;
export type ValueType = (typeof VALUE_TYPES)[number];

const NUMBER_TYPES: readonly ValueType[] = ['integer', 'number', 'money'];
const DATE_TYPES: readonly ValueType[] = ['date', 'instant'];

export const SIGNS = ['keep', 'negate', 'absolute'] as const;
export type Sign = (typeof SIGNS)[number];

export const GROUP_VALUES = ['same', 'first', 'last', 'sum'] as const;
export type GroupValue = (typeof GROUP_VALUES)[number];

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

  @Describe('the column that holds the code of the currency, in any case')
  @Text(NAME_MAX)
  @Optional()
  column?: string;

  @Describe('other names of the column: the first that the file has is read')
  @ListOf(Text(NAME_MAX), 1, 100)
  @Optional()
  aliases?: readonly string[];

  @Describe('whether a file may lack the column; it then counts as empty')
  @Flag()
  @Default(false)
  columnOptional!: boolean;

  @Describe('the currency where the cell is empty')
  @Currency()
  @Optional()
  default?: string;
}

/** A value by the sign of a number. */
class BySignDocument {
  @Describe('the value where the number is above zero')
  @Anything()
  @Optional()
  positive?: unknown;

  @Describe('the value where the number is below zero')
  @Anything()
  @Optional()
  negative?: unknown;

  @Describe('the value where the number is zero; by default as for a positive one')
  @Anything()
  @Optional()
  zero?: unknown;
}

/** How numbers and dates are written: for the whole file, or for one value. */
class FormsDocument {
  @Describe(
    'of numbers: what stands before the decimals, "." or ","; `auto` where each number shows it by itself. A point by default',
  )
  @OneOf(...DECIMAL_SEPARATORS)
  @Optional()
  decimalSeparator?: NumberFormat['decimalSeparator'];

  @Describe('of numbers: what separates groups of digits; by default whatever is not the decimal separator')
  @OneOf('.', ',', ' ', "'")
  @Optional()
  thousandsSeparator?: string;

  @Describe('of dates: IANA time zone of those without an offset')
  @Text(100)
  @Optional()
  timeZone?: string;

  @Describe(
    'of dates: the language of the names of months and days, and of AM and PM, as a BCP 47 tag; `en` by default',
  )
  @Text(35)
  @Optional()
  locale?: string;

  @Describe(
    'of dates: the last two-digit year (`yy`) that belongs to 2000 and later; 60 by default: 60 is 2060, and 61 is 1961',
  )
  @Whole(0, 99)
  @Optional()
  yearPivot?: number;
}

/** A value that is read from a column. */
class ColumnDocument extends FormsDocument {
  @Describe('name of the column; in NDJSON also a path such as `customer.id`')
  @Text(NAME_MAX)
  @Optional()
  column?: string;

  @Describe('other names of the column: the first that the file has is read')
  @ListOf(Text(NAME_MAX), 1, 100)
  @Optional()
  aliases?: readonly string[];

  @Describe('whether a file may lack the column; it then counts as empty')
  @Flag()
  @Default(false)
  columnOptional!: boolean;

  @Describe('instead of `column`: several columns, whose texts are joined')
  @ListOf(Text(NAME_MAX), 1, 20)
  @Optional()
  columns?: readonly string[];

  @Describe('what stands between the texts of `columns`')
  @AnyText()
  @Default('/')
  separator!: string;

  @Describe('what is put before the text')
  @Text(100)
  @Optional()
  prefix?: string;

  @Describe('of `text`: longer text is cut to this many characters')
  @Whole(1, 10_000)
  @Optional()
  maxLength?: number;

  @Describe('what the text of the cell is; `currency` by default in a field of that name, otherwise `text`')
  @OneOf(...VALUE_TYPES)
  @Optional()
  as?: ValueType;

  @Describe('the value for each text of the column; any other text makes the row invalid, unless there is a `default`')
  @Hint('write {"text of the column": "value"}')
  @MapOf(Anything())
  @Optional()
  map?: Readonly<Record<string, unknown>>;

  @Describe(
    'the value by the sign of the number in the cell: `{"positive": "order-placed", "negative": "order-returned"}`',
  )
  @Part(() => BySignDocument)
  @Optional()
  bySign?: BySignDocument;

  @Describe('another source, which is read where the cell is empty')
  @Hint('write {"column": "name of the column"}')
  @AnyObject()
  @Optional()
  fallback?: object;

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

  @Describe('of numbers: `negate` turns the sign, `absolute` drops it')
  @OneOf(...SIGNS)
  @Default('keep')
  sign!: Sign;

  @Describe(
    'of `date` and `instant`, a text or a list of which the first that fits counts: `iso`, `epoch-seconds`, `epoch-millis`, `serial-1900` or `serial-1904` ' +
      `(the numbers of spreadsheets), or a pattern of ${TOKEN_LIST}; other letters stand in single quotes`,
  )
  @AnyOf(Text(100), ListOf(Text(100), 1, 10))
  @Optional()
  format?: string | readonly string[];

  @Describe(
    'of several rows that make one touchpoint: `same`, the one value that they hold (others are reported), the `first`, the `last`, or the `sum` of numbers',
  )
  @OneOf(...GROUP_VALUES)
  @Default('same')
  inGroup!: GroupValue;
}

/** A hash of the row. */
class HashDocument {
  @Describe('true for a hash of the row and its ordinal among identical rows')
  @Flag()
  rowHash!: boolean;

  @Describe('what is put before the hash')
  @Text(100)
  @Optional()
  prefix?: string;
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

  @Describe('whether it is used only where no other identifier of the customer is filled: for orders of guests')
  @Flag()
  @Default(false)
  lastResort!: boolean;
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

/** Which rows make one touchpoint together. */
class GroupByDocument {
  @Describe('the column whose value the rows of a group share')
  @Text(NAME_MAX)
  @Optional()
  column?: string;

  @Describe('other names of the column: the first that the file has is read')
  @ListOf(Text(NAME_MAX), 1, 100)
  @Optional()
  aliases?: readonly string[];

  @Describe('columns whose values the rows of a group share')
  @ListOf(Text(NAME_MAX), 1, 20)
  @Optional()
  columns?: readonly string[];

  @Describe('a row without a value in the column is `invalid`, or it `continues` the group of the row before it')
  @OneOf('invalid', 'continues')
  @Default('invalid')
  blank!: 'invalid' | 'continues';

  @Describe('rows of a group that are the same in every cell: `keep` each, or take them `once`')
  @OneOf('keep', 'once')
  @Default('keep')
  identicalRows!: 'keep' | 'once';
}

/** What is said of one column, or of conditions within. */
class ConditionDocument {
  @Describe('the column that the condition is about')
  @Text(NAME_MAX)
  @Optional()
  column?: string;

  @Describe('other names of the column: the first that the file has is read')
  @ListOf(Text(NAME_MAX), 1, 100)
  @Optional()
  aliases?: readonly string[];

  @Describe('whether a file may lack the column; it then counts as empty')
  @Flag()
  @Default(false)
  columnOptional!: boolean;

  @Describe('whether the cell is filled')
  @Flag()
  @Optional()
  present?: boolean;

  @Describe('the text of the cell is this one')
  @Scalar()
  @Optional()
  equals?: string | number | boolean;

  @Describe('the text of the cell is one of these')
  @ListOf(Scalar(), 1)
  @Optional()
  in?: readonly (string | number | boolean)[];

  @Describe('the text of the cell holds this one')
  @Text(NAME_MAX)
  @Optional()
  contains?: string;

  @Describe('the text of the cell begins with this one')
  @Text(NAME_MAX)
  @Optional()
  startsWith?: string;

  @Describe('the number in the cell is above this one')
  @Decimal(-1e15, 1e15)
  @Optional()
  greaterThan?: number;

  @Describe('the number in the cell is this one or above')
  @Decimal(-1e15, 1e15)
  @Optional()
  atLeast?: number;

  @Describe('the number in the cell is below this one')
  @Decimal(-1e15, 1e15)
  @Optional()
  lessThan?: number;

  @Describe('the number in the cell is this one or below')
  @Decimal(-1e15, 1e15)
  @Optional()
  atMost?: number;

  @Describe('whether capital and small letters are the same to `equals`, `in`, `contains` and `startsWith`')
  @Flag()
  @Default(false)
  ignoreCase!: boolean;

  @Describe('conditions that all hold')
  @ListOf(AnyObject(), 1, 100)
  @Optional()
  all?: readonly object[];

  @Describe('conditions of which one holds')
  @ListOf(AnyObject(), 1, 100)
  @Optional()
  any?: readonly object[];

  @Describe('a condition that does not hold')
  @AnyObject()
  @Optional()
  not?: object;
}

/** One item of a list for each row of a group. */
class EachRowDocument {
  @Describe('one item of the list for each row')
  @AnyObject()
  eachRow!: object;

  @Describe('the condition of a row to have an item')
  @AnyOf(AnyObject(), ListOf(AnyObject(), 1, 100))
  @Optional()
  when?: object | readonly object[];
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

/** What every touchpoint of a row has, and what each of several may have of its own. */
class TouchpointDocument {
  @Describe('the type: one of the catalogue, or a registered one')
  @TextSource()
  type!: string | object;

  @Describe('the condition for the touchpoint; of a list, all hold')
  @AnyOf(AnyObject(), ListOf(AnyObject(), 1, 100))
  @Optional()
  when?: object | readonly object[];

  @Describe('its id, where it is not that of the row with the suffix')
  @AnyObject()
  @Optional()
  id?: object;

  @Describe(
    'what is put after the id of the row; by default nothing for the first touchpoint, and a slash and the type for the others',
  )
  @AnyText()
  @Optional()
  suffix?: string;

  @Describe('its time, where it is not that of the mapping')
  @AnyObject()
  @Optional()
  occurredAt?: object;

  @Describe('its channel, where it is not that of the mapping')
  @TextSource()
  @Optional()
  channel?: string | object;

  @Describe('its identifiers, in the place of those of the mapping')
  @ListOf(AnyObject(), 1, 100)
  @Optional()
  identifiers?: readonly object[];

  @Describe('its fields, beside those of `data` and `dataByType` of the mapping')
  @AnyObject()
  @Optional()
  data?: Readonly<Record<string, unknown>>;
}

class MappingDocument extends FormsDocument {
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

  @Describe('several rows that make one touchpoint: the column that they share')
  @Part(() => GroupByDocument)
  @Optional()
  groupBy?: GroupByDocument;

  @Describe('rows to pass over: a condition, or a list of conditions of which one holds')
  @AnyOf(AnyObject(), ListOf(AnyObject(), 1, 100))
  @Optional()
  skip?: object | readonly object[];

  @Describe(
    'the id of a row: `{"column": …}`, `{"columns": […]}` or `{"rowHash": true}`: a hash of the row and its ordinal among identical rows. By default the value of `groupBy`, or else the hash',
  )
  @AnyObject()
  @Optional()
  id?: object;

  @Describe('the system that reports the touchpoints; source and id together identify a touchpoint')
  @TextSource()
  source!: string | object;

  @Describe('the type: one of the catalogue, or a registered one')
  @TextSource()
  @Optional()
  type?: string | object;

  @Describe(
    'instead of `type`: several touchpoints of one row, each with its type and the condition `when` there is one',
  )
  @ListOf(AnyObject(), 1, 50)
  @Optional()
  touchpoints?: readonly object[];

  @Describe('the column with the time of the touchpoint, and its `format`')
  @Hint('write {"column": "date", "format": "yyyy-MM-dd HH:mm:ss", "timeZone": "Europe/London"}')
  @AnyObject()
  @Optional()
  occurredAt?: object;

  @Describe('the channel')
  @TextSource()
  @Default('import')
  channel!: string | object;

  @Describe('the identifiers, at least one of them of the customer; a row that fills none of these is quarantined')
  @Hint('write [{"namespace": "userId", "column": "customer"}]')
  @ListOf(AnyObject(), 1, 100)
  identifiers!: readonly object[];

  @Describe(
    'the fields of the touchpoint: objects and lists as in its JSON, each value a constant or a column; `{"eachRow": {…}}` is a list with an item for each row of a group',
  )
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

  @Describe('a remark, or a list of them; it has no effect')
  @AnyOf(AnyText(), ListOf(AnyText()))
  @Optional()
  comment?: string | readonly string[];
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

const someIdentifierIsOfTheCustomer: DocumentRule<MappingDocument> = ({ identifiers }) =>
  customerIsIdentified(identifiers, '#/identifiers');

/** One identifier at least is the customer's. */
export function customerIsIdentified(identifiers: readonly object[], pointer: string): readonly ValidationIssue[] {
  return identifiers.some((identifier) => !('role' in identifier) || identifier.role === 'self')
    ? []
    : [
        {
          pointer,
          detail: 'must have an identifier of the customer',
          hint: 'give at least one of them the role "self"',
        },
      ];
}

/** What a mapping says of the types and times of its touchpoints: reported beside all else that is wrong with it. */
export function typeOrTouchpoints(given: Readonly<Record<string, unknown>>): readonly ValidationIssue[] {
  const { type, touchpoints, occurredAt } = given;
  if (type !== undefined && touchpoints !== undefined)
    return [
      {
        pointer: '#/type',
        detail: 'is not allowed beside touchpoints',
        hint: 'give each of the touchpoints its type, and leave this one out',
      },
    ];
  if (touchpoints !== undefined) return [];
  const missing: ValidationIssue[] = [];
  if (type === undefined)
    missing.push({
      pointer: '#/type',
      detail: 'is required',
      hint: 'write "type": "order-placed", or give a list of "touchpoints", each with its type',
    });
  if (occurredAt === undefined)
    missing.push({
      pointer: '#/occurredAt',
      detail: 'is required',
      hint: 'write {"column": "date", "format": "yyyy-MM-dd HH:mm:ss", "timeZone": "Europe/London"}',
    });
  return missing;
}

const timeZoneIsKnown: DocumentRule<FormsDocument> = ({ timeZone }) =>
  timeZone === undefined || isTimeZone(timeZone)
    ? []
    : [
        {
          pointer: '#/timeZone',
          detail: `must be an IANA time zone (got ${JSON.stringify(timeZone)})`,
          hint: 'write UTC, Europe/London or the like',
        },
      ];

const localeIsKnown: DocumentRule<FormsDocument> = ({ locale }) =>
  locale === undefined || isLocale(locale)
    ? []
    : [
        {
          pointer: '#/locale',
          detail: `must be the tag of a language (got ${JSON.stringify(locale)})`,
          hint: 'write en, de, fr, es, pt-BR or the like',
        },
      ];

const separatorsDiffer: DocumentRule<FormsDocument> = ({ decimalSeparator, thousandsSeparator }) =>
  thousandsSeparator === undefined || thousandsSeparator !== decimalSeparator
    ? []
    : [
        {
          pointer: '#/thousandsSeparator',
          detail: 'must not be the decimal separator',
          hint: 'leave it out, or correct one of the two',
        },
      ];

const FORM_RULES = [timeZoneIsKnown, localeIsKnown, separatorsDiffer] as const;

/** Exactly one of `column` and `columns`; a row hash and a constant are read as documents of their own. */
const readsOneThing: DocumentRule<ColumnDocument> = ({ column, columns }) =>
  (column === undefined) === (columns === undefined)
    ? [
        {
          pointer: '#',
          detail: 'must have exactly one of column, columns, rowHash and value',
          hint: 'write {"column": "name of the column"}, {"columns": ["shop", "order_id"]}, {"rowHash": true}, or {"value": …} for a constant',
        },
      ]
    : [];

const aliasesNeedAColumn: DocumentRule<{ readonly column?: string; readonly aliases?: readonly string[] }> = ({
  column,
  aliases,
}) =>
  aliases === undefined || column !== undefined
    ? []
    : [{ pointer: '#/aliases', detail: 'are other names of a column', hint: 'add "column", or leave them out' }];

const groupHasColumns: DocumentRule<GroupByDocument> = ({ column, columns }) =>
  (column === undefined) === (columns === undefined)
    ? [
        {
          pointer: '#/groupBy',
          detail: 'must have either a column or columns',
          hint: 'write {"column": "order_id"}, or {"columns": ["shop", "order_id"]}',
        },
      ]
    : [];

const groupIsWhole: DocumentRule<MappingDocument> = ({ groupBy }) =>
  groupBy === undefined ? [] : groupHasColumns(groupBy);

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

const formatsAreOfDates: DocumentRule<ColumnDocument> = ({ as = 'text', format }) => {
  if (format === undefined) return [];
  const pointer = '#/format';
  if (!DATE_TYPES.includes(as))
    return [
      {
        pointer,
        detail: 'is only allowed with "as": "date" or "as": "instant"',
        hint: 'add "as": "date" or "as": "instant", or leave it out',
      },
    ];
  const formats = typeof format === 'string' ? [format] : format;
  return formats.flatMap((each, at) => {
    const detail = formatIssue(each);
    return detail === null
      ? []
      : [
          {
            pointer: typeof format === 'string' ? pointer : `${pointer}/${at}`,
            detail: `${detail} (got ${JSON.stringify(each)})`,
            hint: formatHint(each),
          },
        ];
  });
};

/** How to write a format: for those who know another notation, the letters that they look for. */
function formatHint(format: string): string {
  if (/%[a-zA-Z]/.test(format)) return 'write yyyy for %Y, MM for %m, dd for %d, HH for %H, mm for %M and ss for %S';
  if (/[xX]/.test(format)) return 'write an offset (-0500, +02:00 or Z) as Z: yyyy-MM-dd HH:mm:ss Z';
  if (/UTC|GMT/.test(format))
    return 'write an offset or UTC as Z, or set "timeZone": "UTC" and put the letters in single quotes';
  if (/[YD]/.test(format)) return 'write the year as yyyy and the day as dd: yyyy-MM-dd';
  if (/T/.test(format)) return "put letters that stand for themselves in single quotes: yyyy-MM-dd'T'HH:mm:ss";
  const pattern = `write ${NAMED_FORMATS.join(', ')}, or a pattern such as dd/MM/yyyy HH:mm`;
  return formatIssue(format)?.includes('unknown letters') === true
    ? `${pattern}, of ${TOKEN_LIST}; other letters in single quotes`
    : pattern;
}

/** Fields that only one kind of value has. */
const fieldsFitTheType: DocumentRule<ColumnDocument> = (column) => {
  const { as = 'text', bySign, inGroup } = column;
  const isNumber = NUMBER_TYPES.includes(as);
  const wrong: ValidationIssue[] = [];
  const only = (field: keyof ColumnDocument, fits: boolean, types: readonly string[]): void => {
    if (column[field] === undefined || fits) return;
    const said = types.map((type) => `"as": "${type}"`).join(' or ');
    wrong.push({ pointer: `#/${field}`, detail: `is only allowed with ${said}`, hint: `add ${said}, or leave it out` });
  };
  if (column.sign !== 'keep') only('sign', isNumber, NUMBER_TYPES);
  if (inGroup === 'sum') only('inGroup', isNumber, NUMBER_TYPES);
  only('decimalSeparator', isNumber || bySign !== undefined, NUMBER_TYPES);
  only('thousandsSeparator', isNumber || bySign !== undefined, NUMBER_TYPES);
  only('maxLength', as === 'text', ['text']);
  for (const field of ['timeZone', 'locale', 'yearPivot'] as const) only(field, DATE_TYPES.includes(as), DATE_TYPES);
  return wrong;
};

const conditionSaysSomething: DocumentRule<ConditionDocument> = (condition) => {
  const { column, all, any, not } = condition;
  const tests = TESTS.filter((test) => condition[test] !== undefined);
  const within = [all, any, not].filter((part) => part !== undefined).length;
  const hint = 'write {"column": "status", "equals": "paid"}, or {"all": […]}, {"any": […]}, {"not": {…}}';
  if (column === undefined)
    return within === 1 && tests.length === 0
      ? []
      : [{ pointer: '#', detail: 'must name a column, or have one of all, any and not', hint }];
  if (within > 0) return [{ pointer: '#', detail: 'must have either a column or one of all, any and not', hint }];
  return tests.length > 0
    ? []
    : [{ pointer: '#', detail: `must say something of the column: one of ${TESTS.join(', ')}`, hint }];
};

export const TESTS = [
  'present',
  'equals',
  'in',
  'contains',
  'startsWith',
  'greaterThan',
  'atLeast',
  'lessThan',
  'atMost',
] as const;

export const MAPPING = documentReader(MappingDocument, {
  rules: [csvIsForCsvFiles, encodingIsKnown, ...FORM_RULES, groupIsWhole, someIdentifierIsOfTheCustomer],
});
export const TOUCHPOINT = documentReader(TouchpointDocument);
export const CONSTANT = documentReader(ConstantDocument);
export const COLUMN = documentReader(ColumnDocument, {
  rules: [readsOneThing, aliasesNeedAColumn, moneyHasACurrency, formatsAreOfDates, ...FORM_RULES, fieldsFitTheType],
});
export const HASH = documentReader(HashDocument);
export const IDENTIFIER = documentReader(IdentifierDocument);
export const CONDITION = documentReader(ConditionDocument, { rules: [conditionSaysSomething, aliasesNeedAColumn] });
export const EACH_ROW = documentReader(EachRowDocument);

export type { ColumnDocument, ConditionDocument, FormsDocument, GroupByDocument, MappingDocument, TouchpointDocument };

/** The JSON Schema of a mapping: the schemas of its parts, put together. */
export function mappingSchema(): JsonSchema {
  const value = { $ref: '#/definitions/value' };
  const text = { anyOf: [{ type: 'string', minLength: 1 }, value] };
  const fields = { type: 'object', additionalProperties: { $ref: '#/definitions/template' } };
  const conditions = {
    anyOf: [
      { $ref: '#/definitions/condition' },
      { type: 'array', minItems: 1, items: { $ref: '#/definitions/condition' } },
    ],
  };
  const identifiers = { type: 'array', minItems: 1, maxItems: 100, items: { $ref: '#/definitions/identifier' } };
  const parts = { source: text, type: text, channel: text, id: value, occurredAt: value, identifiers, data: fields };
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Mapping',
    ...withParts(MAPPING.schema, {
      ...parts,
      skip: conditions,
      dataByType: { type: 'object', additionalProperties: fields },
      touchpoints: { type: 'array', minItems: 1, maxItems: 50, items: { $ref: '#/definitions/touchpoint' } },
    }),
    definitions: {
      touchpoint: withParts(TOUCHPOINT.schema, { ...parts, when: conditions }),
      column: withParts(COLUMN.schema, { fallback: value }),
      value: { anyOf: [{ $ref: '#/definitions/column' }, HASH.schema, CONSTANT.schema] },
      identifier: { anyOf: [COLUMN.schema, HASH.schema, CONSTANT.schema].map(identifierFrom) },
      condition: withParts(CONDITION.schema, {
        all: { type: 'array', minItems: 1, items: { $ref: '#/definitions/condition' } },
        any: { type: 'array', minItems: 1, items: { $ref: '#/definitions/condition' } },
        not: { $ref: '#/definitions/condition' },
      }),
      template: {
        anyOf: [
          value,
          withParts(EACH_ROW.schema, { eachRow: fields, when: conditions }),
          { type: 'array', items: { $ref: '#/definitions/template' } },
          {
            type: 'object',
            not: {
              anyOf: ['column', 'columns', 'rowHash', 'value', 'eachRow'].map((name) => ({ required: [name] })),
            },
            additionalProperties: { $ref: '#/definitions/template' },
          },
        ],
      },
    },
  };
}

/** The schema of an object, with what its class only calls an object or a list written out. */
function withParts(schema: JsonSchema, parts: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const properties = { ...propertiesOf(schema) };
  for (const [name, part] of Object.entries(parts)) {
    const given = properties[name];
    if (given === undefined) continue;
    const { description, default: fallback } = given;
    properties[name] = { description, ...(fallback === undefined ? {} : { default: fallback }), ...part };
  }
  return { ...schema, properties };
}

function propertiesOf(schema: JsonSchema): Readonly<Record<string, JsonSchema>> {
  return schema['properties'] as Readonly<Record<string, JsonSchema>>;
}

function identifierFrom(source: JsonSchema): JsonSchema {
  const required = [IDENTIFIER.schema, source].flatMap((schema) => (schema['required'] ?? []) as readonly string[]);
  return { ...source, required, properties: { ...propertiesOf(IDENTIFIER.schema), ...propertiesOf(source) } };
}
