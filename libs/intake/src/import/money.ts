import { UnfitValue } from './problem.js';

/** Currencies whose minor unit is not a hundredth (ISO 4217, table A.1). */
const EXPONENTS: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
};

/** What to do with a decimal that is no whole number of minor units. */
export type Rounding = 'refuse' | 'half-up';

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$|^([+-]?)\.(\d+)$/;

/** Digits after the point in an amount of this currency. */
export function minorDigits(currency: string): number {
  return EXPONENTS[currency] ?? 2;
}

/**
 * A decimal as text becomes whole minor units, by moving digits: never through a float.
 * `half-up` rounds half away from zero; `refuse` throws where a digit would be lost.
 */
export function toMinor(text: string, currency: string, rounding: Rounding, path: string): number {
  const match = DECIMAL.exec(text.trim());
  if (match === null)
    throw new UnfitValue(
      'money-malformed',
      path,
      `'${text}' is no decimal amount`,
      'Write it as 1234.56, with a point and no separators.',
    );
  const negative = (match[1] ?? match[4]) === '-';
  const whole = match[2] ?? '0';
  const fraction = match[3] ?? match[5] ?? '';
  const digits = minorDigits(currency);
  const kept = fraction.slice(0, digits).padEnd(digits, '0');
  const rest = fraction.slice(digits);
  let minor = Number(whole + kept);
  if (/[1-9]/.test(rest)) {
    if (rounding === 'refuse')
      throw new UnfitValue(
        'money-inexact',
        path,
        `'${text}' has more decimals than ${currency} has minor units (${digits})`,
        `Give at most ${digits} decimals, or set "rounding": "half-up" in the mapping.`,
      );
    if (rest.charCodeAt(0) >= 53) minor += 1;
  }
  if (!Number.isSafeInteger(minor))
    throw new UnfitValue('money-too-large', path, `'${text}' is beyond 2^53 minor units`, 'Check the amount.');
  return negative && minor !== 0 ? -minor : minor;
}
