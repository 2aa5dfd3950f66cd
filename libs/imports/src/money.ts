import { isCurrency, minorDigits } from '#contracts';
import { parseDecimal, type NumberFormat } from './decimal.js';
import { InvalidValue } from './invalid-value.js';

/** What to do with a decimal that is not a whole number of minor units. */
export type Rounding = 'reject' | 'half-up';

/**
 * Reads an amount as whole minor units by moving its digits: it never passes through a float. The sign or code of the currency may stand
 * beside it. `half-up` rounds half away from zero; `reject` throws where a digit would be lost.
 */
export function parseMoney(
  text: string,
  currency: string,
  rounding: Rounding,
  column: string,
  format: NumberFormat = {},
): number {
  const digits = minorDigits(currency);
  if (digits === null)
    throw new InvalidValue(
      'currency-unknown',
      column,
      'must be an amount in a currency of ISO 4217',
      'write the three letters of the currency, such as EUR',
    );
  const { amount, beside } = withoutCurrency(text);
  if (beside !== '' && !namesOf(currency).has(beside.toUpperCase()))
    throw new InvalidValue(
      'currency-differs',
      column,
      `must be an amount in ${currency}, as the mapping says`,
      'correct the currency in the mapping, or name the column that holds it',
    );
  const decimal = parseDecimal(amount, format, digits);
  if (decimal === 'ambiguous')
    throw new InvalidValue(
      'money-ambiguous',
      column,
      'must be an amount that can be read in one way only: its one separator may stand before decimals or between thousands',
      'set "decimalSeparator" to "." or "," in the mapping',
    );
  if (decimal === 'not-a-number')
    throw new InvalidValue(
      'money-malformed',
      column,
      'must be a decimal amount',
      'write it as 1234.56, or set "decimalSeparator" (and "thousandsSeparator") in the mapping',
    );
  const { negative, whole, fraction } = decimal;
  const rest = fraction.slice(digits);
  let minor = Number(whole + fraction.slice(0, digits).padEnd(digits, '0'));
  if (/[1-9]/.test(rest)) {
    if (rounding === 'reject')
      throw new InvalidValue(
        'money-inexact',
        column,
        `must have at most ${digits} decimals, as ${currency} has`,
        'correct the amount, or set "rounding": "half-up" in the mapping',
      );
    if (rest.charCodeAt(0) >= 53) minor += 1;
  }
  if (!Number.isSafeInteger(minor))
    throw new InvalidValue('money-too-large', column, 'must be less than 2^53 minor units', 'check the amount');
  return negative && minor !== 0 ? -minor : minor;
}

/** The code of a currency in any case; null where it is none. */
export function currencyCode(text: string): string | null {
  const code = text.trim().toUpperCase();
  return isCurrency(code) ? code : null;
}

/** What is no part of a number: the sign or the code of a currency, with a point after an abbreviation (`Rs.`). */
const BESIDE = /[\p{Sc}\p{L}][\p{Sc}\p{L}$.]*/u;

/** The amount without the currency before or after it: `€ 12,50`, `-$5.00`, `12.50 EUR`, `(USD 3.00)`. */
export function withoutCurrency(text: string): { readonly amount: string; readonly beside: string } {
  const match = BESIDE.exec(text);
  if (match === null) return { amount: text, beside: '' };
  const [beside] = match;
  const before = text.slice(0, match.index);
  const after = text.slice(match.index + beside.length);
  // Between two digits it is no currency: `1e3`. Nor is it one where there is no number.
  if (/\d/.test(before) === /\d/.test(after)) return { amount: text, beside: '' };
  return { amount: `${before.trim()}${after.trim()}`, beside };
}

const NAMES = new Map<string, ReadonlySet<string>>();

/** How an amount may name its currency: the code, and the signs that the runtime knows, in capital letters. */
function namesOf(currency: string): ReadonlySet<string> {
  let names = NAMES.get(currency);
  if (names === undefined) {
    const signs = (['symbol', 'narrowSymbol'] as const).flatMap((currencyDisplay) =>
      ['en', ...(LOCALES[currency] ?? [])].map(
        (locale) =>
          new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay })
            .formatToParts(1)
            .find(({ type }) => type === 'currency')?.value ?? currency,
      ),
    );
    names = new Set([currency, ...signs, ...(SIGNS[currency] ?? [])].map((name) => name.toUpperCase()));
    NAMES.set(currency, names);
  }
  return names;
}

/** Where a currency is written otherwise at home than in English. */
const LOCALES: Readonly<Record<string, readonly string[]>> = {
  PLN: ['pl'],
  CZK: ['cs'],
  HUF: ['hu'],
  SEK: ['sv'],
  NOK: ['nb'],
  DKK: ['da'],
  TRY: ['tr'],
  BGN: ['bg'],
  RON: ['ro'],
  RUB: ['ru'],
  UAH: ['uk'],
  JPY: ['ja'],
  CNY: ['zh-CN'],
  TWD: ['zh-TW'],
  BRL: ['pt-BR'],
  INR: ['hi'],
};

/** Signs in use that the runtime does not write. */
const SIGNS: Readonly<Record<string, readonly string[]>> = {
  USD: ['US$'],
  AUD: ['AU$'],
  CAD: ['C$', 'CAD$'],
  NZD: ['NZ$'],
  CHF: ['Fr.', 'Fr', 'SFr.'],
  INR: ['Rs.', 'Rs'],
  ZAR: ['R'],
  BRL: ['R$'],
  CNY: ['\u5143', 'RMB'],
  JPY: ['\u5186', '\uffe5'],
  GBP: ['\u00a3'],
};
