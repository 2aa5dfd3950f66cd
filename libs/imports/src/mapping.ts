import { pointerTo, printable, type Reading, type Role, type ValidationIssue } from '#contracts';
import { COLUMN, CONSTANT, IDENTIFIER, MAPPING, type ColumnDocument, type ValueType } from './mapping-document.js';
import { MappingRejected } from './mapping-rejected.js';
import type { Rounding } from './money.js';
import type { CsvDialect } from './rows.js';

/** Where one value comes from: a constant, or a column of the row. */
export type ValueSource = ConstantValue | ColumnValue;

export interface ConstantValue {
  readonly value: unknown;
}

export interface ColumnValue {
  readonly column: string;
  readonly as: ValueType;
  readonly map?: Readonly<Record<string, unknown>>;
  readonly default?: unknown;
  readonly optional: boolean;
  readonly currency?: { readonly value: string } | { readonly column: string };
  readonly rounding: Rounding;
  /** Of `date` and `instant`, as the time zone. */
  readonly format?: string;
  readonly timeZone?: string;
}

export interface IdentifierSource {
  readonly namespace: string;
  readonly role: Role;
  readonly from: ValueSource;
}

/** The shape of the data: objects and lists as in the touchpoint, with a source in the place of each value. */
export type DataTemplate = ValueSource | readonly DataTemplate[] | { readonly [field: string]: DataTemplate };

/** How rows of a CSV or NDJSON file become touchpoints. Its document is described in docs/importing.md. */
export interface Mapping {
  readonly format: 'csv' | 'ndjson';
  readonly csv: CsvDialect;
  /** The label of the encoding of the text; UTF-8 by default. */
  readonly encoding?: string;
  /** The columns that together are the id of a row; null for a hash of the row and its ordinal among identical rows. */
  readonly id: readonly string[] | null;
  readonly source: ValueSource;
  readonly type: ValueSource;
  readonly occurredAt: ColumnValue;
  readonly channel: ValueSource;
  readonly identifiers: readonly IdentifierSource[];
  readonly data: Readonly<Record<string, DataTemplate>>;
  /** Fields that only touchpoints of one type carry; they are added to those of `data`. */
  readonly dataByType: Readonly<Record<string, Readonly<Record<string, DataTemplate>>>>;
}

type Json = Readonly<Record<string, unknown>>;
type Keys = readonly (string | number)[];

/** Reads a mapping document. Throws `MappingRejected` with everything that is wrong with it. */
export function parseMapping(document: unknown): Mapping {
  // The sources are read even where something else is wrong with the document, so that all issues are reported at once.
  const given: Json = isObject(document) ? document : {};
  const { timeZone, channel = 'import', identifiers = [], data = {}, dataByType = {} } = given;
  const reader = new SourceReader(typeof timeZone === 'string' ? timeZone : 'UTC');
  const whole = reader.valueOf(MAPPING.read(document));
  const sources = {
    source: reader.text(given['source'], ['source']),
    type: reader.text(given['type'], ['type']),
    occurredAt: reader.instant(given['occurredAt'], ['occurredAt']),
    channel: reader.text(channel, ['channel']),
    identifiers: reader.identifiers(identifiers, ['identifiers']),
    data: reader.fields(data, ['data']),
    dataByType: reader.fieldsByType(dataByType, ['dataByType']),
  };
  if (whole === null || reader.issues.length > 0) throw new MappingRejected(reader.issues);
  const { format, csv, id, encoding } = whole;
  return {
    format,
    ...(encoding === undefined ? {} : { encoding }),
    csv: {
      delimiter: csv?.delimiter ?? ',',
      quote: csv === undefined ? '"' : csv.quote,
      columns: csv?.columns ?? null,
    },
    id: id?.columns ?? (id?.column === undefined ? null : [id.column]),
    ...sources,
  };
}

/**
 * Reads the sources of a mapping and collects what is wrong with them. Where a source cannot be read, a placeholder stands in its place; the
 * mapping is then rejected.
 */
class SourceReader {
  readonly issues: ValidationIssue[] = [];

  constructor(private readonly timeZone: string) {}

  /** What was read, or null with its issues collected. */
  valueOf<T>(reading: Reading<T>): T | null {
    if (reading.ok) return reading.value;
    this.issues.push(...reading.errors);
    return null;
  }

  /** A source whose value is text: the text itself, a constant or a column. */
  text(given: unknown, at: Keys): ValueSource {
    if (typeof given === 'string') return { value: given };
    if (!isObject(given)) return NONE;
    const source = this.source(given, at);
    if ('value' in source && !isText(source.value))
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
      const { namespace, role, ...from } = entry;
      const identifier = this.valueOf(IDENTIFIER.read(defined({ namespace, role }), pointerTo(...at, index)));
      const source = this.source(from, [...at, index]);
      return identifier === null ? [] : [{ ...identifier, from: source }];
    });
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
    if (Array.isArray(given)) return given.map((item: unknown, index) => this.template(item, [...at, index]));
    if (isObject(given)) return isSource(given) ? this.source(given, at) : this.fields(given, at);
    this.wrong(
      at,
      `must be a constant or a column (got ${printable(given)})`,
      `write {"value": ${JSON.stringify(given)}} for a constant, or {"column": "…"}`,
    );
    return NONE;
  }

  private source(given: Json, at: Keys): ValueSource {
    return 'value' in given ? (this.valueOf(CONSTANT.read(given, pointerTo(...at))) ?? NONE) : this.column(given, at);
  }

  private column(given: Json, at: Keys): ColumnValue {
    const column = this.valueOf(COLUMN.read(given, pointerTo(...at)));
    return column === null ? NO_COLUMN : columnValue(column, this.timeZone);
  }

  private wrong(at: Keys, detail: string, hint: string): void {
    this.issues.push({ pointer: pointerTo(...at), detail, hint });
  }
}

const NONE: ConstantValue = { value: '' };
const NO_COLUMN: ColumnValue = { column: '', as: 'instant', optional: false, rounding: 'reject' };

function columnValue({ currency, format, timeZone, ...column }: ColumnDocument, zone: string): ColumnValue {
  const isDate = column.as === 'date' || column.as === 'instant';
  return {
    ...column,
    ...(currency === undefined ? {} : { currency: currency as NonNullable<ColumnValue['currency']> }),
    ...(isDate ? { format: format ?? 'iso', timeZone: timeZone ?? zone } : {}),
  };
}

function isSource(given: Json): boolean {
  return 'column' in given || 'value' in given;
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
