import { isObject, type JsonSchema } from './fields.js';
import { pointerTo, type ValidationIssue } from './validation-issue.js';

/**
 * What a schema rejects, or no longer declares, that the version before it takes: each with its pointer into the new schema. None: every event that fits the version before fits
 * this one too, so its senders need not change. A field that the version before does not declare may be of any kind.
 */
export function breakingChanges(before: JsonSchema, after: JsonSchema): readonly ValidationIssue[] {
  return changesOf(before, after, []);
}

type Path = readonly (string | number)[];

const ADD = 'keep what the version before takes, or register a type of another name';

const at = (path: Path, detail: string, hint = ADD): ValidationIssue => ({ pointer: pointerTo(...path), detail, hint });

function changesOf(before: JsonSchema, after: JsonSchema, path: Path): readonly ValidationIssue[] {
  return [
    ...typeChange(before, after, path),
    ...wordChanges(before, after, path),
    ...boundChanges(before, after, path),
    ...fieldChanges(before, after, path),
    ...partChanges(before, after, path),
    ...otherChanges(before, after, path),
  ];
}

const typesIn = ({ type }: JsonSchema): readonly string[] | null =>
  type === undefined ? null : Array.isArray(type) ? (type as readonly string[]) : [String(type)];

function typeChange(before: JsonSchema, after: JsonSchema, path: Path): readonly ValidationIssue[] {
  const [was, is] = [typesIn(before), typesIn(after)];
  if (is === null) return [];
  const takes = (type: string): boolean => is.includes(type) || (type === 'integer' && is.includes('number'));
  const lost = was === null ? ['any other type'] : was.filter((type) => !takes(type));
  return lost.length === 0
    ? []
    : [at([...path, 'type'], `takes ${is.join(' or ')} alone, and took ${lost.join(' and ')} before`)];
}

function wordChanges(before: JsonSchema, after: JsonSchema, path: Path): readonly ValidationIssue[] {
  const valuesIn = ({ enum: words, const: only }: JsonSchema): readonly unknown[] | null =>
    only !== undefined ? [only] : Array.isArray(words) ? words : null;
  const [was, is] = [valuesIn(before), valuesIn(after)];
  if (is === null) return [];
  const place = [...path, after['const'] === undefined ? 'enum' : 'const'];
  if (was === null) return [at(place, 'takes a few values alone, and took others before')];
  const lost = was.filter((value) => !is.some((each) => JSON.stringify(each) === JSON.stringify(value)));
  if (lost.length === 0) return [];
  return [at(place, `no longer takes ${lost.map((value) => JSON.stringify(value)).join(', ')}`)];
}

const LOWER = ['minimum', 'exclusiveMinimum', 'minLength', 'minItems', 'minProperties'] as const;
const UPPER = ['maximum', 'exclusiveMaximum', 'maxLength', 'maxItems', 'maxProperties'] as const;

function boundChanges(before: JsonSchema, after: JsonSchema, path: Path): readonly ValidationIssue[] {
  const tightened = (word: string, isTighter: (is: number, was: number) => boolean): readonly ValidationIssue[] => {
    const [was, is] = [before[word], after[word]];
    if (typeof is !== 'number' || (typeof was === 'number' && !isTighter(is, was))) return [];
    return [
      at(
        [...path, word],
        typeof was === 'number' ? `is ${is}, and was ${was} before` : `is ${is}, and there was none before`,
      ),
    ];
  };
  return [
    ...LOWER.flatMap((word) => tightened(word, (is, was) => is > was)),
    ...UPPER.flatMap((word) => tightened(word, (is, was) => is < was)),
    ...tightened('multipleOf', (is, was) => !Number.isInteger(was / is)),
  ];
}

function fieldChanges(before: JsonSchema, after: JsonSchema, path: Path): readonly ValidationIssue[] {
  const listIn = (required: unknown): readonly string[] =>
    Array.isArray(required) ? (required as readonly string[]) : [];
  const was = listIn(before['required']);
  const issues = listIn(after['required']).flatMap((name, index) =>
    was.includes(name)
      ? []
      : [
          at(
            [...path, 'required', index],
            `requires \`${name}\`, which could be absent before`,
            'leave it optional, or register a type of another name',
          ),
        ],
  );
  const [fields, now] = [propertiesIn(before), propertiesIn(after)];
  for (const [name, field] of Object.entries(fields)) {
    const place = [...path, 'properties', name];
    const next = Object.hasOwn(now, name) ? now[name] : undefined;
    if (next === undefined)
      issues.push(
        at(
          [...path, 'properties'],
          `no longer declares \`${name}\`: what no version declares is sealed, and no condition can read it`,
          'keep the field',
        ),
      );
    else issues.push(...changesOf(field, next, place));
  }
  return issues;
}

const propertiesIn = ({ properties }: JsonSchema): Readonly<Record<string, JsonSchema>> =>
  isObject(properties)
    ? Object.fromEntries(
        Object.entries(properties).filter((entry): entry is [string, JsonSchema] => isObject(entry[1])),
      )
    : {};

/** The items of lists, and the fields that no name declares. */
function partChanges(before: JsonSchema, after: JsonSchema, path: Path): readonly ValidationIssue[] {
  return ['items', 'additionalProperties'].flatMap((word) => {
    const [was, is] = [before[word], after[word]];
    if (is === undefined || is === true) return [];
    if (isObject(is)) return changesOf(isObject(was) ? was : {}, is, [...path, word]);
    return was === false ? [] : [at([...path, word], 'rejects what the version before takes')];
  });
}

/** Words whose values cannot be compared: a change of one may reject anything. */
const WHOLE = [
  ...['pattern', 'format', 'uniqueItems', 'contains', 'propertyNames', 'patternProperties', 'dependencies'],
  ...['anyOf', 'oneOf', 'allOf', 'not', 'if', 'then', 'else'],
];

function otherChanges(before: JsonSchema, after: JsonSchema, path: Path): readonly ValidationIssue[] {
  return WHOLE.flatMap((word) => {
    const [was, is] = [before[word], after[word]];
    if (is === undefined || is === false || JSON.stringify(was) === JSON.stringify(is)) return [];
    return [
      at(
        [...path, word],
        was === undefined
          ? 'was added, and may reject what was taken before'
          : 'was changed, and may reject what was taken before',
      ),
    ];
  });
}
