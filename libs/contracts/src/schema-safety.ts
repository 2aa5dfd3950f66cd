import { isObject, type JsonSchema } from './fields.js';
import { ISSUES_MAX } from './issues.js';
import { compilePattern, patternDanger, PATTERN_TEXT_MAX } from './patterns.js';
import { PERSONAL_CLASSES } from './personal-classes.js';
import { fragment, pointerStep, type ValidationIssue } from './validation-issue.js';

/** How large a registered schema may be. */
const LIMITS = { nodes: 1000, depth: 12, patternLength: 200 } as const;

/** The keywords that a registered schema may use: none that fetches, recurses, or compares every pair. */
const KEYWORDS = new Set([
  ...['type', 'properties', 'required', 'additionalProperties', 'items', 'enum', 'const', 'format', 'pattern'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties', 'allOf', 'anyOf', 'oneOf', 'not', 'if', 'then', 'else'],
  ...['title', 'description', 'default', 'examples', '$comment', 'x-personal', 'x-personal-class'],
]);
const AT_THE_ROOT = new Set(['$schema', '$id']);
const FORMATS = ['date-time', 'date', 'iso-4217'];

/** Keywords whose value is a schema, a list of schemas, or schemas by name. */
const ONE = ['additionalProperties', 'items', 'not', 'if', 'then', 'else'];
const MANY = ['allOf', 'anyOf', 'oneOf'];

/**
 * What makes a schema unsafe to register. A schema comes from outside, and every event of its type is validated by it: it
 * must not hang the process, fetch anything, or hide a personal field.
 */
export function dangersOf(schema: JsonSchema, patterns: 'new' | 'registered' = 'new'): ValidationIssue[] {
  const issues: ValidationIssue[] = [];
  let nodes = 0;
  const report: Report = (path, detail, hint) => {
    if (issues.length < ISSUES_MAX) issues.push({ pointer: fragment(path), detail, hint });
  };

  const visit = (part: unknown, path: string, depth: number, conditional: boolean): void => {
    nodes += 1;
    if (nodes === LIMITS.nodes + 1)
      report(path, `makes the schema hold more than ${LIMITS.nodes} parts`, 'make the schema smaller');
    if (nodes > LIMITS.nodes || typeof part === 'boolean') return;
    if (!isObject(part)) return report(path, 'must be a schema', 'give an object');
    if (depth > LIMITS.depth) return report(path, `is nested deeper than ${LIMITS.depth} levels`, 'flatten the schema');
    for (const key of Object.keys(part)) {
      if (KEYWORDS.has(key) || (depth === 1 && AT_THE_ROOT.has(key))) continue;
      const hint = /^\$|definitions/.test(key)
        ? 'write the part in place: a registered schema holds no references'
        : `leave it out; allowed are ${[...KEYWORDS].join(', ')}`;
      report(path + pointerStep(key), 'is a keyword that a registered schema may not use', hint);
    }
    if (part['x-personal'] !== undefined && (typeof part['x-personal'] !== 'boolean' || conditional))
      report(
        `${path}/x-personal`,
        'must be true or false, and must not depend on other fields',
        'set it to true, under properties or items, outside allOf, anyOf, oneOf, not, if',
      );
    const personalClass = part['x-personal-class'];
    if (
      personalClass !== undefined &&
      (part['x-personal'] !== true || !PERSONAL_CLASSES.some((known) => known === personalClass))
    )
      report(
        `${path}/x-personal-class`,
        `must be one of ${PERSONAL_CLASSES.join(', ')}, beside "x-personal": true`,
        'give one of these, or leave it out where the field is kept as long as the person',
      );
    if (part['format'] !== undefined && !FORMATS.includes(part['format'] as string))
      report(`${path}/format`, `must be one of ${FORMATS.join(', ')}`, 'use one of these, or leave it out');
    // A pattern that was registered before keeps its events.
    if (part['pattern'] !== undefined && patterns === 'new') checkPattern(part, path, report);
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
  if (schema['type'] !== 'object')
    report('/type', 'must be "object": the data of a touchpoint are an object', 'set it at the root of the schema');
  return issues;
}

type Report = (path: string, detail: string, hint: string) => void;

function checkPattern(part: JsonSchema, path: string, report: Report): void {
  const at = `${path}/pattern`;
  const { pattern, maxLength } = part;
  if (typeof pattern !== 'string' || pattern.length > LIMITS.patternLength)
    return report(
      at,
      `must be a pattern of at most ${LIMITS.patternLength} characters`,
      'shorten it, or use enum or format',
    );
  if (typeof maxLength !== 'number' || maxLength > PATTERN_TEXT_MAX)
    report(at, 'may be matched against long text', `set maxLength beside it, to at most ${PATTERN_TEXT_MAX}`);
  const danger = patternDanger(pattern);
  if (danger !== null)
    report(at, danger, 'write a simpler pattern, in the syntax that JavaScript and RE2 share, or use enum or format');
}

/** A pattern in a schema that an engine with backtracking matches. */
export interface BacktrackingPattern {
  readonly pointer: string;
}

/** The patterns of a schema that were registered before patterns had to be linear, and are not. */
export function backtrackingPatterns(schema: JsonSchema): readonly BacktrackingPattern[] {
  const found: BacktrackingPattern[] = [];
  const visit = (part: unknown, path: string): void => {
    if (Array.isArray(part)) part.forEach((item, at) => visit(item, `${path}/${at}`));
    if (!isObject(part)) return;
    const { pattern } = part;
    if (typeof pattern === 'string' && !compilePattern(pattern).isLinear)
      found.push({ pointer: fragment(`${path}/pattern`) });
    for (const [name, inner] of Object.entries(part))
      if (name !== 'enum' && name !== 'const' && name !== 'default' && name !== 'examples')
        visit(inner, path + pointerStep(name));
  };
  visit(schema, '');
  return found;
}
