import { isObject, type JsonSchema } from './fields.js';
import { PERSONAL_CLASSES, type PersonalClass } from './personal-classes.js';
import { pointerKeys, pointerStep } from './validation-issue.js';
import { touchpointSchema } from './schemas.js';
import type { Data } from './upcasters.js';

/** Personal values by JSON pointer into the data from which they were taken. */
export type PersonalFields = Readonly<Record<string, unknown>>;

/** Data without what is personal, and what is personal. */
export interface Separated {
  readonly data: Data;
  readonly personal: PersonalFields;
}

/**
 * The personal fields of one version of a built-in type, as JSON pointers: `/text`. A `*` stands for every item of a
 * list. Empty for what is not built in.
 */
export function personalPaths(type: string, version: number): readonly string[] {
  const schema = touchpointSchema(type, version);
  return schema === null ? [] : personalPathsOf(schema);
}

/** The personal fields that a schema marks by `x-personal`. */
export function personalPathsOf(schema: JsonSchema, at = ''): string[] {
  if (schema['x-personal'] === true) return [at];
  const paths: string[] = [];
  const { properties, items } = schema;
  if (isObject(properties))
    for (const [key, part] of Object.entries(properties))
      if (isObject(part)) paths.push(...personalPathsOf(part, at + pointerStep(key)));
  if (isObject(items)) paths.push(...personalPathsOf(items, `${at}/*`));
  return paths;
}

/**
 * Takes out of the data what must be sealed: the fields that the contract marks personal, and every field that it does
 * not know, since such a field may hold anything. `joinPersonal` puts them back.
 */
export function separatePersonal(type: string, version: number, data: Data): Separated {
  return separateBy(touchpointSchema(type, version) ?? {}, data);
}

/** As `separatePersonal`, by a schema. */
export function separateBy(schema: JsonSchema, data: Data): Separated {
  const personal: Record<string, unknown> = {};
  const kept = keep(schema, data, '', personal) as Data;
  return { data: kept, personal };
}

function keep(schema: JsonSchema, value: unknown, at: string, personal: Record<string, unknown>): unknown {
  if (Array.isArray(value)) {
    const items = schema['items'];
    return isObject(items) ? value.map((item, index) => keep(items, item, `${at}/${index}`, personal)) : value;
  }
  const properties = schema['properties'];
  if (!isObject(value) || !isObject(properties)) return value;
  const others = schema['additionalProperties'];
  const kept: Record<string, unknown> = {};
  for (const [key, field] of Object.entries(value)) {
    const declared = Object.hasOwn(properties, key) ? properties[key] : others;
    if (!isObject(declared) || personalAnywhereInItems(declared)) personal[at + pointerStep(key)] = field;
    // Most fields are plain: no path is written for them.
    else kept[key] = typeof field === 'object' ? keep(declared, field, at + pointerStep(key), personal) : field;
  }
  return kept;
}

/** A personal field, or a list whose very items are personal: then the whole list is taken, and no hole is left in it. */
function personalAnywhereInItems(schema: JsonSchema): boolean {
  return schema['x-personal'] === true || (isObject(schema['items']) && personalAnywhereInItems(schema['items']));
}

/** The class of the personal field that a JSON pointer into the data names, by the schema of their type; null where it has none. */
export function personalClassAt(schema: JsonSchema, pointer: string): PersonalClass | null {
  let part: unknown = schema;
  for (const key of pointerKeys(pointer)) {
    if (!isObject(part)) return null;
    const { properties, items, additionalProperties } = part;
    if (isObject(items)) part = items;
    else part = isObject(properties) && Object.hasOwn(properties, key) ? properties[key] : additionalProperties;
  }
  // A list whose items are personal is sealed as a whole.
  while (isObject(part) && part['x-personal'] !== true && isObject(part['items'])) part = part['items'];
  const name = isObject(part) && part['x-personal'] === true ? part['x-personal-class'] : undefined;
  return PERSONAL_CLASSES.find((known) => known === name) ?? null;
}

/** Puts personal fields back into the data from which `separatePersonal` took them. Do so before upcasting. */
export function joinPersonal(data: Data, personal: PersonalFields): Data {
  const whole = structuredClone(data) as Record<string, unknown>;
  for (const [pointer, value] of Object.entries(personal)) {
    const keys = pointerKeys(pointer);
    const last = keys.pop();
    if (last === undefined) continue;
    let parent: unknown = whole;
    for (const key of keys) parent = (parent as Record<string, unknown>)[key];
    if (typeof parent === 'object' && parent !== null) (parent as Record<string, unknown>)[last] = value;
  }
  return whole;
}

/**
 * The schema by which the content hash divides data: as `schema`, but with fields that became personal later among the clear ones, where they
 * stood when the first events of the type were hashed. `earlier`: the schemas of the versions before. The schema itself where it has no such field.
 */
export function hashedSchema(schema: JsonSchema, earlier: readonly JsonSchema[]): JsonSchema {
  const { 'x-personal': personal, 'x-personal-class': _, 'x-hashed-in-place': inPlace, ...clear } = schema;
  const here = personal === true && (inPlace === true || earlier.some((before) => before['x-personal'] !== true));
  let changed = here;
  const result: Record<string, unknown> = here ? { ...clear } : { ...schema };
  const { properties, items } = schema;
  if (isObject(properties)) {
    const divided = Object.entries(properties).map(([name, part]) => {
      if (!isObject(part)) return [name, part] as const;
      const before = earlier.flatMap((each) => partOf(each['properties'], name));
      const hashed = hashedSchema(part, before);
      changed ||= hashed !== part;
      return [name, hashed] as const;
    });
    result['properties'] = Object.fromEntries(divided);
  }
  if (isObject(items)) {
    const hashed = hashedSchema(
      items,
      earlier.flatMap((each) => (isObject(each['items']) ? [each['items']] : [])),
    );
    changed ||= hashed !== items;
    result['items'] = hashed;
  }
  return changed ? result : schema;
}

/**
 * A schema with every field marked personal that a later version marks so. What was personal stays personal. The schema itself where no later version marks more.
 */
export function personalByNow(schema: JsonSchema, later: readonly JsonSchema[]): JsonSchema {
  if (schema['x-personal'] === true) return schema;
  if (later.some((after) => after['x-personal'] === true)) return { ...schema, 'x-personal': true };
  const changed: Record<string, unknown> = {};
  const { properties, items } = schema;
  if (isObject(properties)) {
    const marked = Object.entries(properties).map(([name, part]) => [
      name,
      isObject(part)
        ? personalByNow(
            part,
            later.flatMap((after) => partOf(after['properties'], name)),
          )
        : part,
    ]);
    if (marked.some(([name, part]) => part !== properties[name as string]))
      changed['properties'] = Object.fromEntries(marked) as unknown;
  }
  if (isObject(items)) {
    const marked = personalByNow(
      items,
      later.flatMap((after) => (isObject(after['items']) ? [after['items']] : [])),
    );
    if (marked !== items) changed['items'] = marked;
  }
  return Object.keys(changed).length === 0 ? schema : { ...schema, ...changed };
}

function partOf(properties: unknown, name: string): JsonSchema[] {
  if (!isObject(properties) || !Object.hasOwn(properties, name)) return [];
  const part = properties[name];
  return isObject(part) ? [part] : [];
}
