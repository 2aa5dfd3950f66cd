import { holds } from './conditions.js';
import type { ImportFile, ReadReport } from './import-reader.js';
import { addNotice } from './import-reader.js';
import { InvalidValue, malformedRow } from './invalid-value.js';
import type { GroupBy, Mapping } from './mapping.js';
import { RowIdentity, TextCounts } from './row-identity.js';
import { cellOf, textOf, type ReadRow } from './row-set.js';
import { FileRejected } from './file-rejected.js';
import type { Row } from './rows.js';

/** Rows of groups that are not complete yet, in memory at once. */
const HELD_MAX = 100_000;

/** A row that cannot be read, or the rows that make one touchpoint. */
export type GroupedRows =
  | { readonly kind: 'rows'; readonly rows: readonly ReadRow[]; readonly key: string | null }
  | { readonly kind: 'unreadable'; readonly row: Row; readonly id: string; readonly reason: InvalidValue };

interface OpenGroup {
  readonly rows: ReadRow[];
  /** Rows that are still to come. */
  left: number;
  /** The texts of its rows, where identical ones count once. */
  readonly texts: Set<string> | null;
}

/**
 * Puts the rows of a file together as the mapping says. Without `groupBy` each row stands by itself. The rows of a group need not follow one another:
 * a first reading counts the rows of each group, a second one holds a group's rows until the last of them. Of the first reading, 12 to 24 bytes
 * a group are kept; of the second, at most 100,000 rows at once: in a sorted file, one group.
 */
export class RowGrouper {
  private readonly identity = new RowIdentity();
  private readonly open = new Map<string, OpenGroup>();
  private held = 0;
  private readonly keys: KeyReader | null;

  /** @param counts the rows of each group; null without `groupBy` */
  constructor(
    private readonly mapping: Mapping,
    private readonly counts: TextCounts | null,
    private readonly report: ReadReport,
  ) {
    this.keys = mapping.groupBy === null ? null : new KeyReader(mapping.groupBy);
  }

  /** @param rowsOf reads the rows of a file from the first on */
  static async of(
    file: ImportFile,
    mapping: Mapping,
    rowsOf: (file: ImportFile) => AsyncIterable<readonly Row[]>,
    report: ReadReport,
  ): Promise<RowGrouper> {
    const { groupBy } = mapping;
    if (groupBy === null) return new RowGrouper(mapping, null, report);
    const counts = new TextCounts();
    const keys = new KeyReader(groupBy);
    for await (const page of rowsOf(withoutProgress(file)))
      for (const row of page) {
        const key = keyOf(row, mapping, keys);
        if (typeof key === 'string') counts.add(key);
      }
    return new RowGrouper(mapping, counts, report);
  }

  /** What is complete with this page of rows. */
  group(page: readonly Row[]): readonly GroupedRows[] {
    const grouped: GroupedRows[] = [];
    for (const row of page) {
      this.report.lines += 1;
      const id = this.identity.of(row.text);
      const found = this.add(row, id);
      if (found !== null) grouped.push(found);
    }
    return grouped;
  }

  private add(row: Row, id: string): GroupedRows | null {
    const { groupBy } = this.mapping;
    const key = keyOf(row, this.mapping, this.keys);
    if (key instanceof InvalidValue) return { kind: 'unreadable', row, id, reason: key };
    if (key === SKIPPED) {
      addNotice(this.report, 'rows passed over, as "skip" says');
      return null;
    }
    if (!('cells' in row)) return null;
    const read: ReadRow = { line: row.line, cells: row.cells, id };
    if (groupBy === null || typeof key !== 'string') return { kind: 'rows', rows: [read], key: null };
    return this.addTo(key, read, row.text, groupBy);
  }

  private addTo(key: string, read: ReadRow, text: string, { identicalRows }: GroupBy): GroupedRows | null {
    let group = this.open.get(key);
    if (group === undefined) {
      group = { rows: [], left: this.counts?.of(key) ?? 1, texts: identicalRows === 'once' ? new Set() : null };
      this.open.set(key, group);
    }
    group.left -= 1;
    if (group.texts?.has(text) === true) addNotice(this.report, 'identical rows of one group, taken once');
    else {
      group.texts?.add(text);
      group.rows.push(read);
      this.held += 1;
    }
    if (group.left > 0) {
      if (this.held > HELD_MAX) throw tooManyHeld(this.mapping);
      return null;
    }
    this.open.delete(key);
    this.held -= group.rows.length;
    return { kind: 'rows', rows: group.rows, key };
  }
}

const SKIPPED = Symbol('skipped');

/** The key of a row's group, or null where rows stand by themselves; that the row is passed over; or why it cannot be read. */
function keyOf(row: Row, mapping: Mapping, keys: KeyReader | null): string | null | typeof SKIPPED | InvalidValue {
  if ('malformed' in row) return malformedRow(row.malformed);
  try {
    const one = { rows: [{ line: row.line, cells: row.cells, id: '' }], hash: '' };
    if (mapping.skip.some((condition) => holds(condition, one))) return SKIPPED;
    return keys === null ? null : keys.of(row.cells);
  } catch (error) {
    if (error instanceof InvalidValue) return error;
    throw error;
  }
}

/** Reads the key of each row. It remembers that of the row before, which a row without one may continue. */
class KeyReader {
  private before: string | null = null;

  constructor(private readonly groupBy: GroupBy) {}

  of(cells: Readonly<Record<string, unknown>>): string {
    const { columns, blank } = this.groupBy;
    const parts = columns.map((column) => textOf(cellOf(cells, column)));
    const empty = parts.indexOf('');
    if (empty < 0) return (this.before = parts.join('/'));
    if (blank === 'continues' && parts.every((part) => part === '') && this.before !== null) return this.before;
    throw new InvalidValue(
      'value-missing',
      columns[empty]?.name ?? null,
      'must not be empty: rows are grouped by it',
      blank === 'continues'
        ? 'fill it in: no row is before this one'
        : 'fill it in, or set "blank": "continues" in "groupBy" where it belongs to the row before',
    );
  }
}

/** Only the second reading of a file is its progress. */
function withoutProgress({ onBytes: _onBytes, ...file }: ImportFile): ImportFile {
  return file;
}

function tooManyHeld({ groupBy }: Mapping): FileRejected {
  const names = (groupBy?.columns ?? []).map(({ name }) => `'${name}'`).join(', ');
  return new FileRejected(
    `More than ${HELD_MAX.toLocaleString('en')} rows belong to groups that go on further down in the file`,
    `Sort the file by ${names} and import it again: what is stored already counts as a duplicate.`,
  );
}
