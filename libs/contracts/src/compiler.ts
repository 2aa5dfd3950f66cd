import { Ajv, type ValidateFunction } from 'ajv';
import { isCurrency } from './currencies.js';
import { IDENTIFIES, isDateTime, isDay, type JsonSchema, type Rule } from './fields.js';
import { issuesOf, type Reporting } from './issues.js';
import type { Validity } from './validation-issue.js';
import { isSpoilt } from './spreadsheets.js';
import { areLinesNotNegative, isAmountExact } from './touchpoints/order-amount.js';

/** Words of ours in a schema that check nothing. */
export const ANNOTATIONS = ['x-personal', 'x-hashed-in-place', 'x-group', 'x-origin'] as const;
/** Words of ours in the schema of a document that an operator or a client writes; see `documents/kinds.ts`. */
const OF_DOCUMENTS = ['x-meaning', 'x-must', 'x-hint', 'x-secret', 'x-former-name', 'x-parse'] as const;

// `verbose`: each error holds the part of the schema that it comes from.
const ajv = new Ajv({
  allErrors: true,
  verbose: true,
  discriminator: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
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
