import { formatInstant, isCurrency } from '#contracts';
import { dateReader, type DateReader } from './local-time.js';
import { toMinor } from './money.js';
import { InvalidValue } from './problem.js';
import { RowIdentity } from './row-identity.js';
import { csvRows, ndjsonRows, type Row } from './rows.js';
import type { ColumnValue, DataTree, Mapping, ValueSource } from './mapping.js';
import type { DraftIdentifier, ImportItem, ImportLayout, TouchpointDraft } from './draft.js';

type Cells = Readonly<Record<string, unknown>>;

/** The layout that a mapping describes: one row, one touchpoint. */
export function mappedLayout(mapping: Mapping): ImportLayout {
  return {
    name: 'mapping',
    async *read(file, notes) {
      const identity = new RowIdentity();
      const values = new Values();
      const rows = mapping.format === 'csv' ? csvRows(file, mapping.csv, columnsOf(mapping)) : ndjsonRows(file);
      for await (const page of rows) {
        notes.lines += page.length;
        yield page.map((row) => itemOf(row, file.name, mapping, identity, values));
      }
    },
  };
}

/** Reads single documents by a mapping of NDJSON: the ids of those that have no column for it are the caller's. */
export function mappedDocument(
  mapping: Mapping,
): (cells: Cells, rowId: string, file: string, line: number) => ImportItem {
  const values = new Values();
  return (cells, rowId, file, line) => itemOf({ line, cells, text: '' }, file, mapping, { of: () => rowId }, values);
}

function itemOf(
  row: Row,
  file: string,
  mapping: Mapping,
  identity: Pick<RowIdentity, 'of'>,
  values: Values,
): ImportItem {
  const rowId = identity.of(row.text);
  try {
    if ('broken' in row)
      throw new InvalidValue(
        'row-malformed',
        '',
        `The row ${row.broken}`,
        'Fix the row: the delimiter, the quotes, the number of cells.',
      );
    return { kind: 'touchpoint', line: row.line, draft: draftOf(row.cells, rowId, mapping, values) };
  } catch (error) {
    if (!(error instanceof InvalidValue)) throw error;
    const { code, path, message: detail, hint } = error;
    const source = 'value' in mapping.source ? String(mapping.source.value) : 'import';
    const content = 'broken' in row ? row.text : row.cells;
    const named = 'broken' in row ? [] : identifiersOf(row.cells, mapping, values, true);
    return {
      kind: 'invalid',
      line: row.line,
      invalid: {
        id: `row-${rowId}`,
        source,
        file,
        line: row.line,
        row: content,
        identifiers: named,
        code,
        pointer: path,
        detail,
        hint,
      },
    };
  }
}

function draftOf(cells: Cells, rowId: string, mapping: Mapping, values: Values): TouchpointDraft {
  const type = requiredText(values.read(mapping.type, cells), mapping.type);
  const at = values.read(mapping.occurredAt, cells);
  if (typeof at !== 'string') throw missing(mapping.occurredAt.column);
  const identifiers = identifiersOf(cells, mapping, values, false);
  if (!identifiers.some((identifier) => identifier.role === 'self'))
    throw new InvalidValue(
      'customer-missing',
      '',
      'The row names no customer',
      'Fill in one of the columns that identify them.',
    );
  const data: Record<string, unknown> = {};
  for (const tree of [mapping.data, mapping.dataByType[type] ?? {}])
    for (const [field, branch] of Object.entries(tree)) {
      const value = values.branch(branch, cells);
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

/** Whom the row names. `leniently` passes over what cannot be read. */
function identifiersOf(cells: Cells, mapping: Mapping, values: Values, leniently: boolean): readonly DraftIdentifier[] {
  const identifiers: DraftIdentifier[] = [];
  for (const { namespace, role, from } of mapping.identifiers) {
    try {
      const value = values.read(from, cells);
      if (value !== undefined) identifiers.push({ namespace, value: String(value as string), role });
    } catch (error) {
      if (!leniently || !(error instanceof InvalidValue)) throw error;
    }
  }
  return identifiers;
}

/** Reads values out of rows; keeps each date format compiled. */
class Values {
  private readonly dates = new Map<string, DateReader>();

  branch(tree: DataTree, cells: Cells): unknown {
    if (Array.isArray(tree)) return (tree as readonly DataTree[]).map((item) => this.branch(item, cells));
    if (isSource(tree)) return this.read(tree, cells);
    const object: Record<string, unknown> = {};
    for (const [field, inner] of Object.entries(tree as Readonly<Record<string, DataTree>>)) {
      const value = this.branch(inner, cells);
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
        "The text is not in the mapping's list",
        `Known are: ${Object.keys(source.map).join(', ')}.`,
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
        throw unreadable(source, text, 'a whole number');
      case 'number':
        if (/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(text)) return Number(text);
        throw unreadable(source, text, 'a number');
      case 'boolean':
        if (/^(true|yes|y|1)$/i.test(text)) return true;
        if (/^(false|no|n|0)$/i.test(text)) return false;
        throw unreadable(source, text, 'true or false');
      case 'money':
        return toMinor(text, this.currency(source, cells), source.rounding, source.column);
      case 'date':
        return formatInstant(this.instant(source, text)).slice(0, 10);
      case 'instant':
        return formatInstant(this.instant(source, text));
      case 'json':
        if (typeof raw === 'object') return raw;
        try {
          return JSON.parse(text) as unknown;
        } catch {
          throw unreadable(source, text, 'JSON');
        }
    }
  }

  private currency(source: ColumnValue, cells: Cells): string {
    if (source.currency === undefined || 'value' in source.currency) return source.currency?.value ?? 'XXX';
    const code = cell(cells, source.currency.column);
    if (typeof code === 'string' && isCurrency(code.trim())) return code.trim();
    throw new InvalidValue(
      'currency-malformed',
      source.currency.column,
      'The cell is no currency of ISO 4217',
      'Write three capital letters: EUR.',
    );
  }

  private instant(source: ColumnValue, text: string): number {
    const format = source.format ?? 'iso';
    const zone = source.timeZone ?? 'UTC';
    const key = `${zone} ${format}`;
    let reader = this.dates.get(key);
    if (reader === undefined) {
      reader = dateReader(format, zone) ?? (() => null);
      this.dates.set(key, reader);
    }
    const at = reader(text);
    if (at === null) throw unreadable(source, text, `a date of the form ${format}`);
    return at;
  }
}

function isSource(tree: DataTree): tree is ValueSource {
  return !Array.isArray(tree) && ('column' in tree || 'value' in tree);
}

/** A cell of the row; in NDJSON the column may be a path. */
function cell(cells: Cells, column: string): unknown {
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
  throw missing('column' in source ? source.column : '');
}

function missing(column: string): InvalidValue {
  return new InvalidValue(
    'value-missing',
    column,
    `The column '${column}' is empty`,
    'Fill it in, or set "optional" or "default" in the mapping.',
  );
}

function unreadable(source: ColumnValue, text: string, what: string): InvalidValue {
  return new InvalidValue('value-malformed', source.column, `The cell is not ${what}`, 'Fix the cell, or the mapping.');
}

/** Every column that a row must have for the mapping to make sense: checked against the header before anything is taken. */
function columnsOf(mapping: Mapping): readonly string[] {
  const columns = new Set<string>(mapping.id ?? []);
  const visit = (tree: DataTree): void => {
    if (Array.isArray(tree)) (tree as readonly DataTree[]).forEach(visit);
    else if (isSource(tree)) {
      if ('column' in tree) {
        columns.add(tree.column);
        if (tree.currency !== undefined && 'column' in tree.currency) columns.add(tree.currency.column);
      }
    } else Object.values(tree as Readonly<Record<string, DataTree>>).forEach(visit);
  };
  for (const source of [mapping.source, mapping.type, mapping.occurredAt, mapping.channel]) visit(source);
  mapping.identifiers.forEach((identifier) => visit(identifier.from));
  visit(mapping.data);
  Object.values(mapping.dataByType).forEach(visit);
  return [...columns];
}
