import { Ajv, type Options, type ValidateFunction } from 'ajv';
import { isCurrency } from './currencies.js';
import { IDENTIFIES, isDateTime, isDay, type JsonSchema, type Rule } from './fields.js';
import { issuesOf, type Reporting } from './issues.js';
import { compilePattern } from './patterns.js';
import type { Validity } from './validation-issue.js';
import { isSpoilt } from './spreadsheets.js';
import { areLinesNotNegative, isAmountExact } from './touchpoints/order-amount.js';

/** Words of ours in a schema that check nothing. */
export const ANNOTATIONS = ['x-personal', 'x-personal-class', 'x-hashed-in-place', 'x-group', 'x-origin'] as const;
/** Words of ours in the schema of a document that an operator or a client writes; see `documents/kinds.ts`. */
const OF_DOCUMENTS = ['x-meaning', 'x-must', 'x-hint', 'x-secret', 'x-former-name', 'x-parse'] as const;

/** How schemas are compiled: ours, or those that a business registers. */
function makeAjv(options: Options): Ajv {
  // `verbose`: each error holds the part of the schema that it comes from.
  const ajv = new Ajv({
    verbose: true,
    discriminator: true,
    strict: true,
    strictTypes: false,
    strictRequired: false,
    ...options,
  });
  ajv.addVocabulary([...ANNOTATIONS, ...OF_DOCUMENTS]);
  ajv.addFormat('date-time', { type: 'string', validate: isDateTime });
  ajv.addFormat('date', { type: 'string', validate: isDay });
  ajv.addFormat('iso-4217', { type: 'string', validate: isCurrency });
  ajv.addKeyword({
    keyword: 'x-amount-is-exact',
    schemaType: 'boolean',
    validate: (_: boolean, data: unknown) => isAmountExact(data),
  });
  ajv.addKeyword({
    keyword: 'x-lines-are-not-negative',
    schemaType: 'boolean',
    validate: (_: boolean, data: unknown) => areLinesNotNegative(data),
  });
  ajv.addKeyword({
    keyword: IDENTIFIES,
    type: 'string',
    schemaType: 'boolean',
    validate: (_: boolean, data: string) => !isSpoilt(data),
  });
  return ajv;
}

/** The engine of patterns in registered schemas. The code is named for standalone validators, which are not written here. */
const regExp = Object.assign((pattern: string) => compilePattern(pattern), { code: 'compilePattern' });

const ajv = makeAjv({ allErrors: true });
/** For registered schemas: the first error ends the check. */
const firstError = makeAjv({ allErrors: false, code: { regExp } });
/** The same with all errors, for small documents. */
const allErrors = makeAjv({ allErrors: true, code: { regExp } });

/** A validator compiled from a JSON Schema. */
export type Compiled = (document: unknown) => Validity;

const VALID: Validity = { ok: true };

/**
 * Compiles a JSON Schema. `rules` belong to the first members of its `allOf` and lend them their words.
 * @throws Error when the schema is not valid.
 */
export function compile(schema: JsonSchema, rules: readonly Rule[] = [], reporting?: Reporting): Compiled {
  const { $id: _id, $schema: _schema, ...body } = schema;
  const validate: ValidateFunction = ajv.compile(body);
  return (document) => {
    if (validate(document) === true) return VALID;
    return { ok: false, errors: issuesOf(validate.errors ?? [], schema, rules, reporting) };
  };
}

/** All errors of a document with more values are not worth their time: the first one is reported. */
const VALUES_MAX = 2_000;

/**
 * Compiles a schema that a business registered. Its validator stops at the first error, and lists all of them only of a small document; its patterns
 * are matched without backtracking.
 * @throws Error when the schema is not valid.
 */
export function compileRegistered(schema: JsonSchema): Compiled {
  const { $id: _id, $schema: _schema, ...body } = schema;
  const first: ValidateFunction = firstError.compile(body);
  let all: ValidateFunction | undefined;
  return (document) => {
    if (first(document) === true) return VALID;
    if (!hasFewValues(document)) return { ok: false, errors: issuesOf(first.errors ?? [], schema, []) };
    all ??= allErrors.compile(body);
    all(document);
    return { ok: false, errors: issuesOf(all.errors ?? [], schema, []) };
  };
}

function hasFewValues(document: unknown): boolean {
  const pending: unknown[] = [document];
  let values = 0;
  for (let value = pending.pop(); value !== undefined; value = pending.pop()) {
    values += 1;
    if (values + pending.length > VALUES_MAX) return false;
    if (typeof value === 'object' && value !== null) for (const inner of Object.values(value)) pending.push(inner);
  }
  return true;
}
