import { dateParser, type DateParser } from '../date-format.js';
import { parseDecimal, type NumberFormat } from '../decimal.js';
import { currencyCode, withoutCurrency } from '../money.js';

/** A column of a sample: its name, and the texts of its cells that are filled. */
export interface SampleColumn {
  readonly name: string;
  readonly texts: readonly string[];
}

/** How the dates of a column are written; `others` fit as well. */
export interface DateGuess {
  readonly format: string;
  readonly locale: string;
  readonly others: readonly string[];
}

const TIMES = ['', ' HH:mm', ' HH:mm:ss', ' H:mm', ' h:mm a', ' hh:mm:ss a', ' HH:mm:ss Z'];
const DAYS = [
  'dd.MM.yyyy',
  'd.M.yyyy',
  'dd.MM.yy',
  'dd/MM/yyyy',
  'MM/dd/yyyy',
  'd/M/yyyy',
  'M/d/yyyy',
  'dd/MM/yy',
  'MM/dd/yy',
  'd/M/yy',
  'M/d/yy',
];
const NAMED = [
  'dd MMM yyyy',
  'd MMM yyyy',
  'MMM d, yyyy',
  'MMMM d, yyyy',
  'd MMMM yyyy',
  'd. MMMM yyyy',
  'dd-MMM-yyyy',
  'dd-MMM-yy',
];
const MORE_DAYS = ['yyyyMMdd', 'yyyy/MM/dd', 'dd-MM-yyyy', 'yyyy.MM.dd'];
const LOCALES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt'];

/** The format that reads every text; null where none does. */
export function dateGuess(texts: readonly string[]): DateGuess | null {
  const [sample = ''] = texts;
  if (!/\d/.test(sample) || sample.length > 40) return null;
  const fits = (format: string, locale = 'en'): boolean => {
    const parse = parserOf(format, locale);
    return parse !== null && texts.every((text) => parse(text) !== null);
  };
  if (fits('iso')) return { format: 'iso', locale: 'en', others: [] };
  const plain = [...DAYS, ...MORE_DAYS]
    .flatMap((day) => TIMES.map((time) => day + time))
    .filter((format) => fits(format));
  const [first, ...others] = plain;
  if (first !== undefined)
    return { format: first, locale: 'en', others: others.filter((each) => isOtherOrder(first, each)) };
  if (/\p{L}{3}/u.test(sample))
    for (const locale of LOCALES)
      for (const day of NAMED)
        for (const time of TIMES) if (fits(day + time, locale)) return { format: day + time, locale, others: [] };
  if (fits('epoch-millis') && texts.every((text) => text.length === 13))
    return { format: 'epoch-millis', locale: 'en', others: [] };
  if (fits('epoch-seconds') && texts.every((text) => /^1\d{9}$/.test(text)))
    return { format: 'epoch-seconds', locale: 'en', others: [] };
  const isSerial = texts.every((text) => /^[34]\d{4}([.,]\d+)?$/.test(text));
  return isSerial ? { format: 'serial-1900', locale: 'en', others: ['serial-1904'] } : null;
}

const PARSERS = new Map<string, DateParser | null>();

/** Each parser is made once: a column is tried with hundreds of formats. */
function parserOf(format: string, locale: string): DateParser | null {
  const key = `${locale} ${format}`;
  let parser = PARSERS.get(key);
  if (parser === undefined) {
    parser = dateParser(format, { timeZone: 'UTC', locale });
    PARSERS.set(key, parser);
  }
  return parser;
}

/** Whether two formats read day and month the other way round. */
function isOtherOrder(one: string, other: string): boolean {
  const order = (format: string): boolean => format.indexOf('d') < format.indexOf('M');
  return order(one) !== order(other);
}

/** How numbers are written, by all numeric columns together; null where no separator reads them all. */
export function numberGuess(columns: readonly SampleColumn[]): NumberFormat | null {
  const texts = columns.flatMap((column) => column.texts).map((text) => withoutCurrency(text).amount);
  const reads = (format: NumberFormat): boolean =>
    texts.every((text) => typeof parseDecimal(text, format) !== 'string');
  const [point, comma] = [reads({}), reads({ decimalSeparator: ',' })];
  if (point && !(comma && texts.some((text) => /[.,]/.test(text)))) return {};
  if (comma && !point) return { decimalSeparator: ',' };
  if (reads({ decimalSeparator: '.' })) return { decimalSeparator: '.' };
  return reads({ decimalSeparator: 'auto' }) ? { decimalSeparator: 'auto' } : null;
}

export function isNumeric({ texts }: SampleColumn): boolean {
  return (
    texts.length > 0 &&
    texts.every((text) => parseDecimal(withoutCurrency(text).amount, { decimalSeparator: 'auto' }) !== 'not-a-number')
  );
}

export function hasNegatives({ texts }: SampleColumn): boolean {
  return texts.some((text) => {
    const decimal = parseDecimal(withoutCurrency(text).amount, { decimalSeparator: 'auto' });
    return typeof decimal !== 'string' && decimal.negative;
  });
}

export function areAddresses({ texts }: SampleColumn): boolean {
  return mostOf(texts, (text) => /^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(text));
}

export function areCurrencies({ texts }: SampleColumn): boolean {
  return mostOf(texts, (text) => currencyCode(text) !== null);
}

function mostOf(texts: readonly string[], holds: (text: string) => boolean): boolean {
  return texts.length > 0 && texts.filter(holds).length >= texts.length * 0.9;
}
