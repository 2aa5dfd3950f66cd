import { isObject, type JsonSchema } from './fields.js';
import { pointerStep, type ValidationIssue } from './validation-issue.js';

/** How large a schema that somebody registers may be. */
const LIMITS = { nodes: 1000, depth: 12, patternLength: 200, patternInput: 256 } as const;

/** The keywords that a registered schema may use: none that fetches, recurses, or compares every pair. */
const KEYWORDS = new Set([
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'format', 'pattern'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'],
  ...['title', 'description', 'default', 'examples', '$comment', 'x-personal'],
]);
const AT_THE_ROOT = new Set(['$schema', '$id']);
const FORMATS = ['date-time', 'date', 'iso-4217'];

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const ONE = ['additionalProperties', 'items', 'not', 'if', 'then', 'else'];
const MANY = ['allOf', 'anyOf', 'oneOf'];

/**
 * What makes a schema invalid to be registered: a schema comes from outside, and every event of its type runs through
 * it. It must not hang the process, fetch anything, or hide a personal field.
 */
export function dangersOf(schema: unknown): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  let nodes = 0;
  const tell = (path: string, reason: string, hint: string): void => {
    if (issues.length < 20) issues.push({ pointer: path, detail: reason, hint: hint });
  };

  const visit = (part: unknown, path: string, depth: number, conditional: boolean): void => {
    nodes += 1;
    if (nodes === LIMITS.nodes + 1) tell(path, `the schema has more than ${LIMITS.nodes} parts`, 'make it smaller');
    if (nodes > LIMITS.nodes || typeof part === 'boolean') return;
    if (!isObject(part)) return tell(path, 'is no schema', 'give an object');
    if (depth > LIMITS.depth) return tell(path, `lies deeper than ${LIMITS.depth} levels`, 'flatten the schema');
    for (const key of Object.keys(part)) {
      if (KEYWORDS.has(key) || (depth === 1 && AT_THE_ROOT.has(key))) continue;
      const hint = /^\$|definitions/.test(key)
        ? 'write the part in place: a schema refers to nothing'
        : `leave it out; allowed are ${[...KEYWORDS].join(', ')}`;
      tell(path + pointerStep(key), 'is a keyword that a registered schema may not use', hint);
    }
    if (part['x-personal'] !== undefined && (typeof part['x-personal'] !== 'boolean' || conditional))
      tell(
        `${path}/x-personal`,
        'a field is personal or it is not, whatever the other fields hold',
        'set it to true, under properties or items, outside allOf, anyOf, oneOf, not, if',
      );
    if (part['format'] !== undefined && !FORMATS.includes(part['format'] as string))
      tell(`${path}/format`, 'is no format that we know', `use one of ${FORMATS.join(', ')}`);
    if (part['pattern'] !== undefined) checkPattern(part, path, tell);
    const { properties } = part;
    if (isObject(properties))
      for (const [name, property] of Object.entries(properties))
        visit(property, `${path}/properties${pointerStep(name)}`, depth + 1, conditional);
    for (const key of ONE)
      if (part[key] !== undefined)
        visit(
          part[key],
          path + pointerStep(key),
          depth + 1,
          conditional || !['items', 'additionalProperties'].includes(key),
        );
    for (const key of MANY) {
      const list = part[key];
      if (Array.isArray(list))
        for (const [index, item] of list.entries()) visit(item, `${path}/${key}/${index}`, depth + 1, true);
    }
  };

  visit(schema, '', 1, false);
  if (typeof schema === 'boolean')
    tell('', 'takes everything or nothing', 'give a schema that says what the data hold, with type "object"');
  else if (isObject(schema) && schema['type'] !== 'object')
    tell('/type', 'the data of a touchpoint are an object', 'set type to "object" at the root of the schema');
  return issues;
}

function checkPattern(
  part: JsonSchema,
  path: string,
  tell: (path: string, reason: string, hint: string) => void,
): void {
  const at = `${path}/pattern`;
  const { pattern, maxLength } = part;
  if (typeof pattern !== 'string' || pattern.length > LIMITS.patternLength)
    return tell(at, `is no pattern of at most ${LIMITS.patternLength} characters`, 'shorten it, or use enum or format');
  if (typeof maxLength !== 'number' || maxLength > LIMITS.patternInput)
    tell(at, 'may have to search long text', `set maxLength beside it, to at most ${LIMITS.patternInput}`);
  const danger = patternDanger(pattern);
  if (danger !== null) tell(at, danger, 'write a simpler pattern that begins with ^, or use enum or format');
}

/**
 * Why a pattern could take long on hostile text, or null when it cannot. It errs on the side of rejecting: nothing that
 * looks around or back, no repetition within a repetition, and few choices in all.
 */
export function patternDanger(pattern: string): string | null {
  try {
    new RegExp(pattern, 'u');
  } catch {
    return 'is no regular expression';
  }
  // What stands in brackets or behind a backslash is one character, whatever it looks like.
  if (/\\[1-9k]/.test(pattern)) return 'looks back at what it matched';
  const bare = pattern
    .replace(/\\[pP]\{[^}]*\}/g, 'c')
    .replace(/\\u\{[^}]*\}/g, 'c')
    .replace(/\\./gs, 'c')
    .replace(/\[[^\]]*\]/g, 'c');
  if (/\(\?[^:]/.test(bare)) return 'looks around, or names a group';
  if (repeatsWithinRepetition(bare)) return 'repeats something that repeats or branches';
  const loops = (bare.match(/[*+]|\{\d+,(?:\d+)?\}/g) ?? []).length + (bare.startsWith('^') ? 0 : 1);
  if (loops > 2) return 'repeats in too many places';
  const choices = (bare.replaceAll('(?:', '(').match(/[?|]/g) ?? []).length;
  return choices > 8 ? 'leaves too many choices' : null;
}

function repeatsWithinRepetition(bare: string): boolean {
  // For each open group: whether something in it repeats or branches.
  const open: boolean[] = [];
  const text = bare.replaceAll('(?:', '(');
  for (let index = 0; index < text.length; index += 1) {
    const character = text[index];
    if (character === '(') open.push(false);
    else if (character === ')') {
      const varies = open.pop() ?? false;
      if (varies && /^[*+{]/.test(text.slice(index + 1))) return true;
      if (open.length > 0 && varies) open[open.length - 1] = true;
    } else if (character !== undefined && '*+?|{'.includes(character) && open.length > 0) open[open.length - 1] = true;
  }
  return false;
}
