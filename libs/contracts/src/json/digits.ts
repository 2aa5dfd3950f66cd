const EXPONENT = /[eE]/;

/**
 * Whether a number of a JSON text survives as a double: whole numbers must be equal, digit for digit; of decimals and of numbers with an
 * exponent, the double written with as many digits must be the number again. So `0.1` and `0.10000000000000001` survive (both are how the
 * same double is written), and `9007199254740993`, `0.12345678901234567891` and `1e400` do not. A negative zero is a zero.
 */
export function survivesAsDouble(token: string): boolean {
  const value = Number(token);
  if (!Number.isFinite(value)) return false;
  if (isWhole(token))
    return Number.isSafeInteger(value) || (token.length <= DIGITS_MAX && BigInt(token) === BigInt(value));
  const digits = significantDigits(token);
  if (digits === '') return true;
  if (value === 0 || digits.length > DIGITS_MAX) return false;
  // A double in the middle between two decimals of this length is written as either: the shortest way of writing may be the other one.
  return [value.toExponential(digits.length - 1), String(value)].some((text) => significantDigits(text) === digits);
}

/** Whether the number reads as it stands when the double is written down again: `1.50` as `1.5`, and no whole number beyond 2^53. */
export function readsBack(token: string): boolean {
  const value = Number(token);
  if (isWhole(token)) return Number.isSafeInteger(value);
  return Number.isFinite(value) && significantDigits(String(value)) === significantDigits(token);
}

/** `toExponential` writes at most so many digits after the first. */
const DIGITS_MAX = 100;

const isWhole = (token: string): boolean => !token.includes('.') && !EXPONENT.test(token);

/** Its digits without leading and trailing zeros; empty for zero. */
function significantDigits(token: string): string {
  const [mantissa = ''] = token.split(EXPONENT, 1);
  return mantissa.replace(/[-+.]/g, '').replace(/^0+/, '').replace(/0+$/, '');
}
