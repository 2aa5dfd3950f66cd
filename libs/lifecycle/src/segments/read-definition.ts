import {
  BehaviourConditionForm,
  ConsentConditionForm,
  documentReader,
  FieldConditionForm,
  isCurrency,
  issueUnder,
  nearest,
  pointerTo,
  ROOT,
  SegmentConditionForm,
  SegmentForm,
  SequenceConditionForm,
  type DocumentReader,
  type ValidationIssue,
} from '#contracts';
import { comparisonIssue } from '../policy/policy-rules.js';
import { instantOf } from './leaves.js';
import { segmentsNamed, type Condition, type Occurrence, type SegmentDefinition } from './definition.js';
import { OPS, type FieldKind, type FieldRegistry } from './fields.js';

/** What definitions are checked against. */
export interface DefinitionContext {
  readonly fields: FieldRegistry;
  /** The names of all touchpoint types. */
  readonly types: readonly string[];
  /** The fields of a type that are sealed, as plain JSON pointers; conditions cannot read them. */
  readonly personalPaths: (type: string) => readonly string[];
  /** The segments that are defined. */
  readonly others: readonly SegmentDefinition[];
}

export type DefinitionVerdict =
  | { readonly ok: true; readonly definition: SegmentDefinition }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

const ISSUES_MAX = 20;
const DEPTH_MAX = 12;
const CONDITIONS_MAX = 100;

const SEGMENT = documentReader(SegmentForm);

/** The words that name a kind of condition: each condition has one of them. */
const LEAVES: Readonly<Record<string, DocumentReader<object>>> = {
  field: documentReader(FieldConditionForm),
  did: documentReader(BehaviourConditionForm),
  sequence: documentReader(SequenceConditionForm),
  consent: documentReader(ConsentConditionForm),
  segment: documentReader(SegmentConditionForm),
};
const COMBINED = ['all', 'any', 'not'];
const WORDS = [...COMBINED, ...Object.keys(LEAVES)];

/** Checks a document that is to be a segment: its shape, then what its conditions say about fields, types and other segments. */
export function readSegment(document: unknown, context: DefinitionContext): DefinitionVerdict {
  const reading = SEGMENT.read(document);
  if (!reading.ok) return reading;
  const reader = new ConditionReader(context, reading.value.id);
  reader.read(reading.value.when, pointerTo('when'), 1);
  if (reader.issues.length > 0) return { ok: false, errors: reader.issues.slice(0, ISSUES_MAX) };
  const definition = reading.value as SegmentDefinition;
  const circle = circleOf(definition, context.others);
  if (circle === null) return { ok: true, definition };
  return {
    ok: false,
    errors: [
      {
        pointer: pointerTo('when'),
        detail: `names itself by way of other segments: ${circle.join(' → ')}`,
        hint: 'leave out one of these segments',
      },
    ],
  };
}

class ConditionReader {
  readonly issues: ValidationIssue[] = [];
  #conditions = 0;

  constructor(
    private readonly context: DefinitionContext,
    private readonly id: string,
  ) {}

  read(value: unknown, at: string, depth: number): void {
    this.#conditions += 1;
    if (this.issues.length >= ISSUES_MAX) return;
    if (depth > DEPTH_MAX || this.#conditions > CONDITIONS_MAX) {
      if (depth > DEPTH_MAX || this.#conditions === CONDITIONS_MAX + 1)
        this.#add(
          at,
          `goes beyond ${CONDITIONS_MAX} conditions, ${DEPTH_MAX} levels deep`,
          'divide it into several segments',
        );
      return;
    }
    const word = this.#wordOf(value, at);
    if (word === null) return;
    const condition = value as Readonly<Record<string, unknown>>;
    if (word === 'not') {
      if (this.#alone(condition, word, at)) this.read(condition[word], `${at}/not`, depth + 1);
      return;
    }
    if (word === 'all' || word === 'any') {
      const parts = condition[word];
      if (!Array.isArray(parts) || parts.length === 0)
        return this.#add(`${at}/${word}`, 'must be a list of at least one condition', 'give a list of conditions');
      if (!this.#alone(condition, word, at)) return;
      parts.forEach((part: unknown, index) => this.read(part, `${at}/${word}/${index}`, depth + 1));
      return;
    }
    const reading = LEAVES[word]?.read(condition, at);
    if (reading === undefined) return;
    if (!reading.ok) this.issues.push(...reading.errors);
    else this.#check(condition as unknown as Condition, at);
  }

  /** The word that says which kind of condition it is. */
  #wordOf(value: unknown, at: string): string | null {
    const hint = `give one of ${WORDS.join(', ')}`;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      this.#add(at, 'must be a condition', hint);
      return null;
    }
    const given = Object.keys(value);
    const named = given.filter((key) => WORDS.includes(key));
    const [word] = named;
    if (word !== undefined && named.length === 1) return word;
    if (word !== undefined)
      this.#add(at, `is more than one condition (${named.join(', ')})`, 'put them into a list under all or any');
    else {
      const likely = given.map((key) => nearest(key, WORDS)).find((each) => each !== null);
      this.#add(at, 'is not a kind of condition', likely === undefined ? hint : `did you mean ${likely}? ${hint}`);
    }
    return null;
  }

  /** Whether nothing else stands beside the word. */
  #alone(condition: Readonly<Record<string, unknown>>, word: string, at: string): boolean {
    const other = Object.keys(condition).find((key) => key !== word);
    if (other === undefined) return true;
    this.#add(`${at}/${other}`, `is not known beside ${word}`, 'leave it out');
    return false;
  }

  #check(condition: Condition, at: string): void {
    if ('field' in condition) this.#checkField(condition, at);
    else if ('did' in condition) {
      this.#checkOccurrence(condition, at);
      const { atLeast = 0, atMost = Infinity, withinDays, from, until } = condition;
      if (atLeast > atMost) this.#add(`${at}/atMost`, `must be at least atLeast (${atLeast})`, 'give a larger number');
      if (withinDays !== undefined && (from ?? until) !== undefined)
        this.#add(`${at}/withinDays`, 'cannot stand beside from and until', 'give days back from now, or a period');
      if (from !== undefined && until !== undefined && from >= until)
        this.#add(`${at}/until`, `must lie after from (${from})`, 'give the first day after the period');
    } else if ('sequence' in condition)
      condition.sequence.forEach((step, index) => {
        this.#checkOccurrence(step, `${at}/sequence/${index}`);
        if (index === 0 && step.withinDays !== undefined)
          this.#add(
            `${at}/sequence/0/withinDays`,
            'has no step before it',
            'leave it out, or put withinDays beside sequence',
          );
      });
    else if ('segment' in condition) this.#checkSegment(condition.segment, `${at}/segment`);
  }

  #checkField({ field: name, op, value }: Extract<Condition, { field: unknown }>, at: string): void {
    const field = this.context.fields.field(name);
    if (field === null) {
      const names = this.context.fields.fields.map((each) => each.name);
      const likely = nearest(name, names);
      const hint = `${likely === null ? '' : `did you mean ${likely}? `}give one of ${names.join(', ')}`;
      return this.#add(`${at}/field`, `is not a known field (got ${JSON.stringify(name)})`, hint);
    }
    const ops = OPS[field.kind];
    if (!ops.includes(op))
      return this.#add(
        `${at}/op`,
        `does not fit ${name}, which holds ${KINDS[field.kind]}`,
        `give one of ${ops.join(', ')}`,
      );
    const wanted = valueIssue(field.kind, op, value);
    if (wanted !== null) return this.#add(`${at}/value`, ...wanted);
    const { words } = field;
    if (words === undefined) return;
    const given = (Array.isArray(value) ? value : [value]).filter((each) => each !== undefined).map(String);
    for (const each of given)
      if (!words.includes(each)) {
        const likely = nearest(each, words);
        const hint = `${likely === null ? '' : `did you mean ${likely}? `}give one of ${words.join(', ')}`;
        this.#add(`${at}/value`, `is never the value of ${name} (got ${JSON.stringify(each)})`, hint);
      }
  }

  #checkOccurrence({ did, where = [] }: Occurrence, at: string): void {
    const { types, personalPaths } = this.context;
    if (did !== '*' && !types.includes(did)) {
      const likely = nearest(did, types);
      const hint = `${likely === null ? '' : `did you mean ${likely}? `}GET /v1/types lists all types; * stands for any`;
      return this.#add(`${at}/did`, `is not a known touchpoint type (got ${JSON.stringify(did)})`, hint);
    }
    const sealed = did === '*' ? [] : personalPaths(did);
    where.forEach((comparison, index) => {
      const pointer = `${at}/where/${index}`;
      const issue = comparisonIssue(comparison.op, comparison.value);
      if (issue !== null) this.#add(`${pointer}/value`, issue.detail, issue.hint);
      const path = `/${comparison.field.replaceAll('.', '/')}`;
      if (sealed.some((each) => each === path || path.startsWith(`${each}/`) || each.startsWith(`${path}/`)))
        this.#add(
          `${pointer}/field`,
          'is personal: it is sealed, and no condition can read it',
          'compare another field',
        );
    });
  }

  #checkSegment(id: string, at: string): void {
    if (id === this.id) return this.#add(at, 'is the segment itself', 'name another segment');
    const ids = this.context.others.map((each) => each.id);
    if (ids.includes(id)) return;
    const likely = nearest(id, ids);
    const hint = `${likely === null ? '' : `did you mean ${likely}? `}define that segment first`;
    this.#add(at, `is not a defined segment (got ${JSON.stringify(id)})`, hint);
  }

  #add(pointer: string, detail: string, hint: string): void {
    this.issues.push(issueUnder(pointer, { pointer: ROOT, detail, hint }));
  }
}

const KINDS: Readonly<Record<FieldKind, string>> = {
  text: 'a text',
  number: 'a number',
  money: 'money',
  instant: 'an instant',
  flag: 'true or false',
  list: 'a list',
};

const isNumber = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value);
const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

/** What is wrong with the value that a field is compared with; null where it is right. */
function valueIssue(kind: FieldKind, op: string, value: unknown): readonly [detail: string, hint: string] | null {
  if (op === 'present') return value === undefined ? null : ['must be absent beside the op present', 'leave it out'];
  if (op === 'one-of') {
    const fits = kind === 'number' ? isNumber : isText;
    return Array.isArray(value) && value.length > 0 && value.every(fits)
      ? null
      : [`must be a list of ${kind === 'number' ? 'numbers' : 'texts'} beside the op one-of`, 'give at least one'];
  }
  switch (kind) {
    case 'text':
    case 'list':
      return isText(value) ? null : ['must be a text', 'give a text of at least one character'];
    case 'number':
      return isNumber(value) ? null : ['must be a number', 'write the number without quotes'];
    case 'flag':
      return typeof value === 'boolean' ? null : ['must be true or false', 'write it without quotes'];
    case 'money': {
      const { amountMinor, currency, ...more } = (value ?? {}) as Record<string, unknown>;
      const fits = Number.isSafeInteger(amountMinor) && typeof currency === 'string' && isCurrency(currency);
      return fits && Object.keys(more).length === 0
        ? null
        : [
            'must be money',
            'give amountMinor in minor units and currency, such as { "amountMinor": 50000, "currency": "EUR" }',
          ];
    }
    case 'instant':
      if (op === 'within-days' || op === 'older-than-days')
        return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 36_525
          ? null
          : [`must be a whole number of days from 1 to 36,525 beside the op ${op}`, 'give a number of days'];
      return typeof value === 'string' && instantOf(value, 'UTC') !== null
        ? null
        : ['must be a day or an instant', 'give a day such as 2026-03-01, or an RFC 3339 date-time'];
    default:
      return kind satisfies never;
  }
}

/** The way from a segment over others back to itself; null where there is none. */
function circleOf(definition: SegmentDefinition, others: readonly SegmentDefinition[]): readonly string[] | null {
  const named = new Map(others.map(({ id, when }) => [id, segmentsNamed(when)]));
  const seen = new Set<string>();
  const search = (id: string, path: readonly string[]): readonly string[] | null => {
    for (const next of id === definition.id ? segmentsNamed(definition.when) : (named.get(id) ?? [])) {
      if (next === definition.id) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = search(next, [...path, next]);
      if (found !== null) return found;
    }
    return null;
  };
  return search(definition.id, [definition.id]);
}
