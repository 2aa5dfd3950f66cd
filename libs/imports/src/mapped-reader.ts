import { createHash } from 'node:crypto';
import { isPlaceholder } from '#contracts';
import { holds, type Condition } from './conditions.js';
import { invalidRow, InvalidValue } from './invalid-value.js';
import { RowGrouper, type GroupedRows } from './row-groups.js';
import { textOf, type Cells, type ColumnName, type ReadRow, type RowSet } from './row-set.js';
import { csvRows, ndjsonRows, type NamedColumns } from './rows.js';
import { missing, ValueReader } from './values.js';
import type { DataTemplate, IdentifierSource, Mapping, TouchpointTemplate, ValueSource } from './mapping.js';
import type { IdentifierInput, ImportItem, RowOrigin, TouchpointInput } from './import-item.js';
import { addNotice, type ImportFile, type ImportReader, type ReadReport } from './import-reader.js';

/** Reads a file by a mapping: a row, or the rows of a group, become one touchpoint or several. */
export function mappedReader(mapping: Mapping, name = 'mapping'): ImportReader {
  const columns = columnsOf(mapping);
  const rowsOf = (file: ImportFile) =>
    mapping.format === 'csv' ? csvRows(file, mapping.csv, columns) : ndjsonRows(file);
  return {
    name,
    async *read(given, report) {
      const file = { ...(mapping.encoding === undefined ? {} : { encoding: mapping.encoding }), ...given };
      const items = new ItemMaker(mapping, file.name, report);
      const grouper = await RowGrouper.of(file, mapping, rowsOf, report);
      for await (const page of rowsOf(file)) {
        const made = grouper.group(page).flatMap((grouped) => items.of(grouped));
        if (made.length > 0) yield made;
      }
    },
  };
}

/**
 * Reads single documents by a mapping of NDJSON without `groupBy`. The caller gives the id of a document whose mapping names no column for it. A
 * document may become several touchpoints, or none.
 */
export function mappedDocumentReader(
  mapping: Mapping,
): (cells: Cells, rowId: string, file: string, line: number) => readonly ImportItem[] {
  return (cells, rowId, file, line) => {
    const report: ReadReport = { lines: 0, notices: new Map() };
    const [grouped] = new RowGrouper(mapping, null, report).group([{ line, cells, text: '' }]);
    if (grouped === undefined) return [];
    const identified =
      grouped.kind === 'rows' ? { ...grouped, rows: [{ line, cells, id: rowId }] } : { ...grouped, id: rowId };
    return new ItemMaker(mapping, file, report).of(identified);
  };
}

/** Makes items of rows. A row is read as a whole or not at all: where one of its touchpoints cannot be made, the row is invalid. */
class ItemMaker {
  private readonly values = new ValueReader();

  constructor(
    private readonly mapping: Mapping,
    private readonly file: string,
    private readonly report: ReadReport,
  ) {}

  of(grouped: GroupedRows): readonly ImportItem[] {
    if (grouped.kind === 'unreadable') {
      const { row, id, reason } = grouped;
      const cells = 'cells' in row ? row.cells : null;
      return [this.invalid([{ line: row.line, cells: cells ?? {}, id }], reason, cells ?? row.text)];
    }
    const { rows, key } = grouped;
    const set: RowSet = { rows, hash: hashOf(rows) };
    try {
      const touchpoints = this.touchpoints(set, key);
      if (touchpoints.length === 0) addNotice(this.report, 'rows that no touchpoint was made of, as "when" says');
      const origin = this.originOf(rows);
      const line = rows.at(-1)?.line ?? 0;
      return touchpoints.map((touchpoint) => ({ kind: 'touchpoint', line, touchpoint, origin }));
    } catch (error) {
      if (!(error instanceof InvalidValue)) throw error;
      return [this.invalid(rows, error, rows.length === 1 ? rows[0]?.cells : rows.map(({ cells }) => cells))];
    }
  }

  private touchpoints(rows: RowSet, key: string | null): readonly TouchpointInput[] {
    const { mapping, values } = this;
    const wanted = mapping.touchpoints.filter(({ when }) => when === null || holds(when, rows));
    if (wanted.length === 0) return [];
    const rowId = mapping.id === null ? (key ?? rows.hash) : requiredText(values.read(mapping.id, rows), mapping.id);
    const source = requiredText(values.read(mapping.source, rows), mapping.source);
    const ids = new Set<string>();
    return wanted.map((template) => {
      const touchpoint = this.touchpoint(template, rows, source, rowId);
      if (ids.has(touchpoint.id))
        throw new InvalidValue(
          'id-repeated',
          null,
          'must make touchpoints with an id each',
          'give the touchpoints of the mapping a "suffix" or an "id" of their own',
        );
      ids.add(touchpoint.id);
      return touchpoint;
    });
  }

  private touchpoint(template: TouchpointTemplate, rows: RowSet, source: string, rowId: string): TouchpointInput {
    const { mapping, values } = this;
    const type = requiredText(values.read(template.type, rows), template.type);
    const at = values.read(template.occurredAt, rows);
    if (typeof at !== 'string') throw missing(template.occurredAt);
    const identifiers = identifiersOf(template.identifiers, (each) => this.identifier(each, rows));
    if (!identifiers.some((identifier) => identifier.role === 'self'))
      throw new InvalidValue(
        'customer-missing',
        null,
        'must name a customer',
        'fill in one of the columns that identify the customer',
      );
    const data: Record<string, unknown> = {};
    for (const fields of [template.data, mapping.dataByType[type] ?? {}])
      for (const [field, inner] of Object.entries(fields)) {
        const value = values.fill(inner, rows);
        if (value !== undefined) data[field] = value;
      }
    return {
      id:
        template.id === null
          ? rowId + (template.suffix ?? `/${type}`)
          : requiredText(values.read(template.id, rows), template.id),
      source,
      type,
      occurredAt: at,
      channel: requiredText(values.read(template.channel, rows), template.channel),
      identifiers,
      data,
    };
  }

  /** The identifier of a row; none where its cell is empty and may be. */
  private identifier({ namespace, role, from }: IdentifierSource, rows: RowSet): readonly IdentifierInput[] {
    const value = this.values.read(from, rows);
    return value === undefined ? [] : [{ namespace, value: String(value as string), role }];
  }

  private invalid(rows: readonly ReadRow[], reason: InvalidValue, row: unknown): ImportItem {
    const { source } = this.mapping;
    const [first] = rows;
    const origin = this.originOf(rows);
    const place = {
      id: origin.rows[0] ?? '',
      source: source.kind === 'constant' ? String(source.value) : 'import',
      file: this.file,
      line: origin.line,
      row,
      identifiers: first === undefined || typeof row === 'string' ? [] : this.readableIdentifiers(rows),
    };
    return { kind: 'invalid', line: rows.at(-1)?.line ?? 0, invalid: invalidRow(place, reason), origin };
  }

  /** The identifiers of an invalid row, without those that cannot be read. */
  private readableIdentifiers(rows: readonly ReadRow[]): readonly IdentifierInput[] {
    const set: RowSet = { rows, hash: hashOf(rows) };
    const found = new Map<string, IdentifierInput>();
    for (const { identifiers } of this.mapping.touchpoints)
      for (const identifier of identifiersOf(identifiers, (each) => this.readable(each, set)))
        found.set(JSON.stringify(identifier), identifier);
    return [...found.values()];
  }

  private readable(identifier: IdentifierSource, rows: RowSet): readonly IdentifierInput[] {
    try {
      return this.identifier(identifier, rows);
    } catch (error) {
      if (error instanceof InvalidValue) return [];
      throw error;
    }
  }

  private originOf(rows: readonly ReadRow[]): RowOrigin {
    return { file: this.file, line: rows[0]?.line ?? 0, rows: rows.map(({ id }) => `row-${id}`) };
  }
}

/** The identifiers that are filled; those of last resort only where no other one is the customer's. */
function identifiersOf(
  sources: readonly IdentifierSource[],
  read: (source: IdentifierSource) => readonly IdentifierInput[],
): readonly IdentifierInput[] {
  const found = sources.filter(({ lastResort }) => !lastResort).flatMap(read);
  // A placeholder, such as `n/a`, stands for no customer.
  if (found.some(({ role, namespace, value }) => role === 'self' && !isPlaceholder(namespace, value))) return found;
  return [...found, ...sources.filter(({ lastResort }) => lastResort).flatMap(read)];
}

/** The hash of a group: of one row, its own. */
function hashOf(rows: readonly ReadRow[]): string {
  const [first] = rows;
  if (rows.length === 1 && first !== undefined) return first.id;
  return createHash('sha256')
    .update(rows.map(({ id }) => id).join(' '))
    .digest('hex')
    .slice(0, 24);
}

function requiredText(value: unknown, source: ValueSource): string {
  const text = typeof value === 'string' ? value : textOf(value);
  if (text !== '') return text;
  throw missing(source.kind === 'column' ? source : null);
}

/** Every column that the mapping names: the header is checked for them before anything is imported. */
function columnsOf(mapping: Mapping): NamedColumns {
  const required = new Map<string, readonly string[]>();
  const mayLack = new Map<string, readonly string[]>();
  const need = ({ name, aliases, optional }: ColumnName): void => {
    const names = [name, ...aliases];
    (optional ? mayLack : required).set(names.join('\0'), names);
  };
  const condition = (each: Condition): void => {
    if (each.kind === 'column') need(each.column);
    else each.conditions.forEach(condition);
  };
  const fields = (each: Readonly<Record<string, DataTemplate>>): void => Object.values(each).forEach(visit);
  const visit = (template: DataTemplate): void => {
    switch (template.kind) {
      case 'list':
        return template.items.forEach(visit);
      case 'object':
        return fields(template.fields);
      case 'each-row':
        if (template.when !== null) condition(template.when);
        return fields(template.item);
      case 'constant':
      case 'hash':
        return;
      case 'column':
        template.columns.forEach(need);
        if (template.fallback !== null) visit(template.fallback);
        if (template.currency?.column !== null && template.currency !== null) need(template.currency.column);
    }
  };
  mapping.groupBy?.columns.forEach(need);
  mapping.skip.forEach(condition);
  if (mapping.id !== null) visit(mapping.id);
  visit(mapping.source);
  for (const touchpoint of mapping.touchpoints) {
    const { when, id, type, occurredAt, channel, identifiers, data } = touchpoint;
    if (when !== null) condition(when);
    for (const source of [id, type, occurredAt, channel]) if (source !== null) visit(source);
    identifiers.forEach(({ from }) => visit(from));
    fields(data);
  }
  Object.values(mapping.dataByType).forEach(fields);
  return { required: [...required.values()], optional: [...mayLack.values()] };
}
