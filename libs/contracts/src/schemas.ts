import type { ClassConstructor } from 'class-transformer';
import { getMetadataStorage } from 'class-validator';
import { targetConstructorToSchema } from 'class-validator-jsonschema';
import type { SchemaConverter } from 'class-validator-jsonschema/build/defaultConverters.js';
import { factOf, touchpointType } from './catalogue.js';
import { factClassOf } from './facts/classes.js';
import { ANNOTATION, FIELD, isObject, PERSONAL, RULE, type JsonSchema, type Rule } from './fields.js';
import { classOf } from './touchpoints/classes.js';

/** The name under which `class-validator-jsonschema` meets a nested class; the field's own schema says it all. */
const NESTED = 'nestedValidation';

const fromConstraint: SchemaConverter = (meta) => {
  const [schema] = meta.constraints as readonly ReturnType<SchemaConverter>[];
  return schema ?? {};
};

const CONVERTERS: Record<string, SchemaConverter> = {
  [FIELD]: fromConstraint,
  [PERSONAL]: fromConstraint,
  [ANNOTATION]: fromConstraint,
  [RULE]: () => ({}),
  [NESTED]: () => ({}),
};

/** The JSON Schema of a class that is decorated with fields; classes within it are written in place. */
export function schemaOfClass(target: ClassConstructor<object>): JsonSchema {
  const schema = targetConstructorToSchema(target, { additionalConverters: CONVERTERS }) as JsonSchema;
  const rules = rulesOf(target);
  const whole = inlined(schema) as JsonSchema;
  return rules.length === 0 ? whole : { ...whole, allOf: rules.map((rule) => rule.schema) };
}

/** The rules about several fields of a class, in the order of the `allOf` of its schema. */
export function rulesOf(target: ClassConstructor<object>): readonly Rule[] {
  return getMetadataStorage()
    .getTargetValidationMetadatas(target, '', true, false)
    .filter((meta) => meta.name === RULE)
    .map((meta) => meta.constraints?.[0] as Rule);
}

/** A schema with its classes written in place. */
export function inlined(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(inlined);
  if (!isObject(schema)) return schema;
  const part = schema['x-part'];
  if (typeof part === 'function') return schemaOfClass((part as () => ClassConstructor<object>)());
  return Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, inlined(value)]));
}

const CACHE = new Map<string, JsonSchema>();

/**
 * The JSON Schema (draft 7) of one version of a built-in type's data, the newest by default; null for what is not
 * built in. Besides the standard keywords it says `x-group`, `x-origin`, and `x-personal` on each personal field.
 */
export function touchpointSchema(type: string, version?: number): JsonSchema | null {
  const known = touchpointType(type);
  if (known === null) return null;
  const wanted = version ?? known.version;
  const said = { 'x-group': known.group, 'x-origin': known.origin };
  return schemaOf('touchpoint', type, wanted, classOf(type, wanted), said);
}

/** The JSON Schema (draft 7) of one version of a fact's data, the newest by default; null for what is no fact. */
export function factSchema(name: string, version?: number): JsonSchema | null {
  const known = factOf(name);
  if (known === null) return null;
  const wanted = version ?? known.version;
  return schemaOf('fact', name, wanted, factClassOf(name, wanted), {});
}

function schemaOf(
  kind: 'touchpoint' | 'fact',
  name: string,
  version: number,
  target: ClassConstructor<object> | null,
  said: JsonSchema,
): JsonSchema | null {
  const key = `${name}.v${version}`;
  const cached = CACHE.get(key);
  if (cached !== undefined) return cached;
  if (target === null) return null;
  const schema: JsonSchema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: `urn:perennial:${kind}:${name}:${version}`,
    title: name,
    ...said,
    ...schemaOfClass(target),
  };
  CACHE.set(key, schema);
  return schema;
}
