export const DECIMAL_SEPARATORS = ['.', ',', 'auto'] as const;

/** How a file writes numbers. */
export interface NumberFormat {
  /** What stands before the decimals; `auto` where each number shows it by itself. A point by default: then a comma alone groups nothing. */
  readonly decimalSeparator?: (typeof DECIMAL_SEPARATORS)[number];
  /** What separates groups of digits; by default anything but the decimal separator. */
  readonly thousandsSeparator?: string;
}

/** A decimal number in digits: it never passes through a float. */
export interface Decimal {
  readonly negative: boolean;
  readonly whole: string;
  readonly fraction: string;
}

/** What the text of a number is: a number, none, or one that can be read in two ways (`1,234` with the separator `auto`). */
export type DecimalReading = Decimal | 'not-a-number' | 'ambiguous';

/** Spaces, also the narrow ones and those at which no line breaks. */
const SPACES = /[ \u00a0\u2007\u202f]/g;
const APOSTROPHES = /[\u2019\u02bc]/g;

/**
 * Reads a number as people and spreadsheets write it: with separators between groups of digits, a sign before or after it, or in parentheses where
 * it is negative. `decimals` is how many decimals such numbers have, where that is known: it decides what `auto` leaves open.
 */
export function parseDecimal(text: string, format: NumberFormat, decimals?: number): DecimalReading {
  const signed = withoutSign(text.trim());
  if (signed === null || !/^[\d.,' ]*\d[\d.,' ]*$/.test(signed.digits)) return 'not-a-number';
  const { negative, digits } = signed;
  const separator = decimalSeparatorOf(digits, format, decimals);
  if (separator === 'ambiguous') return separator;
  const [grouped = '', fraction = '', ...more] = separator === null ? [digits] : digits.split(separator);
  if (more.length > 0 || !/^\d*$/.test(fraction)) return 'not-a-number';
  const whole = withoutGroups(grouped, format, separator !== null && digits.includes(separator));
  return whole === null ? 'not-a-number' : { negative, whole: whole === '' ? '0' : whole, fraction };
}

/** The number without its sign: `-5`, `5-`, `+5`, `(5)`. */
function withoutSign(text: string): { readonly negative: boolean; readonly digits: string } | null {
  const plain = text
    .replace(/\u2212/g, '-')
    .replace(SPACES, ' ')
    .replace(APOSTROPHES, "'");
  const inParentheses = /^\((.*)\)$/.exec(plain)?.[1];
  if (inParentheses !== undefined) return { negative: true, digits: inParentheses.trim() };
  const [, before = '', digits = '', after = ''] = /^([-+]?)(.*?)([-+]?)$/s.exec(plain) ?? [];
  if (before !== '' && after !== '') return null;
  return { negative: before + after === '-', digits: digits.trim() };
}

/** The separator before the decimals, or null where the number is whole. */
function decimalSeparatorOf(
  digits: string,
  { decimalSeparator = '.', thousandsSeparator }: NumberFormat,
  decimals: number | undefined,
): string | null {
  if (decimalSeparator !== 'auto') return decimalSeparator;
  const point = digits.lastIndexOf('.');
  const comma = digits.lastIndexOf(',');
  if (point >= 0 && comma >= 0) return point > comma ? '.' : ',';
  if (point < 0 && comma < 0) return null;
  const separator = point >= 0 ? '.' : ',';
  const pieces = digits.split(separator);
  if (pieces.length > 2) return null;
  if (!areGroups(pieces)) return separator;
  if (thousandsSeparator !== undefined) return thousandsSeparator === separator ? null : separator;
  return decimals === 0 ? null : 'ambiguous';
}

/** The digits without what separates their groups; null where they are not grouped as the format says. */
function withoutGroups(
  text: string,
  { decimalSeparator, thousandsSeparator }: NumberFormat,
  hasDecimals: boolean,
): string | null {
  if (/^\d*$/.test(text)) return text;
  const separator = /[.,' ]/.exec(text)?.[0] ?? '';
  const pieces = text.split(separator);
  if (!areGroups(pieces)) return null;
  if (thousandsSeparator !== undefined && thousandsSeparator.replace(SPACES, ' ') !== separator) return null;
  // Where the format says nothing, `1,234` may well be a decimal comma.
  const isOpen = decimalSeparator === undefined && thousandsSeparator === undefined;
  return isOpen && separator === ',' && !hasDecimals ? null : pieces.join('');
}

/** Groups of three digits, or of two before the last, as in India. */
function areGroups(pieces: readonly string[]): boolean {
  const [first = '', ...others] = pieces;
  return (
    /^[1-9]\d{0,2}$/.test(first) && others.at(-1)?.length === 3 && others.every((piece) => /^\d{2,3}$/.test(piece))
  );
}
