import { minorDigits } from '#contracts';
import { InvalidValue } from './invalid-value.js';

/** What to do with a decimal that is not a whole number of minor units. */
export type Rounding = 'reject' | 'half-up';

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$|^([+-]?)\.(\d+)$/;

/**
 * Reads a decimal text as whole minor units by moving its digits: it never passes through a float.
 * `half-up` rounds half away from zero; `reject` throws where a digit would be lost.
 */
export function parseMoney(text: string, currency: string, rounding: Rounding, column: string): number {
  const match = DECIMAL.exec(text.trim());
  if (match === null)
    throw new InvalidValue(
      'money-malformed',
      column,
      'must be a decimal amount',
      'write it as 1234.56, with a decimal point and no separators',
    );
  const negative = (match[1] ?? match[4]) === '-';
  const whole = match[2] ?? '0';
  const fraction = match[3] ?? match[5] ?? '';
  const digits = minorDigits(currency);
  if (digits === null)
    throw new InvalidValue(
      'currency-unknown',
      column,
      'must be an amount in a currency of ISO 4217',
      'write the three capital letters of the currency, such as EUR',
    );
  const kept = fraction.slice(0, digits).padEnd(digits, '0');
  const rest = fraction.slice(digits);
  let minor = Number(whole + kept);
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
