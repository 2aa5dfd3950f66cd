import { RE2JS } from 're2js';

/** A pattern of a registered schema. */
export interface Pattern {
  /** Whether a text matches; none of more than 256 characters does. */
  test(text: string): boolean;
  /** Whether it is matched in time that grows with the text alone. */
  readonly isLinear: boolean;
  /** The pattern itself: ajv tells patterns apart by it. */
  toString(): string;
}

/** Characters of a text that a pattern is matched against, at most: a schema requires a maxLength up to this beside it. */
export const PATTERN_TEXT_MAX = 256;
/** Steps of a compiled pattern, at most: a text costs no more than its length times these. */
const PROGRAM_MAX = 300;

/**
 * Compiles a pattern of a registered schema, for an engine without backtracking. A pattern that this engine does not know keeps JavaScript's: only one
 * that was registered before can be such.
 */
export function compilePattern(pattern: string): Pattern {
  const engine = linear(pattern) ?? new RegExp(pattern, 'u');
  return {
    isLinear: engine instanceof RE2JS,
    test: (text) => isShort(text) && engine.test(text),
    toString: () => pattern,
  };
}

/** Why a new pattern cannot be registered, or null. */
export function patternDanger(pattern: string): string | null {
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'must be a regular expression';
  }
  const compiled = linear(pattern);
  if (compiled === null)
    return 'must not hold a look-around, a back-reference or a Unicode property with a value, which take long to match';
  return compiled.programSize() > PROGRAM_MAX ? 'must not repeat so large a part so often' : null;
}

function linear(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(RE2JS.translateRegExp(pattern));
  } catch {
    return null;
  }
}

/** In characters, as JSON Schema counts them. */
function isShort(text: string): boolean {
  if (text.length <= PATTERN_TEXT_MAX) return true;
  return text.length <= 2 * PATTERN_TEXT_MAX && [...text].length <= PATTERN_TEXT_MAX;
}
