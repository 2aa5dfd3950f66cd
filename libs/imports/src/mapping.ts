import { pointerTo, printable, type Reading, type Role, type ValidationIssue } from '#contracts';
import type { Condition } from './conditions.js';
import { LOCALE, YEAR_PIVOT } from './date-format.js';
import type { NumberFormat } from './decimal.js';
import {
  COLUMN,
  CONDITION,
  CONSTANT,
  customerIsIdentified,
  EACH_ROW,
  HASH,
  IDENTIFIER,
  MAPPING,
  TOUCHPOINT,
  typeOrTouchpoints,
  type ColumnDocument,
  type FormsDocument,
  type GroupByDocument,
  type GroupValue,
  type Sign,
  type TouchpointDocument,
  type ValueType,
} from './mapping-document.js';
import { MappingRejected } from './mapping-rejected.js';
import type { Rounding } from './money.js';
import type { ColumnName } from './row-set.js';
import type { CsvDialect } from './rows.js';

/** Where one value comes from: a constant, a hash of the row, or columns of the row. */
export type ValueSource = ConstantValue | HashValue | ColumnValue;

export interface ConstantValue {
  readonly kind: 'constant';
  readonly value: unknown;
}

export interface HashValue {
  readonly kind: 'hash';
  readonly prefix: string;
}

export interface ColumnValue {
  readonly kind: 'column';
  /** One, or several whose texts are joined. */
  readonly columns: readonly ColumnName[];
  readonly separator: string;
  readonly prefix: string;
  /** Of `text`: longer text is cut. */
  readonly maxLength: number | undefined;
  readonly as: ValueType;
  readonly map: Readonly<Record<string, unknown>> | null;
  readonly bySign: { readonly positive?: unknown; readonly negative?: unknown; readonly zero?: unknown } | null;
  readonly fallback: ValueSource | null;
  readonly default: unknown;
  readonly optional: boolean;
  /** Of `money`. */
  readonly currency: CurrencySource | null;
  readonly rounding: Rounding;
  readonly sign: Sign;
  readonly numbers: NumberFormat;
  readonly dates: DateSource;
  readonly inGroup: GroupValue;
}

export interface DateSource {
  readonly formats: readonly string[];
  readonly timeZone: string;
  readonly locale: string;
  readonly yearPivot: number;
}

/** The currency of an amount: the same for every row, or read from a column. */
export interface CurrencySource {
  readonly column: ColumnName | null;
  readonly value: string | null;
}

export interface IdentifierSource {
  readonly namespace: string;
  readonly role: Role;
  /** Used only where no other identifier of the customer is filled. */
  readonly lastResort: boolean;
  readonly from: ValueSource;
}

/** One item of a list for each row of a group. */
export interface EachRow {
  readonly kind: 'each-row';
  readonly item: Readonly<Record<string, DataTemplate>>;
  readonly when: Condition | null;
}

export interface ObjectTemplate {
  readonly kind: 'object';
  readonly fields: Readonly<Record<string, DataTemplate>>;
}

export interface ListTemplate {
  readonly kind: 'list';
  readonly items: readonly DataTemplate[];
}

/** The shape of the data: objects and lists as in the touchpoint, with a source in the place of each value. */
export type DataTemplate = ValueSource | EachRow | ObjectTemplate | ListTemplate;

/** Which rows make one touchpoint together. */
export interface GroupBy {
  readonly columns: readonly ColumnName[];
  readonly blank: 'invalid' | 'continues';
  readonly identicalRows: 'keep' | 'once';
}

/** One touchpoint of a row or a group. */
export interface TouchpointTemplate {
  readonly when: Condition | null;
  /** Its own id, or null for that of the row with the suffix; a null suffix is a slash and the type. */
  readonly id: ValueSource | null;
  readonly suffix: string | null;
  readonly type: ValueSource;
  readonly occurredAt: ColumnValue;
  readonly channel: ValueSource;
  readonly identifiers: readonly IdentifierSource[];
  readonly data: Readonly<Record<string, DataTemplate>>;
}

/** How rows of a CSV or NDJSON file become touchpoints. Its document is described in docs/importing.md. */
export interface Mapping {
  readonly format: 'csv' | 'ndjson';
  readonly csv: CsvDialect;
  /** The label of the encoding of the text; UTF-8 by default. */
  readonly encoding?: string;
  readonly groupBy: GroupBy | null;
  /** Rows for which one of these holds are passed over. */
  readonly skip: readonly Condition[];
  /** The id of a row; null for the value of `groupBy`, or else a hash of the row and its ordinal among identical rows. */
  readonly id: ValueSource | null;
  readonly source: ValueSource;
  readonly touchpoints: readonly TouchpointTemplate[];
  /** Fields that only touchpoints of one type carry; they are added to those of the template. */
  readonly dataByType: Readonly<Record<string, Readonly<Record<string, DataTemplate>>>>;
}

type Json = Readonly<Record<string, unknown>>;
type Keys = readonly (string | number)[];

/** Reads a mapping document. Throws `MappingRejected` with everything that is wrong with it. */
export function parseMapping(document: unknown): Mapping {
  // The sources are read even where something else is wrong with the document, so that all issues are reported at once.
  const given: Json = isObject(document) ? document : {};
  const { channel = 'import', identifiers = [], data = {}, dataByType = {} } = given;
  const reader = new SourceReader(formsOf(given));
  const whole = reader.valueOf(MAPPING.read(document));
  if (isObject(document)) reader.issues.push(...typeOrTouchpoints(given));
  const shared = {
    occurredAt: reader.instant(given['occurredAt'], ['occurredAt']),
    channel: reader.text(channel, ['channel']),
    identifiers: reader.identifiers(identifiers, ['identifiers']),
    data: reader.fields(data, ['data']),
  };
  const sources = {
    id: isObject(given['id']) ? reader.source(given['id'], ['id']) : null,
    skip: reader.conditions(given['skip'], ['skip']),
    source: reader.text(given['source'], ['source']),
    touchpoints: Array.isArray(given['touchpoints'])
      ? reader.touchpoints(given['touchpoints'], shared)
      : [{ ...shared, when: null, id: null, suffix: '', type: reader.text(given['type'], ['type']) }],
    dataByType: reader.fieldsByType(dataByType, ['dataByType']),
  };
  if (whole === null || reader.issues.length > 0) throw new MappingRejected(reader.issues);
  const { format, csv, encoding, groupBy } = whole;
  return {
    format,
    ...(encoding === undefined ? {} : { encoding }),
    csv: {
      delimiter: csv?.delimiter ?? ',',
      quote: csv === undefined ? '"' : csv.quote,
      columns: csv?.columns ?? null,
    },
    groupBy: groupBy === undefined ? null : groupOf(groupBy),
    ...sources,
  };
}

type Shared = Pick<TouchpointTemplate, 'channel' | 'identifiers' | 'data' | 'occurredAt'>;

/** How numbers and dates are written in the whole file, as far as the document says it in a way that can be read. */
function formsOf(given: Json): FormsDocument {
  const text = (name: string): string | undefined =>
    typeof given[name] === 'string' ? (given[name] as string) : undefined;
  return {
    decimalSeparator: text('decimalSeparator') as FormsDocument['decimalSeparator'],
    thousandsSeparator: text('thousandsSeparator'),
    timeZone: text('timeZone'),
    locale: text('locale'),
    yearPivot: typeof given['yearPivot'] === 'number' ? given['yearPivot'] : undefined,
  } as FormsDocument;
}

/**
 * Reads the sources of a mapping and collects what is wrong with them. Where a source cannot be read, a placeholder stands in its place; the
 * mapping is then rejected.
 */
class SourceReader {
  readonly issues: ValidationIssue[] = [];

  constructor(private readonly forms: FormsDocument) {}

  /** What was read, or null with its issues collected. */
  valueOf<T>(reading: Reading<T>): T | null {
    if (reading.ok) return reading.value;
    this.issues.push(...reading.errors);
    return null;
  }

  /** A source whose value is text: the text itself, a constant or a column. */
  text(given: unknown, at: Keys): ValueSource {
    if (typeof given === 'string') return { kind: 'constant', value: given };
    if (!isObject(given)) return NONE;
    const source = this.source(given, at);
    if (source.kind === 'constant' && !isText(source.value))
      this.wrong([...at, 'value'], `must be text (got ${printable(source.value)})`, 'write the text in quotes');
    return source;
  }

  instant(given: unknown, at: Keys): ColumnValue {
    return isObject(given) ? this.column({ ...given, as: 'instant' }, at) : NO_COLUMN;
  }

  identifiers(given: unknown, at: Keys): readonly IdentifierSource[] {
    if (!Array.isArray(given)) return [];
    return given.flatMap((entry: unknown, index) => {
      if (!isObject(entry)) return [];
      const { namespace, role, lastResort, ...from } = entry;
      const said = defined({ namespace, role, lastResort });
      const identifier = this.valueOf(IDENTIFIER.read(said, pointerTo(...at, index)));
      const source = this.source(from, [...at, index]);
      return identifier === null ? [] : [{ ...identifier, from: source }];
    });
  }

  touchpoints(given: readonly unknown[], shared: Shared): readonly TouchpointTemplate[] {
    const templates = given.flatMap((entry, index) => {
      const at = ['touchpoints', index];
      if (!isObject(entry)) return [];
      const read = this.valueOf(TOUCHPOINT.read(entry, pointerTo(...at)));
      if (read === null) return [];
      return [this.touchpoint(read, at, shared, index === 0)];
    });
    this.rejectSharedIds(templates);
    return templates;
  }

  private touchpoint(read: TouchpointDocument, at: Keys, shared: Shared, isFirst: boolean): TouchpointTemplate {
    const { type, when, id, suffix, occurredAt, channel, identifiers, data } = read;
    if (occurredAt === undefined && shared.occurredAt === NO_COLUMN)
      this.wrong([...at, 'occurredAt'], 'is required', 'give it here, or once for all touchpoints beside them');
    if (identifiers !== undefined)
      this.issues.push(...customerIsIdentified(identifiers, pointerTo(...at, 'identifiers')));
    return {
      type: this.text(type, [...at, 'type']),
      when: this.allOf(when, [...at, 'when']),
      id: id === undefined ? null : this.source(id as Json, [...at, 'id']),
      suffix: suffix ?? (isFirst ? '' : null),
      occurredAt: occurredAt === undefined ? shared.occurredAt : this.instant(occurredAt, [...at, 'occurredAt']),
      channel: channel === undefined ? shared.channel : this.text(channel, [...at, 'channel']),
      identifiers:
        identifiers === undefined ? shared.identifiers : this.identifiers(identifiers, [...at, 'identifiers']),
      data: { ...shared.data, ...this.fields(data ?? {}, [...at, 'data']) },
    };
  }

  /** Two touchpoints of one row must not have the same id. */
  private rejectSharedIds(templates: readonly TouchpointTemplate[]): void {
    const seen = new Set<string>();
    for (const [index, { id, suffix, type }] of templates.entries()) {
      if (id !== null || (suffix === null && type.kind !== 'constant')) continue;
      const end = suffix ?? `/${String((type as ConstantValue).value)}`;
      if (seen.has(end))
        this.wrong(
          ['touchpoints', index, 'suffix'],
          `must differ from that of another touchpoint of the row (both have the id of the row with ${JSON.stringify(end)})`,
          'give one of them a "suffix" or an "id" of its own',
        );
      seen.add(end);
    }
  }

  fieldsByType(given: unknown, at: Keys): Mapping['dataByType'] {
    if (!isObject(given)) return {};
    return Object.fromEntries(
      Object.entries(given).map(([type, fields]) => [type, this.fields(fields, [...at, type])]),
    );
  }

  fields(given: unknown, at: Keys): Readonly<Record<string, DataTemplate>> {
    if (!isObject(given)) return {};
    return Object.fromEntries(Object.entries(given).map(([name, part]) => [name, this.template(part, [...at, name])]));
  }

  private template(given: unknown, at: Keys): DataTemplate {
    if (Array.isArray(given))
      return { kind: 'list', items: given.map((item: unknown, index) => this.template(item, [...at, index])) };
    if (isObject(given)) {
      if ('eachRow' in given) return this.eachRow(given, at);
      if (!isSource(given)) return { kind: 'object', fields: this.fields(given, at) };
      const isCurrency = at.at(-1) === 'currency' && 'column' in given && given['map'] === undefined;
      return this.source(isCurrency ? withType(given, 'currency') : given, at);
    }
    this.wrong(
      at,
      `must be a constant or a column (got ${printable(given)})`,
      `write {"value": ${JSON.stringify(given)}} for a constant, or {"column": "…"}`,
    );
    return NONE;
  }

  private eachRow(given: Json, at: Keys): DataTemplate {
    const read = this.valueOf(EACH_ROW.read(given, pointerTo(...at)));
    if (read === null) return NONE;
    return {
      kind: 'each-row',
      item: this.fields(read.eachRow, [...at, 'eachRow']),
      when: this.allOf(read.when, [...at, 'when']),
    };
  }

  source(given: Json, at: Keys): ValueSource {
    if ('value' in given) {
      const read = this.valueOf(CONSTANT.read(given, pointerTo(...at)));
      return read === null ? NONE : { kind: 'constant', value: read.value };
    }
    if (!('rowHash' in given)) return this.column(given, at);
    if ('column' in given || 'columns' in given) {
      const hint = 'write {"column": "order_id"}, {"columns": ["shop", "order_id"]} or {"rowHash": true}';
      this.wrong(at, 'must have exactly one of column, columns and rowHash', hint);
      return NONE;
    }
    const read = this.valueOf(HASH.read(given, pointerTo(...at)));
    return read === null ? NONE : { kind: 'hash', prefix: read.prefix ?? '' };
  }

  private column(given: Json, at: Keys): ColumnValue {
    const column = this.valueOf(COLUMN.read(given, pointerTo(...at)));
    if (column === null) return NO_COLUMN;
    const fallback =
      column.fallback === undefined
        ? null
        : this.source(withType(column.fallback as Json, column.as ?? 'text'), [...at, 'fallback']);
    // Whether the value may be absent is said once, of the source as a whole.
    return columnValue(column, this.forms, fallback?.kind === 'column' ? { ...fallback, optional: true } : fallback);
  }

  /** The conditions of a field that holds one, or a list of them. */
  conditions(given: unknown, at: Keys): readonly Condition[] {
    if (Array.isArray(given))
      return given.flatMap((each: unknown, index) => (isObject(each) ? [this.condition(each, [...at, index])] : []));
    return isObject(given) ? [this.condition(given, at)] : [];
  }

  /** A condition, or a list of which all hold. */
  private allOf(given: unknown, at: Keys): Condition | null {
    const conditions = this.conditions(given, at);
    return conditions.length > 1 ? { kind: 'all', conditions } : (conditions[0] ?? null);
  }

  private condition(given: Json, at: Keys): Condition {
    const read = this.valueOf(CONDITION.read(given, pointerTo(...at)));
    if (read === null) return NEVER;
    for (const kind of ['all', 'any', 'not'] as const)
      if (read[kind] !== undefined) return { kind, conditions: this.conditions(read[kind], [...at, kind]) };
    const { column = '', aliases = [], columnOptional, all: _all, any: _any, not: _not, equals, ...tests } = read;
    const texts = [...(equals === undefined ? [] : [equals]), ...(tests.in ?? [])].map(String);
    return {
      kind: 'column',
      ...tests,
      column: { name: column, aliases, optional: columnOptional },
      numbers: numbersOf(this.forms),
      ...(texts.length === 0 ? {} : { in: texts }),
    } as Condition;
  }

  private wrong(at: Keys, detail: string, hint: string): void {
    this.issues.push({ pointer: pointerTo(...at), detail, hint });
  }
}

const NONE: ConstantValue = { kind: 'constant', value: '' };
const NEVER: Condition = { kind: 'any', conditions: [] };
const NO_COLUMN: ColumnValue = columnValue({ column: '' } as ColumnDocument, {} as FormsDocument, null);

function columnValue(document: ColumnDocument, forms: FormsDocument, fallback: ValueSource | null): ColumnValue {
  const { column, columns, aliases = [], columnOptional, currency, format = 'iso', map, bySign } = document;
  const names = columns ?? [column ?? ''];
  return {
    kind: 'column',
    columns: names.map((name) => ({ name, aliases, optional: columnOptional })),
    separator: document.separator,
    prefix: document.prefix ?? '',
    maxLength: document.maxLength,
    as: document.as ?? 'text',
    map: map ?? null,
    bySign: bySign ?? null,
    fallback,
    default: document.default,
    optional: document.optional,
    currency: currency === undefined ? null : currencySource(currency),
    rounding: document.rounding,
    sign: document.sign,
    numbers: numbersOf({ ...forms, ...defined(document as unknown as Json) } as FormsDocument),
    dates: {
      formats: typeof format === 'string' ? [format] : format,
      timeZone: document.timeZone ?? forms.timeZone ?? 'UTC',
      locale: document.locale ?? forms.locale ?? LOCALE,
      yearPivot: document.yearPivot ?? forms.yearPivot ?? YEAR_PIVOT,
    },
    inGroup: document.inGroup,
  };
}

function numbersOf({ decimalSeparator, thousandsSeparator }: FormsDocument): NumberFormat {
  return {
    ...(decimalSeparator === undefined ? {} : { decimalSeparator }),
    ...(thousandsSeparator === undefined ? {} : { thousandsSeparator }),
  };
}

function currencySource(document: NonNullable<ColumnDocument['currency']>): CurrencySource {
  const { value, column, aliases = [], columnOptional, default: fallback } = document;
  return {
    column: column === undefined ? null : { name: column, aliases, optional: columnOptional },
    value: value ?? fallback ?? null,
  };
}

function groupOf({ column, columns, aliases = [], blank, identicalRows }: GroupByDocument): GroupBy {
  const names = columns ?? [column ?? ''];
  return { columns: names.map((name) => ({ name, aliases, optional: false })), blank, identicalRows };
}

/** The type is given to a source that says none. */
function withType(given: Json, as: ValueType): Json {
  return 'value' in given || given['as'] !== undefined ? given : { ...given, as };
}

function isSource(given: Json): boolean {
  return ['column', 'columns', 'rowHash', 'value'].some((name) => name in given);
}

function isText(value: unknown): boolean {
  return (typeof value === 'string' && value !== '') || typeof value === 'number';
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields that are given: an absent one and an undefined one are the same in JSON. */
function defined(fields: Json): Json {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
