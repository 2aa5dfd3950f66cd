import { parseInstant, type Instant, type ValidationIssue } from '#contracts';
import { pointerTo, QueryRejected, reject } from './query-rejected.js';

interface Described {
  readonly description: string;
  readonly required?: boolean;
}

/** A parameter of a query. Its name is kebab-case, in the query string and on the command line alike. */
export type Param =
  | (Described & {
      readonly type: 'text';
      readonly maxLength?: number;
      readonly pattern?: RegExp;
      readonly hint?: string;
    })
  | (Described & {
      readonly type: 'int';
      readonly minimum: number;
      readonly maximum: number;
      readonly default?: number;
    })
  /** A date-time with its offset, or a date alone: 00:00 of that day in the business's zone. */
  | (Described & { readonly type: 'instant' })
  /** A calendar day of the business's zone. */
  | (Described & { readonly type: 'day' })
  | (Described & { readonly type: 'enum'; readonly values: readonly string[]; readonly default?: string })
  | (Described & { readonly type: 'boolean'; readonly default?: boolean });

export type Params = Readonly<Record<string, Param>>;

type Value<P extends Param> = P extends { type: 'text' | 'day' }
  ? string
  : P extends { type: 'int' | 'instant' }
    ? number
    : P extends { type: 'enum'; values: readonly (infer V)[] }
      ? V
      : P extends { type: 'boolean' }
        ? boolean
        : never;

/** Parsed parameters: one that was not given and has no default is null. */
export type Values<P extends Params> = {
  readonly [K in keyof P]: P[K] extends { required: true } | { default: string | number | boolean }
    ? Value<P[K]>
    : Value<P[K]> | null;
};

/** Parameters as they arrive: text from a query string or the command line, an array where one is repeated. */
export type RawParams = Readonly<Record<string, unknown>>;

/** How a date without a time becomes an instant: by the zone of the business. */
export type StartOfDay = (day: string) => Instant;

const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** The bounds keep arithmetic on instants away from the ends of what stores and calendar hold. */
const EARLIEST = Date.UTC(1800, 0, 1);
const LATEST = Date.UTC(9000, 0, 1);
const TEXT_LENGTH = 512;

const CONTROL = /[\u0000-\u001f\u007f]/;

/**
 * Checks the given parameters against those of the query. All issues are reported at once, each with a hint.
 * @throws QueryRejected `invalid-question`
 */
export function parseParams<P extends Params>(specs: P, raw: RawParams, startOfDay: StartOfDay): Values<P> {
  const issues: ValidationIssue[] = [];
  const values: Record<string, unknown> = {};
  const names = Object.keys(specs);
  for (const name of Object.keys(raw))
    if (!Object.hasOwn(specs, name) && raw[name] !== undefined)
      issues.push({
        pointer: pointerTo(printable(name).slice(1, -1)),
        detail: 'is not a parameter of this query',
        hint: `Its parameters: ${names.join(', ') || 'none'}.`,
      });
  for (const [name, spec] of Object.entries(specs)) {
    try {
      values[name] = parseOne(name, spec, Object.hasOwn(raw, name) ? raw[name] : undefined, startOfDay);
    } catch (error) {
      if (!(error instanceof QueryRejected)) throw error;
      issues.push(...error.issues);
    }
  }
  if (issues.length > 0) throw new QueryRejected('invalid-query', issues);
  return values as Values<P>;
}

function parseOne(name: string, spec: Param, raw: unknown, startOfDay: StartOfDay): unknown {
  if (raw === undefined || raw === null) {
    if (spec.required === true) throw reject(name, 'is missing', `Give ${name}: ${spec.description}`);
    return 'default' in spec ? (spec.default ?? null) : null;
  }
  if (Array.isArray(raw)) throw reject(name, 'is given more than once', 'Give it once.');
  const text = typeof raw === 'number' || typeof raw === 'boolean' ? String(raw) : raw;
  if (typeof text !== 'string') throw reject(name, 'is not text', 'Give it as plain text.');
  if (text === '') throw reject(name, 'is empty', 'Leave it out, or give it a value.');
  if (CONTROL.test(text) || !text.isWellFormed())
    throw reject(name, 'holds a control character or broken Unicode', 'Send printable UTF-8 text.');
  switch (spec.type) {
    case 'text': {
      const longest = spec.maxLength ?? TEXT_LENGTH;
      if (text.length > longest)
        throw reject(name, `is longer than ${longest} characters`, `Keep it within ${longest} characters.`);
      if (spec.pattern !== undefined && !spec.pattern.test(text))
        throw reject(name, `does not have the form ${spec.pattern.source}`, spec.hint ?? `Give ${spec.description}`);
      return text;
    }
    case 'int': {
      const value = /^-?\d{1,16}$/.test(text) ? Number(text) : NaN;
      if (!(value >= spec.minimum && value <= spec.maximum))
        throw reject(
          name,
          `${printable(text)} is not a whole number from ${spec.minimum} to ${spec.maximum}`,
          `Give a whole number from ${spec.minimum} to ${spec.maximum}.`,
        );
      return value;
    }
    case 'instant':
      return parseWhen(name, text, startOfDay);
    case 'day': {
      if (!DAY.test(text) || parseInstant(`${text}T00:00:00Z`) === null) throw notADay(name, text);
      inBounds(name, Date.parse(`${text}T00:00:00Z`));
      return text;
    }
    case 'enum':
      if (!spec.values.includes(text))
        throw reject(name, `${printable(text)} is not one of its values`, `Give one of: ${spec.values.join(', ')}.`);
      return text;
    case 'boolean':
      if (text !== 'true' && text !== 'false')
        throw reject(name, `${printable(text)} is neither true nor false`, 'Give true or false.');
      return text === 'true';
    default:
      return spec satisfies never;
  }
}

function parseWhen(name: string, text: string, startOfDay: StartOfDay): Instant {
  if (DAY.test(text)) {
    const utc = parseInstant(`${text}T00:00:00Z`);
    if (utc === null) throw notADay(name, text);
    inBounds(name, utc);
    return startOfDay(text);
  }
  const at = parseInstant(text);
  if (at === null)
    throw reject(
      name,
      `${printable(text)} is neither a date nor a date-time with its offset`,
      'Write 1998-07-01 or 1998-07-01T12:30:00Z (a + of an offset is %2B in an address).',
    );
  inBounds(name, at);
  return at;
}

function inBounds(name: string, at: Instant): void {
  if (at < EARLIEST || at >= LATEST)
    throw reject(name, 'lies outside the years 1800 to 8999', 'Give a year from 1800 to 8999.');
}

function notADay(name: string, text: string): QueryRejected {
  return reject(name, `${printable(text)} is not a day of the calendar`, 'Write it as 1998-07-01.');
}

/** A client's text as an answer may repeat it: short, and free of control characters. */
export function printable(text: string): string {
  const cut = text.length > 80 ? `${text.slice(0, 80)}…` : text;

  return JSON.stringify(cut.toWellFormed().replace(/[\u0000-\u001f\u007f]/g, '�'));
}
