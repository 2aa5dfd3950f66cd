import { isObject, type JsonSchema } from '../fields.js';
import { pointerTo, type ValidationIssue } from '../validation-issue.js';

/** How texts become values. */
export interface TextReading {
  /** Words of an enumeration, and `true` and `false`, may be written in any case. */
  readonly ignoreCase?: boolean;
  /** White space around a text does not count. */
  readonly trim?: boolean;
}

const CONTROL = /[\u0000-\u001f\u007f]|\p{Surrogate}/u;

/**
 * Values of a query string, a command line or the environment, as the fields of a schema want them: a whole number for
 * `"12"`, a list for `"a,b"`. A text that is no such value is left as it is, so that the schema finds it. A value that is
 * not text is left too.
 */
export function readTexts(
  schema: JsonSchema,
  given: Readonly<Record<string, unknown>>,
  reading: TextReading,
): { readonly values: Record<string, unknown>; readonly issues: readonly ValidationIssue[] } {
  const properties = (schema['properties'] ?? {}) as Readonly<Record<string, JsonSchema>>;
  const issues: ValidationIssue[] = [];
  const entries = Object.entries(given).flatMap(([name, raw]) => {
    if (raw === undefined || raw === null) return [];
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (property === undefined) return [[name, raw] as const];
    const isList = property['type'] === 'array';
    const wrong = isList ? null : unreadableText(raw, reading);
    if (wrong !== null) {
      issues.push({ pointer: pointerTo(name), ...wrong });
      return [];
    }
    return [[name, isList ? listOf(property, raw, reading) : valueOf(property, raw, reading)] as const];
  });
  return { values: Object.fromEntries(entries), issues };
}

function unreadableText(raw: unknown, { trim = false }: TextReading): Omit<ValidationIssue, 'pointer'> | null {
  if (Array.isArray(raw)) return { detail: 'is given more than once', hint: 'give it once' };
  if (isObject(raw)) return { detail: 'must be text, not an object', hint: 'give it as plain text' };
  if (typeof raw !== 'string') return null;
  if ((trim ? raw.trim() : raw) === '') return { detail: 'is empty', hint: 'leave it out, or give it a value' };
  return CONTROL.test(raw)
    ? { detail: 'holds a control character or broken Unicode', hint: 'give printable UTF-8 text' }
    : null;
}

function listOf(property: JsonSchema, raw: unknown, reading: TextReading): unknown {
  const texts = Array.isArray(raw) ? (raw as readonly unknown[]) : typeof raw === 'string' ? raw.split(',') : [raw];
  const items = isObject(property['items']) ? property['items'] : {};
  return texts
    .map((text) => (typeof text === 'string' && reading.trim === true ? text.trim() : text))
    .filter((text) => text !== '')
    .map((text) => valueOf(items, text, reading));
}

function valueOf(property: JsonSchema, raw: unknown, { ignoreCase = false, trim = false }: TextReading): unknown {
  const { type, enum: words } = property;
  if (typeof raw !== 'string') return type === 'string' && typeof raw !== 'object' ? String(raw) : raw;
  const text = trim ? raw.trim() : raw;
  const folded = ignoreCase ? text.toLowerCase() : text;
  switch (type) {
    case 'integer':
      return /^-?\d{1,16}$/.test(text) ? Number(text) : text;
    case 'number':
      return /^-?\d{1,16}(?:\.\d{1,16})?$/.test(text) ? Number(text) : text;
    case 'boolean':
      return folded === 'true' ? true : folded === 'false' ? false : text;
    default:
      if (!Array.isArray(words) || !ignoreCase) return text;
      return (words as readonly unknown[]).find((word) => String(word).toLowerCase() === folded) ?? text;
  }
}
