import { fragment, pointerStep, type ValidationIssue } from './validation-issue.js';

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

/** Names of fields that were found valid: contracts and senders use the same few again and again. */
const VALID_NAMES = new Set<string>();
const VALID_NAMES_MAX = 5_000;

/** A name with a meaning of its own in JavaScript: an object that carries it is no longer plain data. */
const FORBIDDEN_NAMES = new Set(['__proto__', 'constructor', 'prototype']);

const NOT_STORABLE = /\0|\p{Surrogate}/u;

/** Shorter texts are searched here: calling the pattern costs more than reading them. */
const SHORT = 48;

function isStorable(text: string): boolean {
  const { length } = text;
  if (length > SHORT) return !NOT_STORABLE.test(text);
  for (let at = 0; at < length; at += 1) {
    const unit = text.charCodeAt(at);
    if (unit === 0 || (unit >= 0xd800 && unit <= 0xdfff)) return !NOT_STORABLE.test(text);
  }
  return true;
}

interface Tally {
  values: number;
  characters: number;
}

/**
 * The first thing that makes a document impossible to store, whatever its type: too much, too deep, not JSON, or text that
 * a database would reject. Null where there is none.
 */
export function boundsIssue(document: unknown): ValidationIssue | null {
  return located(visit(document, 1, { values: 0, characters: 0 }));
}

/** The same of all fields of an object but one. */
export function boundsIssueWithout(object: object, left: string): ValidationIssue | null {
  return located(visitObject(object, 1, { values: 1, characters: 0 }, left));
}

/** What was found, with its place as a plain JSON pointer: it grows from the inside out, and is a fragment in the end. */
interface Found {
  readonly path: string;
  readonly detail: string;
  readonly hint: string;
}

function located(found: Found | null): ValidationIssue | null {
  if (found === null) return null;
  const { path, detail, hint } = found;
  return { pointer: fragment(path), detail, hint };
}

function issue(detail: string, hint: string): Found {
  return { path: '', detail, hint };
}

function under(key: string | number, found: Found): Found {
  return { ...found, path: pointerStep(key) + found.path };
}

function visit(value: unknown, depth: number, tally: Tally): Found | null {
  tally.values += 1;
  if (tally.values > BOUNDS.values)
    return issue(`makes the document hold more than ${BOUNDS.values} values`, 'split it into several touchpoints');
  switch (typeof value) {
    case 'string':
      return visitText(value, tally);
    case 'number':
      return Number.isFinite(value) ? null : issue('must be a finite number', 'leave the field out when it is unknown');
    case 'boolean':
    case 'undefined':
      return null;
    case 'object':
      if (value === null) return null;
      if (depth > BOUNDS.depth)
        return issue(
          `is nested deeper than ${BOUNDS.depth} levels`,
          'flatten the document, or write the deep part as text',
        );
      return Array.isArray(value) ? visitList(value, depth, tally) : visitObject(value, depth, tally);
    default:
      // A bigint, a function or a symbol: only a caller within the process can give one.
      return issue('must be a JSON value', 'write it as text or as a number');
  }
}

function visitText(text: string, tally: Tally): Found | null {
  tally.characters += text.length;
  if (tally.characters > BOUNDS.characters)
    return issue(
      `makes the document hold more than ${BOUNDS.characters} characters of text`,
      'leave out what does not describe the touchpoint itself',
    );
  return isStorable(text)
    ? null
    : issue('holds a NUL character or half a surrogate pair', 'send well-formed Unicode text without U+0000');
}

function visitList(list: readonly unknown[], depth: number, tally: Tally): Found | null {
  for (let index = 0; index < list.length; index += 1) {
    const found = visit(list[index], depth + 1, tally);
    if (found !== null) return under(index, found);
  }
  return null;
}

function visitObject(object: object, depth: number, tally: Tally, left?: string): Found | null {
  if ('toJSON' in object && typeof object.toJSON === 'function')
    return issue('must be a JSON value', 'write it as text or as a number');
  for (const key of Object.keys(object)) {
    if (key === left) continue;
    if (VALID_NAMES.has(key) && tally.characters + key.length <= BOUNDS.characters) tally.characters += key.length;
    else {
      if (FORBIDDEN_NAMES.has(key)) return issue(`has a field called ${key}`, 'give the field another name');
      if (key.length > BOUNDS.name)
        return issue(
          `has a field whose name is longer than ${BOUNDS.name} characters`,
          'give the field a shorter name',
        );
      const found = visitText(key, tally);
      if (found !== null) return under(key, found);
      if (VALID_NAMES.size < VALID_NAMES_MAX) VALID_NAMES.add(key);
    }
    const found = visit((object as Record<string, unknown>)[key], depth + 1, tally);
    if (found !== null) return under(key, found);
  }
  return null;
}
