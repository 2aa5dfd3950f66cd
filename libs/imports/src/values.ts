import { formatInstant, issueOfFlaw, readJson, survivesAsDouble } from '#contracts';
import { dateParser, dayOf, type DateParser } from './date-format.js';
import { parseDecimal, type Decimal } from './decimal.js';
import { holds } from './conditions.js';
import { InvalidValue } from './invalid-value.js';
import { currencyCode, parseMoney, withoutCurrency } from './money.js';
import { cellOf, textOf, type ReadRow, type RowSet } from './row-set.js';
import type { ColumnValue, DataTemplate, EachRow, ValueSource } from './mapping.js';

/** A text of a cell, and the row that it was found in. */
interface Found {
  readonly text: string;
  readonly raw: unknown;
  readonly rowAt: number;
}

/** Reads values out of rows. It keeps each date format compiled. */
export class ValueReader {
  private readonly dates = new Map<string, DateParser>();

  /** The template with each source replaced by its value; a field whose optional cell is empty is left out. */
  fill(template: DataTemplate, rows: RowSet): unknown {
    switch (template.kind) {
      case 'list':
        return template.items.map((item) => this.fill(item, rows)).filter((item) => item !== undefined);
      case 'object':
        return this.fields(template.fields, rows);
      case 'each-row':
        return this.items(template, rows);
      default:
        return this.read(template, rows);
    }
  }

  private fields(fields: Readonly<Record<string, DataTemplate>>, rows: RowSet): Record<string, unknown> {
    const object: Record<string, unknown> = {};
    for (const [field, inner] of Object.entries(fields)) {
      const value = this.fill(inner, rows);
      if (value !== undefined) object[field] = value;
    }
    return object;
  }

  private items({ item, when }: EachRow, { rows }: RowSet): readonly unknown[] {
    return rows.flatMap((row, at) => {
      const one: RowSet = { rows: [row], hash: row.id, group: rows };
      return inRow(at, () => (when === null || holds(when, one) ? [this.fields(item, one)] : []));
    });
  }

  /** The value, or undefined where an optional cell is empty. */
  read(source: ValueSource, rows: RowSet): unknown {
    switch (source.kind) {
      case 'constant':
        return source.value;
      case 'hash':
        return source.prefix + rows.hash;
      case 'column':
        return source.inGroup === 'sum' ? this.sum(source, rows) : this.valueOf(source, this.found(source, rows), rows);
    }
  }

  private valueOf(source: ColumnValue, found: Found | null, rows: RowSet): unknown {
    if (found === null) {
      if (source.fallback !== null) {
        const value = this.read(source.fallback, rows);
        if (value !== undefined) return value;
      }
      if (source.default !== undefined) return source.default;
      if (source.optional) return undefined;
      throw missing(source);
    }
    const { text, raw, rowAt } = found;
    return inRow(rowAt, () => {
      if (source.bySign !== null) return this.bySign(source, text);
      if (source.map === null) return this.converted(source, text, raw, rows);
      const mapped = Object.hasOwn(source.map, text) ? source.map[text] : source.default;
      if (mapped !== undefined) return mapped;
      throw new InvalidValue(
        'value-unknown',
        nameOf(source),
        `must be one of ${Object.keys(source.map).join(', ')}`,
        'correct the cell, or list its text in the "map" of the mapping',
      );
    });
  }

  /** The text of the source's columns in these rows; null where one of them is empty. */
  private found(source: ColumnValue, { rows }: RowSet): Found | null {
    const { columns, separator } = source;
    const [only] = columns;
    if (columns.length === 1 && only !== undefined) return this.foundIn(source, only, rows);
    const parts: Found[] = [];
    for (const column of columns) {
      const part = this.foundIn(source, column, rows);
      if (part === null) {
        if (source.optional || source.default !== undefined || source.fallback !== null) return null;
        throw missing(source, column.name);
      }
      parts.push(part);
    }
    const text = parts.map((part) => part.text).join(separator);
    return { text, raw: text, rowAt: parts[0]?.rowAt ?? 0 };
  }

  private foundIn(source: ColumnValue, column: ColumnValue['columns'][number], rows: readonly ReadRow[]): Found | null {
    let found: Found | null = null;
    for (let rowAt = 0; rowAt < rows.length; rowAt += 1) {
      const raw = cellOf((rows[rowAt] as ReadRow).cells, column);
      const text = textOf(raw);
      if (text === '') continue;
      if (found === null || source.inGroup === 'last') found = { text, raw, rowAt };
      else if (source.inGroup === 'same' && text.toLowerCase() !== found.text.toLowerCase())
        throw new InvalidValue(
          'values-differ',
          column.name,
          'must be the same in all rows of a group, or empty in the others',
          'correct the rows, or set "inGroup" to "first", "last" or "sum" in the mapping',
          rowAt,
        );
      if (source.inGroup === 'first') return found;
    }
    return found;
  }

  /** The sum of a number over the rows of a group; rows without one count nothing. */
  private sum(source: ColumnValue, rows: RowSet): unknown {
    const each = { ...source, inGroup: 'same' as const, optional: true, default: undefined, fallback: null };
    let sum: number | undefined;
    for (const [rowAt, row] of rows.rows.entries()) {
      const one: RowSet = { rows: [row], hash: row.id };
      const value = inRow(rowAt, () => {
        const found = this.found(each, one);
        return found === null ? undefined : (this.converted(each, found.text, found.raw, rows) as number);
      });
      if (value !== undefined) sum = (sum ?? 0) + value;
    }
    if (sum === undefined) return this.valueOf(source, null, rows);
    if (Number.isSafeInteger(sum) || source.as === 'number') return sum;
    throw new InvalidValue('value-too-large', nameOf(source), 'must add up to less than 2^53', 'check the amounts');
  }

  private bySign(source: ColumnValue, text: string): unknown {
    const decimal = this.decimal(source, withoutCurrency(text).amount, undefined);
    const { positive, negative, zero = positive } = source.bySign ?? {};
    const isZero = !/[1-9]/.test(decimal.whole + decimal.fraction);
    const value = isZero ? zero : decimal.negative !== (source.sign === 'negate') ? negative : positive;
    const chosen = value ?? source.default;
    if (chosen !== undefined) return chosen;
    const named = isZero ? 'zero' : decimal.negative ? 'negative' : 'positive';
    throw new InvalidValue(
      'value-unknown',
      nameOf(source),
      `must not be ${named}`,
      `correct the cell, or say in "bySign" of the mapping what a ${named} number stands for`,
    );
  }

  private converted(source: ColumnValue, text: string, raw: unknown, rows: RowSet): unknown {
    switch (source.as) {
      case 'text':
        return (source.prefix + text).slice(0, source.maxLength);
      case 'currency':
        return currencyCode(text) ?? text;
      case 'integer':
        return signed(source, this.integer(source, text));
      case 'number':
        return signed(source, this.number(source, text));
      case 'boolean':
        if (/^(true|yes|y|1)$/i.test(text)) return true;
        if (/^(false|no|n|0)$/i.test(text)) return false;
        throw malformed(source, 'true or false');
      case 'money':
        return signed(
          source,
          parseMoney(text, this.currency(source, rows), source.rounding, nameOf(source), source.numbers),
        );
      case 'date':
        return this.day(source, text);
      case 'instant':
        return formatInstant(this.instant(source, text));
      case 'json':
        if (typeof raw === 'object') return raw;
        return jsonOf(source, text);
    }
  }

  private integer(source: ColumnValue, text: string): number {
    const { negative, whole, fraction } = this.decimal(source, text, 0);
    const number = Number(whole);
    if (/[1-9]/.test(fraction)) throw malformed(source, 'a whole number');
    if (whole.length > 15) throw malformed(source, 'a whole number of at most 15 digits');
    return negative && number !== 0 ? -number : number;
  }

  private number(source: ColumnValue, text: string): number {
    if (/^[+-]?(\d+(\.\d*)?|\.\d+)[eE][+-]?\d{1,3}$/.test(text)) return exact(source, text);
    const { negative, whole, fraction } = this.decimal(source, text, undefined);
    const number = exact(source, fraction === '' ? whole : `${whole}.${fraction}`);
    return negative && number !== 0 ? -number : number;
  }

  private decimal(source: ColumnValue, text: string, decimals: number | undefined): Decimal {
    const decimal = parseDecimal(text, source.numbers, decimals);
    if (decimal === 'not-a-number') throw malformed(source, source.as === 'integer' ? 'a whole number' : 'a number');
    if (decimal !== 'ambiguous') return decimal;
    throw new InvalidValue(
      'value-ambiguous',
      nameOf(source),
      'must be a number that can be read in one way only: its one separator may stand before decimals or between thousands',
      'set "decimalSeparator" to "." or "," in the mapping',
    );
  }

  private currency({ currency }: ColumnValue, rows: RowSet): string {
    const { column = null, value = null } = currency ?? {};
    if (column === null) return value ?? 'XXX';
    const textsOf = (among: readonly ReadRow[]): readonly string[] =>
      among.map((row) => textOf(cellOf(row.cells, column))).filter((each) => each !== '');
    const own = textsOf(rows.rows);
    const texts = own.length > 0 || rows.group === undefined ? own : textsOf(rows.group);
    const [text] = texts;
    if (text === undefined && value !== null) return value;
    const codes = new Set(texts.map(currencyCode));
    const [code] = codes;
    if (codes.size > 1)
      throw new InvalidValue(
        'values-differ',
        column.name,
        'must be the same currency in all rows of a group',
        'correct the rows: a touchpoint has one currency',
      );
    if (code !== undefined && code !== null) return code;
    throw new InvalidValue(
      'currency-malformed',
      column.name,
      'must be a currency of ISO 4217',
      'write its three letters, such as EUR',
    );
  }

  /** The day in the time zone: of a date without an offset, as it is written. */
  private day(source: ColumnValue, text: string): string {
    return dayOf(this.instant(source, text), source.dates.timeZone);
  }

  private instant(source: ColumnValue, text: string): number {
    const { formats } = source.dates;
    for (const format of formats) {
      const at = this.parserOf(source, format)(text);
      if (at !== null) return at;
    }
    throw malformed(source, `a date in the format ${formats.join(' or ')}`);
  }

  private parserOf({ dates }: ColumnValue, format: string): DateParser {
    const { timeZone, locale, yearPivot } = dates;
    const key = `${timeZone} ${locale} ${yearPivot} ${format}`;
    let parse = this.dates.get(key);
    if (parse === undefined) {
      parse = dateParser(format, { timeZone, locale, yearPivot }) ?? (() => null);
      this.dates.set(key, parse);
    }
    return parse;
  }
}

/** A number is not rounded in silence. */
function exact(source: ColumnValue, text: string): number {
  if (survivesAsDouble(text)) return Number(text);
  throw new InvalidValue(
    'number-inexact',
    nameOf(source),
    'must be a number that keeps its digits',
    'write fewer digits, or read the column "as": "text"',
  );
}

function jsonOf(source: ColumnValue, text: string): unknown {
  const reading = readJson(text);
  if (reading === null) throw malformed(source, 'JSON');
  const [flaw] = reading.flaws;
  if (flaw === undefined) return reading.value;
  const { hint } = issueOfFlaw(flaw);
  const detail =
    flaw.code === 'duplicate-key'
      ? 'must be JSON without a key that stands twice'
      : 'must be JSON whose numbers keep their digits';
  throw new InvalidValue(flaw.code, nameOf(source), detail, hint);
}

/** What is wrong with one of several rows carries the place of that row. */
function inRow<T>(rowAt: number, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof InvalidValue) || rowAt === 0) throw error;
    const { code, column, detail, hint } = error;
    throw new InvalidValue(code, column, detail, hint, rowAt);
  }
}

function signed({ sign }: ColumnValue, number: number): number {
  if (number === 0 || sign === 'keep') return number;
  return sign === 'negate' ? -number : Math.abs(number);
}

function nameOf({ columns }: ColumnValue): string {
  return columns[0]?.name ?? '';
}

export function missing(source: ColumnValue | null, column = source === null ? null : nameOf(source)): InvalidValue {
  return new InvalidValue(
    'value-missing',
    column,
    'must not be empty',
    'fill it in, or set "optional" or "default" in the mapping',
  );
}

function malformed(source: ColumnValue, wanted: string): InvalidValue {
  return new InvalidValue('value-malformed', nameOf(source), `must be ${wanted}`, 'correct the cell, or the mapping');
}
