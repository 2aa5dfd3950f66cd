import {
  formatInstant,
  isCurrency,
  issueOfFlaw,
  readJson,
  survivesAsDouble,
  withoutSpreadsheetQuoting,
} from '#contracts';
import { dateParser, type DateParser } from './date-format.js';
import { invalidRow, InvalidValue, malformedRow } from './invalid-value.js';
import { parseMoney } from './money.js';
import { RowIdentity } from './row-identity.js';
import { csvRows, ndjsonRows, type Row } from './rows.js';
import type { ColumnValue, DataTemplate, Mapping, ValueSource } from './mapping.js';
import type { IdentifierInput, ImportItem, TouchpointInput } from './import-item.js';
import type { ImportReader } from './import-reader.js';

type Cells = Readonly<Record<string, unknown>>;

/** Reads a file by a mapping: one row, one touchpoint. */
export function mappedReader(mapping: Mapping): ImportReader {
  return {
    name: 'mapping',
    async *read(given, report) {
      const file = { ...(mapping.encoding === undefined ? {} : { encoding: mapping.encoding }), ...given };
      const identity = new RowIdentity();
      const values = new ValueReader();
      const rows = mapping.format === 'csv' ? csvRows(file, mapping.csv, columnsOf(mapping)) : ndjsonRows(file);
      for await (const page of rows) {
        report.lines += page.length;
        yield page.map((row) => itemOf(row, file.name, mapping, identity.of(row.text), values));
      }
    },
  };
}

/** Reads single documents by a mapping of NDJSON. The caller gives the id of a document whose mapping names no column for it. */
export function mappedDocumentReader(
  mapping: Mapping,
): (cells: Cells, rowId: string, file: string, line: number) => ImportItem {
  const values = new ValueReader();
  return (cells, rowId, file, line) => itemOf({ line, cells, text: '' }, file, mapping, rowId, values);
}

function itemOf(row: Row, file: string, mapping: Mapping, rowId: string, values: ValueReader): ImportItem {
  const { line } = row;
  try {
    if ('malformed' in row) throw malformedRow(row.malformed);
    return { kind: 'touchpoint', line, touchpoint: touchpointOf(row.cells, rowId, mapping, values) };
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    const source = 'value' in mapping.source ? String(mapping.source.value) : 'import';
    const readable =
      'cells' in row
        ? { row: row.cells, identifiers: readableIdentifiers(row.cells, mapping, values) }
        : { row: row.text, identifiers: [] };
    return {
      kind: 'invalid',
      line,
      invalid: invalidRow({ id: `row-${rowId}`, source, file, line, ...readable }, error),
    };
  }
}

function touchpointOf(cells: Cells, rowId: string, mapping: Mapping, values: ValueReader): TouchpointInput {
  const type = requiredText(values.read(mapping.type, cells), mapping.type);
  const at = values.read(mapping.occurredAt, cells);
  if (typeof at !== 'string') throw missing(mapping.occurredAt.column);
  const identifiers = mapping.identifiers.flatMap((identifier) => identifierOf(identifier, cells, values));
  if (!identifiers.some((identifier) => identifier.role === 'self'))
    throw new InvalidValue(
      'customer-missing',
      null,
      'must name a customer',
      'fill in one of the columns that identify the customer',
    );
  const data: Record<string, unknown> = {};
  for (const template of [mapping.data, mapping.dataByType[type] ?? {}])
    for (const [field, inner] of Object.entries(template)) {
      const value = values.fill(inner, cells);
      if (value !== undefined) data[field] = value;
    }
  return {
    id:
      mapping.id === null ? rowId : mapping.id.map((column) => requiredText(cell(cells, column), { column })).join('/'),
    source: requiredText(values.read(mapping.source, cells), mapping.source),
    type,
    occurredAt: at,
    channel: requiredText(values.read(mapping.channel, cells), mapping.channel),
    identifiers,
    data,
  };
}

/** The identifier of a row; none where its cell is empty and may be. */
function identifierOf(
  { namespace, role, from }: Mapping['identifiers'][number],
  cells: Cells,
  values: ValueReader,
): readonly IdentifierInput[] {
  const value = values.read(from, cells);
  return value === undefined ? [] : [{ namespace, value: String(value as string), role }];
}

/** The identifiers of an invalid row, without those that cannot be read. */
function readableIdentifiers(cells: Cells, mapping: Mapping, values: ValueReader): readonly IdentifierInput[] {
  return mapping.identifiers.flatMap((identifier) => {
    try {
      return identifierOf(identifier, cells, values);
    } catch (error) {
      if (error instanceof InvalidValue) return [];
      throw error;
    }
  });
}

/** Reads values out of rows. It keeps each date format compiled. */
class ValueReader {
  private readonly dates = new Map<string, DateParser>();

  /** The template with each source replaced by its value; a field whose optional cell is empty is left out. */
  fill(template: DataTemplate, cells: Cells): unknown {
    if (Array.isArray(template)) return (template as readonly DataTemplate[]).map((item) => this.fill(item, cells));
    if (isSource(template)) return this.read(template, cells);
    const object: Record<string, unknown> = {};
    for (const [field, inner] of Object.entries(template as Readonly<Record<string, DataTemplate>>)) {
      const value = this.fill(inner, cells);
      if (value !== undefined) object[field] = value;
    }
    return object;
  }

  /** The value, or undefined where an optional cell is empty. */
  read(source: ValueSource, cells: Cells): unknown {
    if ('value' in source) return source.value;
    const raw = cell(cells, source.column);
    const text =
      typeof raw === 'string'
        ? raw.trim()
        : raw === undefined || raw === null
          ? ''
          : typeof raw === 'object'
            ? JSON.stringify(raw)
            : String(raw as number);
    if (text === '') {
      if (source.default !== undefined) return source.default;
      if (source.optional) return undefined;
      throw missing(source.column);
    }
    if (source.map !== undefined) {
      const mapped = Object.hasOwn(source.map, text) ? source.map[text] : source.default;
      if (mapped !== undefined) return mapped;
      throw new InvalidValue(
        'value-unknown',
        source.column,
        `must be one of ${Object.keys(source.map).join(', ')}`,
        'correct the cell, or list its text in the "map" of the mapping',
      );
    }
    return this.converted(source, text, raw, cells);
  }

  private converted(source: ColumnValue, text: string, raw: unknown, cells: Cells): unknown {
    switch (source.as) {
      case 'text':
        return text;
      case 'integer':
        if (/^[+-]?\d{1,15}$/.test(text)) return Number(text);
        throw malformed(source, /^[+-]?\d+$/.test(text) ? 'a whole number of at most 15 digits' : 'a whole number');
      case 'number':
        if (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return numberOf(text, source);
        throw malformed(source, 'a number');
      case 'boolean':
        if (/^(true|yes|y|1)$/i.test(text)) return true;
        if (/^(false|no|n|0)$/i.test(text)) return false;
        throw malformed(source, 'true or false');
      case 'money':
        return parseMoney(text, this.currency(source, cells), source.rounding, source.column);
      case 'date':
        return formatInstant(this.instant(source, text)).slice(0, 10);
      case 'instant':
        return formatInstant(this.instant(source, text));
      case 'json':
        if (typeof raw === 'object') return raw;
        return jsonOf(text, source);
    }
  }

  private currency(source: ColumnValue, cells: Cells): string {
    if (source.currency === undefined || 'value' in source.currency) return source.currency?.value ?? 'XXX';
    const code = cell(cells, source.currency.column);
    if (typeof code === 'string' && isCurrency(code.trim())) return code.trim();
    throw new InvalidValue(
      'currency-malformed',
      source.currency.column,
      'must be a currency of ISO 4217',
      'write its three capital letters, such as EUR',
    );
  }

  private instant(source: ColumnValue, text: string): number {
    const format = source.format ?? 'iso';
    const zone = source.timeZone ?? 'UTC';
    const key = `${zone} ${format}`;
    let parse = this.dates.get(key);
    if (parse === undefined) {
      parse = dateParser(format, zone) ?? (() => null);
      this.dates.set(key, parse);
    }
    const at = parse(text);
    if (at === null) throw malformed(source, `a date in the format ${format}`);
    return at;
  }
}

/** A number is not rounded in silence. */
function numberOf(text: string, source: ColumnValue): number {
  if (survivesAsDouble(text)) return Number(text);
  throw new InvalidValue(
    'number-inexact',
    source.column,
    'must be a number that keeps its digits',
    'write fewer digits, or read the column "as": "text"',
  );
}

function jsonOf(text: string, source: ColumnValue): unknown {
  const reading = readJson(text);
  if (reading === null) throw malformed(source, 'JSON');
  const [flaw] = reading.flaws;
  if (flaw === undefined) return reading.value;
  const { hint } = issueOfFlaw(flaw);
  const detail =
    flaw.code === 'duplicate-key'
      ? 'must be JSON without a key that stands twice'
      : 'must be JSON whose numbers keep their digits';
  throw new InvalidValue(flaw.code, source.column, detail, hint);
}

function isSource(template: DataTemplate): template is ValueSource {
  return !Array.isArray(template) && ('column' in template || 'value' in template);
}

/** A cell of the row, without what only tells a spreadsheet that it is text. */
function cell(cells: Cells, column: string): unknown {
  const value = rawCell(cells, column);
  return typeof value === 'string' ? withoutSpreadsheetQuoting(value) : value;
}

/** In NDJSON the column may be a path. */
function rawCell(cells: Cells, column: string): unknown {
  if (Object.hasOwn(cells, column)) return cells[column];
  let value: unknown = cells;
  for (const step of column.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Cells)[step];
  }
  return value;
}

function requiredText(value: unknown, source: ValueSource | { readonly column: string }): string {
  if (typeof value === 'string' && value !== '') return value;
  if (typeof value === 'number') return String(value);
  throw missing('column' in source ? source.column : null);
}

function missing(column: string | null): InvalidValue {
  return new InvalidValue(
    'value-missing',
    column,
    'must not be empty',
    'fill it in, or set "optional" or "default" in the mapping',
  );
}

function malformed(source: ColumnValue, wanted: string): InvalidValue {
  return new InvalidValue('value-malformed', source.column, `must be ${wanted}`, 'correct the cell, or the mapping');
}

/** Every column that the mapping names: the header is checked for them before anything is imported. */
function columnsOf(mapping: Mapping): readonly string[] {
  const columns = new Set<string>(mapping.id ?? []);
  const visit = (template: DataTemplate): void => {
    if (Array.isArray(template)) (template as readonly DataTemplate[]).forEach(visit);
    else if (isSource(template)) {
      if ('column' in template) {
        columns.add(template.column);
        if (template.currency !== undefined && 'column' in template.currency) columns.add(template.currency.column);
      }
    } else Object.values(template as Readonly<Record<string, DataTemplate>>).forEach(visit);
  };
  for (const source of [mapping.source, mapping.type, mapping.occurredAt, mapping.channel]) visit(source);
  mapping.identifiers.forEach((identifier) => visit(identifier.from));
  visit(mapping.data);
  Object.values(mapping.dataByType).forEach(visit);
  return [...columns];
}
