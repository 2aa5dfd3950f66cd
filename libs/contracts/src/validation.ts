import type { ClassConstructor } from 'class-transformer';
import { factOf, touchpointType } from './catalogue.js';
import { boundsIssue, boundsIssueWithout } from './bounds.js';
import { compile, type Compiled } from './compiler.js';
import { TouchpointForm } from './envelope.js';
import { factClassOf } from './facts/classes.js';
import { isObject, type JsonSchema } from './fields.js';
import { ROOT, type ValidationIssue, type Validity } from './validation-issue.js';
import { factSchema, rulesOf, schemaOfClass, touchpointSchema } from './schemas.js';
import { classOf } from './touchpoints/classes.js';

/** The validators of each built-in type, by version − 1; each is compiled for the first event of its version. */
const VALIDATORS = new Map<string, Compiled[]>();
/** The same of each fact. */
const FACT_VALIDATORS = new Map<string, Compiled[]>();

/** The JSON Schema of a touchpoint as a channel sends it; `data` is described by `touchpointSchema`. */
export const ENVELOPE_SCHEMA: JsonSchema = schemaOfClass(TouchpointForm);

let envelopeValidator: Compiled | undefined;

/**
 * Checks the data of a built-in type against that version of its contract. Fields that the contract does not declare are
 * kept, within `BOUNDS`. This is the hot path: a validator compiled from the classes' own schema.
 */
export function validateTouchpointData(type: string, version: number, data: unknown): Validity {
  const validate =
    VALIDATORS.get(type)?.[version - 1] ??
    prepare(VALIDATORS, type, version, classOf(type, version), touchpointSchema(type, version));
  if (validate === null) return unknownVersion(type, version);
  return validateWithinBounds(validate, data);
}

/**
 * Checks the data of a fact, which is not a touchpoint, against that version of its contract. No bounds apply but those of
 * the log: the engine writes such facts itself, or has checked the document within.
 */
export function validateFact(name: string, version: number, data: unknown): Validity {
  const validate =
    FACT_VALIDATORS.get(name)?.[version - 1] ??
    prepare(FACT_VALIDATORS, name, version, factClassOf(name, version), factSchema(name, version));
  return validate === null ? unknownVersion(name, version) : validate(data);
}

/** Checks a touchpoint as a channel sends it. Of its `data` only that they are an object: `validateTouchpointData` checks the rest. */
export function validateEnvelope(document: unknown): Validity {
  envelopeValidator ??= compile(ENVELOPE_SCHEMA, rulesOf(TouchpointForm));
  const valid = envelopeValidator(document);
  if (!valid.ok) return valid;
  const invalid = boundsIssueWithout(document as object, 'data');
  return invalid === null ? valid : { ok: false, errors: [invalid] };
}

/** The validator of a compiled schema behind the bounds that hold for every document. */
export function validateWithinBounds(validate: Compiled, data: unknown): Validity {
  if (!isObject(data))
    return { ok: false, errors: [{ pointer: ROOT, detail: 'must be an object', hint: 'give a JSON object' }] };
  const invalid = boundsIssue(data);
  return invalid === null ? validate(data) : { ok: false, errors: [invalid] };
}

function prepare(
  validators: Map<string, Compiled[]>,
  name: string,
  version: number,
  target: ClassConstructor<object> | null,
  schema: JsonSchema | null,
): Compiled | null {
  if (target === null || schema === null) return null;
  const validate = compile(schema, rulesOf(target));
  const versions = validators.get(name) ?? [];
  versions[version - 1] = validate;
  validators.set(name, versions);
  return validate;
}

function unknownVersion(type: string, version: number): Validity {
  const known = touchpointType(type) ?? factOf(type);
  const issue: ValidationIssue =
    known === null
      ? { pointer: ROOT, detail: 'is of an unknown type', hint: 'use a type of the catalogue, or register this one' }
      : unknownVersionOf(known.name, version, known.version);
  return { ok: false, errors: [issue] };
}

/** The issue of a version that a type does not have. */
export function unknownVersionOf(type: string, version: number, newest: number): ValidationIssue {
  return {
    pointer: ROOT,
    detail: `is of version ${version}, which ${type} does not have`,
    hint: `use version ${newest}, the newest, or leave schemaVersion out`,
  };
}
