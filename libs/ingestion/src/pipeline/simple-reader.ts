import { BOUNDS, isCurrency, isSpoilt, orderAmountMinor, parseInstant, type JsonSchema } from '#contracts';

/**
 * Reads a **simple** document: plain objects with only fields of the schema, each value as the schema requires, nothing personal, nothing near
 * a bound. Returns it with its fields in canonical order, where an absent field may be undefined. Returns null for any other
 * document, valid or not: the caller decides on that by validator and separator.
 */
export type SimpleReader = (document: unknown) => Readonly<Record<string, unknown>> | null;

export interface SimpleReaderOptions {
  /** Fields that only have to be objects: their content is checked elsewhere. */
  readonly opaque?: readonly string[];
  /** Whether personal values are simple too: where they are sealed elsewhere. */
  readonly personalToo?: boolean;
  /** The engine of patterns; JavaScript's by default. */
  readonly compilePattern?: (pattern: string) => Pick<RegExp, 'test'>;
}

/**
 * Compiles a reader: it does in one pass what bounds, validator and separator do in three. They accept each document that it reads, and make the
 * same of it (a property proves it). For a schema with a keyword that is not known here, no document is simple.
 */
export function compileSimpleReader(schema: JsonSchema, options: SimpleReaderOptions = {}): SimpleReader {
  try {
    const compiler = new ReaderCompiler(options);
    const root = compiler.object(schema, 1, compiler.rules(schema));
    if (root.values > BOUNDS.values || root.characters > BOUNDS.characters) return () => null;
    return compiler.compile(root.name);
  } catch (error) {
    if (error instanceof NotSimple) return () => null;
    throw error;
  }
}

/** A schema with a keyword that the reader does not know. */
class NotSimple extends Error {}

/** A longer list is not simple: so no simple document comes near a bound. */
const LIST_MAX = 100;
/** An RFC 3339 date-time has at most nine digits of a fraction. */
const DATE_TIME_LENGTH = 35;
const ANNOTATIONS = [
  ...['$schema', '$id', 'title', 'description', 'x-group', 'x-origin', 'x-personal', 'x-hashed-in-place'],
];
const KEYWORDS = {
  object: new Set([...ANNOTATIONS, 'type', 'properties', 'required', 'additionalProperties']),
  array: new Set([...ANNOTATIONS, 'type', 'items', 'minItems', 'maxItems']),
  string: new Set([...ANNOTATIONS, 'type', 'minLength', 'maxLength', 'enum', 'format', 'pattern', 'x-identifies']),
  number: new Set([...ANNOTATIONS, 'type', 'minimum', 'maximum']),
  boolean: new Set([...ANNOTATIONS, 'type']),
} as const;
/** Names that have a meaning in JavaScript, and those that it would order by itself. */
const ODD_NAME = /^(?:__proto__|constructor|prototype|toJSON|\d+)$/;

const DAY = /^\d{4}-\d{2}-\d{2}$/;
const UNSTORABLE = /[\0\ud800-\udfff]/;
/** Shorter texts are scanned in a loop, which costs less than a call of the pattern. */
const SHORT = 48;

/** Functions that the compiled reader calls. */
const HELPERS = {
  /** Whether a text holds neither NUL nor any surrogate: then its length in characters is its length. */
  isSimpleText(text: string): boolean {
    const { length } = text;
    if (length > SHORT) return !UNSTORABLE.test(text);
    for (let at = 0; at < length; at += 1) {
      const unit = text.charCodeAt(at);
      if (unit === 0 || (unit & 0xf800) === 0xd800) return false;
    }
    return true;
  },
  isCurrency,
  isSpoilt,
  isDateTime: (text: string): boolean => parseInstant(text) !== null,
  isDay: (text: string): boolean => DAY.test(text) && parseInstant(`${text}T00:00:00Z`) !== null,
  isAmountExact(data: Parameters<typeof orderAmountMinor>[0]): boolean {
    const amount = orderAmountMinor(data);
    return amount === null || Number.isSafeInteger(amount);
  },
  isAmountNotNegative(data: Parameters<typeof orderAmountMinor>[0]): boolean {
    const amount = orderAmountMinor(data);
    return amount === null || amount >= 0;
  },
};

/** The check of a value, as code that returns null from the reader where it fails; and the most that such a value can hold. */
interface Check {
  readonly text: string;
  readonly values: number;
  readonly characters: number;
}

class ReaderCompiler {
  private readonly functions: string[] = [];
  private readonly patterns: Pick<RegExp, 'test'>[] = [];

  constructor(private readonly options: SimpleReaderOptions) {}

  compile(root: string): SimpleReader {
    const names = Object.keys(HELPERS);
    const body = `'use strict';\nconst { ${names.join(', ')} } = helpers;\n${this.functions.join('\n')}\nreturn ${root};`;
    // The code holds names and numbers of a schema, each written as JSON, and nothing of any document.
    const make = new Function('helpers', 'patterns', body) as (
      helpers: typeof HELPERS,
      patterns: readonly Pick<RegExp, 'test'>[],
    ) => SimpleReader;
    return make(HELPERS, this.patterns);
  }

  /** The rules of a document as a whole, each as a condition on `o`. */
  rules({ allOf = [] }: JsonSchema): string[] {
    return (allOf as readonly JsonSchema[]).map((rule) => {
      const [[word, value] = [], ...more] = Object.entries(rule);
      if (more.length === 0 && word === 'x-amount-is-exact' && value === true) return 'isAmountExact(o)';
      // One condition for both rules: of a negative total and of negative lines the slow reader says which.
      if (more.length === 0 && word === 'x-lines-are-not-negative' && value === true) return 'isAmountNotNegative(o)';
      if (more.length === 0 && word === 'properties' && isMinimumOfTotal(value)) return 'true';
      if (more.length > 0 || word !== 'anyOf') throw new NotSimple();
      return (value as readonly JsonSchema[]).map((one) => `(${requiredAlone(one)})`).join(' || ');
    });
  }

  /** Adds the reader of an object, and returns its name. */
  object(schema: JsonSchema, depth: number, rules: readonly string[] = []): Check & { readonly name: string } {
    const { allOf: _, ...own } = schema;
    mustKnow(rules.length > 0 ? own : schema, KEYWORDS.object);
    const { properties, required = [] } = schema;
    if (schema['type'] !== 'object' || !isSchema(properties) || depth > BOUNDS.depth) throw new NotSimple();
    const names = Object.keys(properties).sort();
    const lines: string[] = [];
    const kept: string[] = [];
    let values = 1;
    let characters = 0;
    names.forEach((name, at) => {
      if (ODD_NAME.test(name) || name.length > BOUNDS.name) throw new NotSimple();
      const field = `f${at}`;
      const check = this.value(name, properties[name], field, depth);
      const missing = (required as readonly string[]).includes(name) ? 'return null' : '';
      lines.push(`let ${field} = o[${JSON.stringify(name)}];`);
      lines.push(`if (${field} !== undefined) { ${check.text} seen += 1; } else { ${missing} }`);
      kept.push(`${JSON.stringify(name)}: ${field}`);
      values += check.values;
      characters += check.characters + name.length;
    });
    const name = `read${this.functions.length}`;
    this.functions.push(
      `function ${name}(o) {`,
      `  if (typeof o !== 'object' || o === null || Object.getPrototypeOf(o) !== Object.prototype) return null;`,
      `  let seen = 0;`,
      ...lines.map((line) => `  ${line}`),
      // Fields that the schema does not know make this less than zero.
      `  for (const _ in o) seen -= 1;`,
      `  if (seen !== 0) return null;`,
      ...rules.map((rule) => `  if (!(${rule})) return null;`),
      `  return { ${kept.join(', ')} };`,
      `}`,
    );
    return { name, text: '', values, characters };
  }

  private value(name: string, schema: unknown, field: string, depth: number): Check {
    if (!isSchema(schema)) throw new NotSimple();
    if (this.options.personalToo !== true && isPersonal(schema))
      return { text: 'return null;', values: 0, characters: 0 };
    switch (schema['type']) {
      case 'string':
        return this.string(schema, field);
      case 'integer':
      case 'number':
        return number(schema, field);
      case 'boolean':
        mustKnow(schema, KEYWORDS.boolean);
        return { text: reject(`typeof ${field} !== 'boolean'`), values: 1, characters: 0 };
      case 'array':
        return this.list(name, schema, field, depth);
      case 'object': {
        if (this.options.opaque?.includes(name) === true)
          return {
            text: reject(`typeof ${field} !== 'object' || ${field} === null || Array.isArray(${field})`),
            values: 0,
            characters: 0,
          };
        const { name: reader, values, characters } = this.object(schema, depth + 1);
        return { text: `${field} = ${reader}(${field}); ${reject(`${field} === null`)}`, values, characters };
      }
      default:
        throw new NotSimple();
    }
  }

  private string(schema: JsonSchema, field: string): Check {
    mustKnow(schema, KEYWORDS.string);
    const { minLength = 0, maxLength, enum: words, format, pattern } = schema;
    if (Array.isArray(words)) {
      const none = words.map((word) => `${field} !== ${JSON.stringify(word)}`).join(' && ');
      return { text: reject(none), values: 1, characters: Math.max(...words.map((word) => String(word).length)) };
    }
    let longest = typeof maxLength === 'number' ? maxLength : null;
    const conditions = [`typeof ${field} !== 'string'`];
    if (minLength !== 0) conditions.push(`${field}.length < ${Number(minLength)}`);
    if (longest !== null) conditions.push(`${field}.length > ${longest}`);
    if (typeof pattern === 'string')
      conditions.push(`!patterns[${this.patterns.push(this.pattern(pattern)) - 1}].test(${field})`);
    switch (format) {
      case undefined:
        conditions.push(`!isSimpleText(${field})`);
        break;
      case 'iso-4217':
        conditions.push(`!isCurrency(${field})`);
        break;
      case 'date-time':
        conditions.push(`!isDateTime(${field})`);
        longest = DATE_TIME_LENGTH;
        break;
      case 'date':
        conditions.push(`!isDay(${field})`);
        longest = DATE_TIME_LENGTH;
        break;
      default:
        throw new NotSimple();
    }
    if (schema['x-identifies'] === true) conditions.push(`isSpoilt(${field})`);
    if (longest === null) throw new NotSimple();
    return { text: reject(conditions.join(' || ')), values: 1, characters: longest };
  }

  private pattern(pattern: string): Pick<RegExp, 'test'> {
    return this.options.compilePattern?.(pattern) ?? new RegExp(pattern, 'u');
  }

  private list(name: string, schema: JsonSchema, field: string, depth: number): Check {
    mustKnow(schema, KEYWORDS.array);
    const { items, minItems = 0, maxItems = LIST_MAX } = schema;
    if (depth + 1 > BOUNDS.depth) throw new NotSimple();
    const item = `${field}i`;
    const check = this.value(name, items, item, depth + 1);
    const longest = Math.min(LIST_MAX, Number(maxItems));
    return {
      text: [
        reject(`!Array.isArray(${field}) || ${field}.length < ${Number(minItems)} || ${field}.length > ${longest}`),
        `const ${field}k = [];`,
        `for (let at = 0; at < ${field}.length; at += 1) { let ${item} = ${field}[at]; ${check.text} ${field}k.push(${item}); }`,
        `${field} = ${field}k;`,
      ].join(' '),
      values: 1 + longest * check.values,
      characters: longest * check.characters,
    };
  }
}

function number(schema: JsonSchema, field: string): Check {
  mustKnow(schema, KEYWORDS.number);
  const { minimum, maximum } = schema;
  const conditions = [
    `typeof ${field} !== 'number'`,
    schema['type'] === 'integer' ? `!Number.isInteger(${field})` : `!Number.isFinite(${field})`,
  ];
  if (minimum !== undefined) conditions.push(`${field} < ${Number(minimum)}`);
  if (maximum !== undefined) conditions.push(`${field} > ${Number(maximum)}`);
  return { text: reject(conditions.join(' || ')), values: 1, characters: 0 };
}

const reject = (condition: string): string => `if (${condition}) return null;`;

/** The rule that a total is 0 or more: it never stands alone. */
function isMinimumOfTotal(value: unknown): boolean {
  return JSON.stringify(value) === '{"totalMinor":{"minimum":0}}';
}

/** The condition that a member of `anyOf` states, where it only requires fields. */
function requiredAlone(schema: JsonSchema): string {
  const { required, ...others } = schema;
  if (!Array.isArray(required) || Object.keys(others).length > 0) throw new NotSimple();
  return (required as readonly unknown[]).map((name) => `o[${JSON.stringify(name)}] !== undefined`).join(' && ');
}

function mustKnow(schema: JsonSchema, keywords: ReadonlySet<string>): void {
  if (!Object.keys(schema).every((word) => keywords.has(word))) throw new NotSimple();
}

function isPersonal(schema: JsonSchema): boolean {
  return schema['x-personal'] === true || (isSchema(schema['items']) && isPersonal(schema['items']));
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
