import { minorDigits } from '#contracts';
import { InvalidValue } from './problem.js';

/** What to do with a decimal that is no whole number of minor units. */
export type Rounding = 'refuse' | 'half-up';

const DECIMAL = /^([+-]?)(\d+)(?:\.(\d*))?$|^([+-]?)\.(\d+)$/;

/**
 * A decimal as text becomes whole minor units, by moving digits: never through a float.
 * `half-up` rounds half away from zero; `refuse` throws where a digit would be lost.
 */
export function toMinor(text: string, currency: string, rounding: Rounding, path: string): number {
  const match = DECIMAL.exec(text.trim());
  if (match === null)
    throw new InvalidValue(
      'money-malformed',
      path,
      'The cell is no decimal amount',
      'Write it as 1234.56, with a point and no separators.',
    );
  const negative = (match[1] ?? match[4]) === '-';
  const whole = match[2] ?? '0';
  const fraction = match[3] ?? match[5] ?? '';
  const digits = minorDigits(currency);
  if (digits === null)
    throw new InvalidValue(
      'currency-unknown',
      path,
      'The currency is none of ISO 4217',
      'Write its three capital letters: EUR.',
    );
  const kept = fraction.slice(0, digits).padEnd(digits, '0');
  const rest = fraction.slice(digits);
  let minor = Number(whole + kept);
  if (/[1-9]/.test(rest)) {
    if (rounding === 'refuse')
      throw new InvalidValue(
        'money-inexact',
        path,
        `The amount has more decimals than ${currency} has (${digits})`,
        `Give at most ${digits} decimals, or set "rounding": "half-up" in the mapping.`,
      );
    if (rest.charCodeAt(0) >= 53) minor += 1;
  }
  if (!Number.isSafeInteger(minor))
    throw new InvalidValue('money-too-large', path, 'The amount is beyond 2^53 minor units', 'Check the amount.');
  return negative && minor !== 0 ? -minor : minor;
}
