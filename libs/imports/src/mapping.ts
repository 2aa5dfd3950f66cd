import { isCurrency, type Role } from '#contracts';
import { dateParser, isTimeZone } from './date-format.js';
import { MappingRejected } from './mapping-rejected.js';
import type { Rounding } from './money.js';
import type { ValidationIssue } from '#contracts';

/** How a cell's text is read. */
export type ValueType = 'text' | 'integer' | 'number' | 'boolean' | 'money' | 'date' | 'instant' | 'json';

/** Where one value comes from: a constant, or a column of the row. */
export type ValueSource = ConstantValue | ColumnValue;

export interface ConstantValue {
  readonly value: unknown;
}

export interface ColumnValue {
  /** A column of the CSV; in NDJSON a path such as `customer.id`. */
  readonly column: string;
  readonly as: ValueType;
  /** What each text of the column becomes; a text that is not listed is invalid, unless there is a `default`. */
  readonly map?: Readonly<Record<string, unknown>>;
  /** Taken where the cell is empty, or its text is not in `map`. */
  readonly default?: unknown;
  /** An empty cell leaves the value out instead of making the row invalid. */
  readonly optional: boolean;
  /** Of `money`: ISO 4217 code, or the column that holds it. */
  readonly currency?: { readonly value: string } | { readonly column: string };
  readonly rounding: Rounding;
  /** Of `date` and `instant`. */
  readonly format?: string;
  readonly timeZone?: string;
}

export interface IdentifierSource {
  readonly namespace: string;
  readonly role: Role;
  readonly from: ValueSource;
}

/** A tree of values: objects and arrays hold branches, and each leaf is a source. */
export type DataTemplate = ValueSource | readonly DataTemplate[] | { readonly [field: string]: DataTemplate };

/** How rows of a CSV or NDJSON file become touchpoints. The format is described in docs/importing.md. */
export interface Mapping {
  readonly format: 'csv' | 'ndjson';
  readonly csv: {
    readonly delimiter: string;
    readonly quote: string | null;
    readonly columns: readonly string[] | null;
  };
  /** Its own column or columns, or null: then it is a hash of the row and its ordinal among identical rows. */
  readonly id: readonly string[] | null;
  readonly source: ValueSource;
  readonly type: ValueSource;
  readonly occurredAt: ColumnValue;
  readonly channel: ValueSource;
  readonly identifiers: readonly IdentifierSource[];
  readonly data: Readonly<Record<string, DataTemplate>>;
  /** Fields that only touchpoints of one type carry; they stand beside those of `data`. */
  readonly dataByType: Readonly<Record<string, Readonly<Record<string, DataTemplate>>>>;
}

const READINGS: readonly ValueType[] = ['text', 'integer', 'number', 'boolean', 'money', 'date', 'instant', 'json'];
const ROLES: readonly Role[] = ['self', 'referee', 'recipient', 'actor'];
const TOP = [
  'format',
  'csv',
  'id',
  'source',
  'type',
  'occurredAt',
  'channel',
  'identifiers',
  'data',
  'dataByType',
  'timeZone',
  '$schema',
  'comment',
];

type Json = Readonly<Record<string, unknown>>;

/** Reads a mapping document. Throws `MappingRefused` with every error at once; nothing was written by then. */
export function parseMapping(document: unknown): Mapping {
  const reader = new MappingReader();
  const mapping = reader.mapping(document);
  if (mapping === null || reader.errors.length > 0) throw new MappingRejected(reader.errors);
  return mapping;
}

/** Walks the document once and gathers what is wrong with it. */
class MappingReader {
  readonly errors: ValidationIssue[] = [];
  private zone = 'UTC';

  mapping(document: unknown): Mapping | null {
    if (!isObject(document)) {
      this.wrong(
        '',
        'is no JSON object',
        'Write an object with at least "identifiers", "type", "occurredAt" and "source".',
      );
      return null;
    }
    this.known(document, TOP, '');
    if (document['timeZone'] !== undefined) this.zone = this.timeZone(document['timeZone'], '/timeZone');
    const format = this.oneOf(document['format'] ?? 'csv', ['csv', 'ndjson'] as const, '/format');
    const csv = this.csv(document['csv'], format);
    const id = this.id(document['id']);
    const source = this.text(document['source'], '/source');
    const type = this.text(document['type'], '/type');
    const occurredAt = this.occurredAt(document['occurredAt']);
    const channel =
      document['channel'] === undefined ? { value: 'import' } : this.text(document['channel'], '/channel');
    const identifiers = this.identifiers(document['identifiers']);
    const data = this.fields(document['data'] ?? {}, '/data');
    const dataByType: Record<string, Readonly<Record<string, DataTemplate>>> = {};
    const byType = document['dataByType'] ?? {};
    if (isObject(byType))
      for (const [name, tree] of Object.entries(byType))
        dataByType[name] = this.fields(tree, `/dataByType/${escape(name)}`);
    else
      this.wrong(
        '/dataByType',
        'is no object',
        'Name types as keys: {"order-returned": {"orderId": {"column": "…"}}}.',
      );
    return { format, csv, id, source, type, occurredAt, channel, identifiers, data, dataByType };
  }

  private csv(value: unknown, format: string): Mapping['csv'] {
    const shape = { delimiter: ',', quote: '"' as string | null, columns: null as readonly string[] | null };
    if (value === undefined) return shape;
    if (!isObject(value)) {
      this.wrong(
        '/csv',
        'is no object',
        'Write {"delimiter": ";", "quote": "\\"", "columns": ["a", "b"]}; each may be left out.',
      );
      return shape;
    }
    if (format !== 'csv') this.wrong('/csv', 'stands in a mapping of NDJSON', 'Leave it out, or set "format": "csv".');
    this.known(value, ['delimiter', 'quote', 'columns'], '/csv');
    const { delimiter, quote, columns } = value;
    if (delimiter !== undefined) {
      if (typeof delimiter === 'string' && delimiter.length > 0 && delimiter.length <= 4) shape.delimiter = delimiter;
      else this.wrong('/csv/delimiter', 'is no text of one to four characters', 'Write ",", ";" or "\\t".');
    }
    if (quote !== undefined) {
      if (quote === null || (typeof quote === 'string' && quote.length === 1)) shape.quote = quote;
      else this.wrong('/csv/quote', 'is no single character', 'Write "\\"", or null where cells are never quoted.');
    }
    if (columns !== undefined) {
      if (
        Array.isArray(columns) &&
        columns.length > 0 &&
        columns.every((name): name is string => typeof name === 'string')
      )
        shape.columns = columns;
      else
        this.wrong(
          '/csv/columns',
          'is no list of names',
          'Name the columns in their order, or leave it out where the first line does.',
        );
    }
    return shape;
  }

  private id(value: unknown): readonly string[] | null {
    if (value === undefined) return null;
    if (isObject(value)) {
      this.known(value, ['column', 'columns', 'rowHash'], '/id');
      const { column, columns, rowHash } = value;
      if (rowHash === true) return null;
      if (typeof column === 'string' && column !== '') return [column];
      if (
        Array.isArray(columns) &&
        columns.length > 0 &&
        columns.every((name): name is string => typeof name === 'string')
      )
        return columns;
    }
    this.wrong(
      '/id',
      'names no column',
      'Write {"column": "order_id"}, {"columns": ["shop", "order_id"]} or {"rowHash": true}.',
    );
    return null;
  }

  private occurredAt(value: unknown): ColumnValue {
    const none: ColumnValue = { column: '', as: 'instant', optional: false, rounding: 'reject' };
    if (!isObject(value) || typeof value['column'] !== 'string') {
      this.wrong(
        '/occurredAt',
        'names no column',
        'Write {"column": "date", "format": "yyyy-MM-dd HH:mm:ss", "timeZone": "Europe/London"}.',
      );
      return none;
    }
    const source = this.source({ ...value, as: 'instant' }, '/occurredAt');
    return source !== null && 'column' in source ? source : none;
  }

  private identifiers(value: unknown): readonly IdentifierSource[] {
    if (!Array.isArray(value) || value.length === 0) {
      this.wrong(
        '/identifiers',
        'is no list with at least one entry',
        'Write [{"namespace": "userId", "column": "customer"}].',
      );
      return [];
    }
    const found: IdentifierSource[] = [];
    value.forEach((entry: unknown, index) => {
      const path = `/identifiers/${index}`;
      if (!isObject(entry)) {
        this.wrong(path, 'is no object', 'Write {"namespace": "userId", "column": "customer"}.');
        return;
      }
      const { namespace, role, ...rest } = entry;
      if (typeof namespace !== 'string' || !/^[A-Za-z][\w.-]{0,63}$/.test(namespace)) {
        this.wrong(
          `${path}/namespace`,
          'is no name',
          'Write userId, email, phone, loyaltyCard, anonymousId, deviceId or a name of your own.',
        );
        return;
      }
      const as = this.oneOf(role ?? 'self', ROLES, `${path}/role`);
      const from = this.source(rest, path);
      if (from !== null) found.push({ namespace, role: as, from });
    });
    if (found.length > 0 && found.every((entry) => entry.role !== 'self'))
      this.wrong(
        '/identifiers',
        'holds no identifier of the customer themselves',
        'Give at least one the role "self".',
      );
    return found;
  }

  private fields(value: unknown, path: string): Readonly<Record<string, DataTemplate>> {
    if (!isObject(value)) {
      this.wrong(path, 'is no object', 'Write the fields of the touchpoint: {"orderId": {"column": "order_id"}}.');
      return {};
    }
    const fields: Record<string, DataTemplate> = {};
    for (const [name, branch] of Object.entries(value)) {
      const tree = this.tree(branch, `${path}/${escape(name)}`);
      if (tree !== null) fields[name] = tree;
    }
    return fields;
  }

  private tree(value: unknown, path: string): DataTemplate | null {
    if (Array.isArray(value)) {
      const items = value.map((item: unknown, index) => this.tree(item, `${path}/${index}`));
      return items.filter((item) => item !== null);
    }
    if (!isObject(value)) {
      this.wrong(
        path,
        'is a bare value',
        `Write {"value": ${JSON.stringify(value)}} for a constant, or {"column": "…"}.`,
      );
      return null;
    }
    if ('column' in value || 'value' in value) return this.source(value, path);
    return this.fields(value, path);
  }

  private text(value: unknown, path: string): ValueSource {
    if (typeof value === 'string' && value !== '') return { value };
    if (isObject(value)) return this.source(value, path) ?? { value: '' };
    this.wrong(
      path,
      'is missing',
      'Write {"value": "…"} for a constant, or {"column": "…", "map": {"S": "order-placed"}}.',
    );
    return { value: '' };
  }

  private source(value: Json, path: string): ValueSource | null {
    const before = this.errors.length;
    if ('value' in value) {
      this.known(value, ['value'], path);
      return this.errors.length > before ? null : { value: value['value'] };
    }
    this.known(
      value,
      ['column', 'as', 'map', 'default', 'optional', 'currency', 'rounding', 'format', 'timeZone'],
      path,
    );
    const { column, map, currency, format } = value;
    if (typeof column !== 'string' || column === '')
      this.wrong(
        `${path}/column`,
        'names no column',
        'Write {"column": "name of the column"}, or {"value": …} for a constant.',
      );
    const as = this.oneOf(value['as'] ?? 'text', READINGS, `${path}/as`);
    const rounding = this.oneOf(value['rounding'] ?? 'reject', ['reject', 'half-up'] as const, `${path}/rounding`);
    const optional = value['optional'] ?? false;
    if (typeof optional !== 'boolean')
      this.wrong(`${path}/optional`, 'is neither true nor false', 'Write true or false.');
    if (map !== undefined && !isObject(map))
      this.wrong(`${path}/map`, 'is no object', 'Write {"text of the column": "value"}.');
    if (as === 'money') this.currency(currency, `${path}/currency`);
    else if (currency !== undefined)
      this.wrong(`${path}/currency`, 'stands on a value that is no money', 'Add "as": "money", or leave it out.');
    const dated = as === 'date' || as === 'instant';
    const zone = value['timeZone'] === undefined ? this.zone : this.timeZone(value['timeZone'], `${path}/timeZone`);
    if (dated) {
      const pattern = format ?? 'iso';
      if (typeof pattern !== 'string' || dateParser(pattern, zone) === null)
        this.wrong(
          `${path}/format`,
          'is no date format',
          'Write "iso", "epoch-seconds", "epoch-millis", or a pattern such as "dd/MM/yyyy HH:mm".',
        );
    } else if (format !== undefined)
      this.wrong(
        `${path}/format`,
        'stands on a value that is no date',
        'Add "as": "date" or "instant", or leave it out.',
      );
    if (this.errors.length > before || typeof column !== 'string') return null;
    return {
      column,
      as,
      optional: optional === true,
      rounding,
      ...(isObject(map) ? { map } : {}),
      ...('default' in value ? { default: value['default'] } : {}),
      ...(currency === undefined ? {} : { currency: currency as NonNullable<ColumnValue['currency']> }),
      ...(dated ? { format: (format as string | undefined) ?? 'iso', timeZone: zone } : {}),
    };
  }

  private currency(value: unknown, path: string): void {
    if (isObject(value)) {
      if (isCurrency(value['value'])) return;
      if (typeof value['column'] === 'string' && value['column'] !== '') return;
    }
    this.wrong(path, 'names no currency', 'Write {"value": "EUR"}, or {"column": "currency"}.');
  }

  private timeZone(value: unknown, path: string): string {
    if (typeof value === 'string' && isTimeZone(value)) return value;
    this.wrong(path, `${JSON.stringify(value)} is no time zone`, 'Write an IANA name: "UTC", "Europe/London".');
    return 'UTC';
  }

  private oneOf<T extends string>(value: unknown, choices: readonly T[], path: string): T {
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    this.wrong(path, `${JSON.stringify(value)} is none of the choices`, `Choose one of: ${choices.join(', ')}.`);
    return choices[0] as T;
  }

  private known(value: Json, names: readonly string[], path: string): void {
    for (const name of Object.keys(value))
      if (!names.includes(name))
        this.wrong(`${path}/${escape(name)}`, 'is not known here', `Known are: ${names.join(', ')}.`);
  }

  private wrong(path: string, reason: string, hint: string): void {
    this.errors.push({ pointer: `#${path}`, detail: reason, hint: hint });
  }
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A key as a step of a JSON pointer (RFC 6901). */
function escape(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1');
}
