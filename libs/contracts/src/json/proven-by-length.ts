/** What the length of a JSON text proves. */
export interface Proof {
  /** Where the value is a list: the characters of each of its items, with the separator before it. */
  readonly itemSizes: readonly number[] | null;
}

/** Every flaw makes a text longer than the shortest one of its value, by at least so much: `,"":1`, or `1e-324` in the place of `0`. */
const FLAW_LENGTH = 5;
/** Nothing of a deeper value is proven: so that no text can exhaust the stack. */
const DEPTH_MAX = 64;

/** How many characters exponents can have saved of the numbers so far: kept between the calls, which never overlap. */
let savings = 0;

/**
 * Proves of a JSON text, from its length and its value alone, that no key stands twice and no number lost digits: the text is exactly as long as
 * the value written without white space, escapes and exponents. A flaw makes it at least five characters longer, and only an exponent could make it
 * shorter again (`2e3` for `2000`): so nothing is proven where exponents could save five. Null where nothing is proven: then the text must be looked
 * through. `value` is what `JSON.parse` made of the text.
 */
export function provenByLength(text: string, value: unknown): Proof | null {
  if (!isWrittenShort(text)) return null;
  savings = 0;
  if (!Array.isArray(value)) return lengthOf(value, 0) === text.length ? ONE_DOCUMENT : null;
  const list = value as readonly unknown[];
  const itemSizes: number[] = [];
  let length = 1;
  for (let at = 0; at < list.length; at += 1) {
    const size = 1 + lengthOf(list[at], 1);
    // No later item makes up for one that proves nothing.
    if (size === Number.POSITIVE_INFINITY) return null;
    itemSizes.push(size);
    length += size;
  }
  if (list.length === 0) itemSizes.push(length++);
  return length === text.length ? { itemSizes } : null;
}

const ONE_DOCUMENT: Proof = { itemSizes: null };

/** Whether a text has neither escapes nor white space after its first key, at one look: most others need not be measured. */
function isWrittenShort(text: string): boolean {
  const colon = text.indexOf('":');
  return (colon === -1 || text.charCodeAt(colon + 2) > 0x20) && !text.includes('\\');
}

/** The length of a value written without white space, escapes and exponents; infinite where that proves nothing. */
function lengthOf(value: unknown, depth: number): number {
  switch (typeof value) {
    case 'string':
      return value.length + 2;
    case 'number':
      savings += savingsOf(value);
      return savings < FLAW_LENGTH ? lengthOfNumber(value) : Number.POSITIVE_INFINITY;
    case 'boolean':
      return value ? 4 : 5;
    default:
      if (value === null) return 4;
      if (depth > DEPTH_MAX) return Number.POSITIVE_INFINITY;
      return Array.isArray(value) ? lengthOfList(value, depth + 1) : lengthOfObject(value as object, depth + 1);
  }
}

function lengthOfList(list: readonly unknown[], depth: number): number {
  // The brackets, and a separator before each item but the first.
  let length = list.length === 0 ? 2 : 1;
  for (let at = 0; at < list.length; at += 1) length += 1 + lengthOf(list[at], depth);
  return length;
}

function lengthOfObject(object: object, depth: number): number {
  let length = 1;
  for (const name in object)
    // Two quotes, the colon, and a separator or the bracket.
    length += name.length + 4 + lengthOf((object as Readonly<Record<string, unknown>>)[name], depth);
  return length === 1 ? 2 : length;
}

/** Below it, a number that lost digits has at least five characters more than the whole number that is left of it: `9999999999999.0009`. */
const WHOLE_END = 1e13;
/** Between them no exponent is shorter than the decimal: `0.05`, but not `0.001`. */
const DECIMAL_MIN = 0.01;
const DECIMAL_END = 1e6;
/** A number that lost digits has sixteen of them at least, and a point. */
const DECIMAL_LENGTH_MAX = 17 - FLAW_LENGTH;

/** The length of a number written without an exponent; infinite where a longer spelling that lost digits may be no five characters longer. */
export function lengthOfNumber(number: number): number {
  const sign = number < 0 ? 1 : 0;
  const size = sign === 1 ? -number : number;
  if (!Number.isInteger(number)) {
    if (!(size >= DECIMAL_MIN && size < DECIMAL_END)) return Number.POSITIVE_INFINITY;
    const { length } = String(size);
    return length > DECIMAL_LENGTH_MAX ? Number.POSITIVE_INFINITY : sign + length;
  }
  if (size >= WHOLE_END) return Number.POSITIVE_INFINITY;
  let digits = 1;
  for (let end = 10; size >= end; end *= 10) digits += 1;
  return sign + digits;
}

/** What an exponent can save of a number: of a whole one that ends in three zeros or more, two characters less than the zeros. */
export function savingsOf(number: number): number {
  if (number === 0 || number % 1_000 !== 0) return 0;
  let zeros = 3;
  for (let rest = number / 1_000; rest % 10 === 0; rest /= 10) zeros += 1;
  return zeros - 2;
}
