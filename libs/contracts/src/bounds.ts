import { pointerStep, type Flaw } from './flaw.js';

/** How much one document may hold. Fields that no contract knows are kept, but not without limit. */
export const BOUNDS = {
  /** Levels of objects and lists, the document itself being the first. */
  depth: 12,
  /** Values in all, objects and lists included. */
  values: 50_000,
  /** UTF-16 units of all texts and names of fields together. */
  characters: 400_000,
  /** UTF-16 units of the name of one field. */
  name: 200,
} as const;

/** A name that has a meaning of its own in JavaScript: an object that bears it is no longer plain data. */
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

const NOT_STORABLE = /\0|\p{Surrogate}/u;

interface Tally {
  values: number;
  characters: number;
}

/**
 * The first thing about a document that makes it unfit to be stored, whatever its type: too much, too deep, not JSON,
 * or text that a database would refuse. Null when it is fit.
 */
export function unfitness(document: unknown): Flaw | null {
  return visit(document, 1, { values: 0, characters: 0 });
}

function flaw(reason: string, mend: string): Flaw {
  return { path: '', reason, mend };
}

function under(key: string | number, found: Flaw): Flaw {
  return { ...found, path: pointerStep(key) + found.path };
}

function visit(value: unknown, depth: number, tally: Tally): Flaw | null {
  tally.values += 1;
  if (tally.values > BOUNDS.values)
    return flaw(`the document holds more than ${BOUNDS.values} values`, 'split it into several touchpoints');
  switch (typeof value) {
    case 'string':
      return visitText(value, tally);
    case 'number':
      return Number.isFinite(value) ? null : flaw('is no finite number', 'leave the field out when it is unknown');
    case 'boolean':
    case 'undefined':
      return null;
    case 'object':
      if (value === null) return null;
      if (depth > BOUNDS.depth)
        return flaw(`lies deeper than ${BOUNDS.depth} levels`, 'flatten the document, or write the deep part as text');
      return Array.isArray(value) ? visitList(value, depth, tally) : visitObject(value, depth, tally);
    default:
      // A bigint, a function or a symbol: only a caller within the process can give one.
      return flaw('is not a JSON value', 'write it as text or as a number');
  }
}

function visitText(text: string, tally: Tally): Flaw | null {
  tally.characters += text.length;
  if (tally.characters > BOUNDS.characters)
    return flaw(
      `the document holds more than ${BOUNDS.characters} characters of text`,
      'leave out what is not about the touchpoint itself',
    );
  return NOT_STORABLE.test(text)
    ? flaw('holds a NUL character or half a surrogate pair', 'send well-formed Unicode text without U+0000')
    : null;
}

function visitList(list: readonly unknown[], depth: number, tally: Tally): Flaw | null {
  for (const [index, item] of list.entries()) {
    const found = visit(item, depth + 1, tally);
    if (found !== null) return under(index, found);
  }
  return null;
}

function visitObject(object: object, depth: number, tally: Tally): Flaw | null {
  if ('toJSON' in object && typeof object.toJSON === 'function')
    return flaw('is not a JSON value', 'write it as text or as a number');
  for (const key of Object.keys(object)) {
    if (FORBIDDEN_NAMES.has(key)) return flaw(`has a field called ${key}`, 'give the field another name');
    if (key.length > BOUNDS.name)
      return flaw(`has a field whose name is longer than ${BOUNDS.name} characters`, 'give the field a shorter name');
    const found = visitText(key, tally) ?? visit((object as Record<string, unknown>)[key], depth + 1, tally);
    if (found !== null) return under(key, found);
  }
  return null;
}
