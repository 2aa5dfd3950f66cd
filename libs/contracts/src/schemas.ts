import type { ClassConstructor } from 'class-transformer';
import { factOf, touchpointType } from './catalogue.js';
import { factClassOf } from './facts/classes.js';
import { getMetadataStorage } from './decorators.js';
import { ANNOTATION, FIELD, isObject, PERSONAL, RULE, type JsonSchema, type Rule } from './fields.js';
import { classOf } from './touchpoints/classes.js';

/** What class-validator keeps of one decorator of one field. */
type FieldMetadata = ReturnType<ReturnType<typeof getMetadataStorage>['getTargetValidationMetadatas']>[number];

/** The type under which class-validator keeps `ValidateIf`, by which a field may be absent. */
const CONDITION = 'conditionalValidation';

/** The JSON Schema of a class that is decorated with fields; classes within it are written in place. */
export function schemaOfClass(target: ClassConstructor<object>): JsonSchema {
  const rules = rulesOf(target);
  const whole = inlined(fieldsOf(target)) as JsonSchema;
  return rules.length === 0 ? whole : { ...whole, allOf: rules.map((rule) => rule.schema) };
}

/**
 * The fields of a class and those that it inherits, its own first. What each kind of field is as JSON Schema stands in its own constraint
 * (see `fields.ts`); a field is required unless a condition says that it may be absent.
 */
function fieldsOf(target: ClassConstructor<object>): JsonSchema {
  const fields = new Map<string, FieldMetadata[]>();
  for (const meta of metadataOf(target)) {
    const known = fields.get(meta.propertyName);
    if (known === undefined) fields.set(meta.propertyName, [meta]);
    else known.push(meta);
  }
  if (fields.size === 0) return {};
  const required = [...fields]
    .filter(([, metas]) => metas.every(({ type }) => type !== CONDITION))
    .map(([name]) => name);
  return {
    properties: Object.fromEntries(
      [...fields].map(([name, metas]) => [name, Object.assign({}, ...metas.map(statedBy)) as JsonSchema]),
    ),
    type: 'object',
    ...(required.length === 0 ? {} : { required }),
  };
}

/** What a decorator says of its field as JSON Schema. A rule speaks of several fields: it stands in `allOf` of the whole. */
function statedBy({ name, constraints }: FieldMetadata): object {
  const isStated = name === FIELD || name === PERSONAL || name === ANNOTATION;
  return isStated ? (constraints as readonly object[])[0]! : {};
}

/** A class without fields of its own is the one that it extends. */
function metadataOf(target: ClassConstructor<object>): readonly FieldMetadata[] {
  const all = getMetadataStorage().getTargetValidationMetadatas(target, '', true, false);
  if (all.length === 0 || all.some((meta) => meta.target === target)) return all;
  return metadataOf(Object.getPrototypeOf(target) as ClassConstructor<object>);
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
