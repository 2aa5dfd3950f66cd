import type { JsonSchema } from '#contracts';
import { canonical } from './canonical.js';

/** As the content hash covers the data: what is kept in the clear, and what is sealed. */
export interface Divided {
  readonly data: unknown;
  /** Null where nothing is personal. */
  readonly personal: Record<string, unknown> | null;
  /** Fields that the schema does not know, by plain JSON pointer; null where there are none. They are sealed too. */
  readonly unknown: readonly string[] | null;
}

/** Data without what is sealed, its fields in canonical order; and what is sealed, by plain JSON pointer. */
export interface Separation extends Divided {
  /** The data as the content hash divides them; absent where it divides them alike. See `hashedSchema`. */
  readonly hashed?: Divided;
}

interface Sealed {
  personal: Record<string, unknown> | null;
  unknown: string[] | null;
}

/** Returns what is kept in the clear of the value at a pointer. */
type Keep = (value: unknown, at: string, into: Sealed) => unknown;

/**
 * Compiles `separatePersonal` of contracts for one schema: the same result field by field (a property proves it), at a
 * fraction of its cost, with the fields in canonical order.
 */
export function compileSeparator(schema: JsonSchema): (data: unknown) => Separation {
  const keep = keeperOf(schema);
  return (data) => {
    const into: Sealed = { personal: null, unknown: null };
    const kept = keep(data, '', into);
    return { data: kept, personal: into.personal, unknown: into.unknown };
  };
}

function keeperOf(schema: JsonSchema): Keep {
  const { properties, items } = schema;
  const keepList = isSchema(items) ? listKeeper(keeperOf(items)) : canonical;
  const keepObject = isSchema(properties) ? objectKeeper(properties, schema['additionalProperties']) : canonical;
  return (value, at, into) => {
    if (typeof value !== 'object' || value === null) return value;
    return Array.isArray(value) ? keepList(value, at, into) : keepObject(value, at, into);
  };
}

function listKeeper(keep: Keep): Keep {
  return (value, at, into) => (value as unknown[]).map((item, index) => keep(item, `${at}/${index}`, into));
}

function objectKeeper(properties: JsonSchema, others: unknown): Keep {
  const fields = Object.keys(properties)
    .sort()
    .map((name) => ({ name, step: pointerStep(name), keep: fieldKeeper(properties[name]) }));
  const declared = new Set(fields.map(({ name }) => name));
  const keepOther = isSchema(others) ? fieldKeeper(others) : null;
  return (value, at, into) => {
    const object = value as Readonly<Record<string, unknown>>;
    const kept: Record<string, unknown> = {};
    let seen = 0;
    for (const { name, step, keep } of fields) {
      if (!Object.hasOwn(object, name)) continue;
      seen += 1;
      const field = object[name];
      if (keep === null) seal(into, at + step, field);
      else kept[name] = typeof field === 'object' ? keep(field, at + step, into) : field;
    }
    const names = Object.keys(object);
    if (names.length === seen) return kept;
    // Fields that the contract does not know may hold personal data.
    for (const name of names) {
      if (declared.has(name)) continue;
      const path = at + pointerStep(name);
      if (keepOther === null) {
        seal(into, path, object[name]);
        if (others !== true) (into.unknown ??= []).push(path);
      } else kept[name] = keepOther(object[name], path, into);
    }
    return keepOther === null ? kept : canonicalOrder(kept);
  };
}

/** Null for a field that is sealed as a whole. */
function fieldKeeper(schema: unknown): Keep | null {
  if (!isSchema(schema) || isPersonal(schema)) return null;
  return keeperOf(schema);
}

function isPersonal(schema: JsonSchema): boolean {
  return schema['x-personal'] === true || (isSchema(schema['items']) && isPersonal(schema['items']));
}

function seal(into: Sealed, pointer: string, value: unknown): void {
  (into.personal ??= {})[pointer] = value;
}

/** Orders the names; the values are in canonical order already. */
function canonicalOrder(object: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isSchema = (value: unknown): value is JsonSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const pointerStep = (name: string): string => `/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`;
