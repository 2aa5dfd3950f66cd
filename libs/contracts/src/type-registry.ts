import {
  CUSTOM_RANK,
  factOf,
  TOUCHPOINT_GROUPS,
  touchpointType,
  type TouchpointGroup,
  type TouchpointType,
} from './catalogue.js';
import { compile, type Compiled } from './compiler.js';
import { isObject, type JsonSchema } from './fields.js';
import type { ValidationIssue, Validity } from './validation-issue.js';
import { personalPaths, personalPathsOf, separateBy, separatePersonal, type Separated } from './personal.js';
import { dangersOf } from './schema-safety.js';
import { touchpointSchema } from './schemas.js';
import type { Origin } from './touchpoint.js';
import { upcast, type Data } from './upcasters.js';
import { fitAnd, validateTouchpointData } from './validation.js';

/** A touchpoint type of the business's own: the data of the event `type-registered`. */
export interface TypeDefinition {
  /** Small letters, digits, dots and hyphens: `campsite-booked`. */
  readonly name: string;
  /** 1 for a new type; one more each time its schema changes. */
  readonly version: number;
  readonly origin: Origin;
  /** What it tells us: the group of the catalogue that it belongs to. */
  readonly group: TouchpointGroup;
  /** JSON Schema of its data; personal fields say `"x-personal": true`. */
  readonly schema: JsonSchema;
  readonly description?: string;
}

/** The answer to a registration. */
export type Registration =
  | {
      readonly ok: true;
      readonly registry: TypeRegistry;
      readonly definition: TypeDefinition;
      /** False where this very definition was registered before: there is nothing to record. */
      readonly changed: boolean;
    }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

interface Registered {
  readonly definition: TypeDefinition;
  readonly validate: Compiled;
}

const NAME = /^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$/;
const ORIGINS = ['customer', 'business', 'system'];
const FIELDS = new Set(['name', 'version', 'origin', 'group', 'schema', 'description']);

/**
 * Every touchpoint type that there is: the built-in ones, and those that the business registered. Immutable: to
 * register gives a new registry. The versions of a registered type have no upcasters between them: each event keeps the
 * shape in which it came.
 */
export class TypeRegistry {
  /** The built-in types alone. */
  static readonly BUILT_IN = new TypeRegistry(new Map());

  /** The versions of each registered type, version 1 first. */
  private constructor(private readonly registered: ReadonlyMap<string, readonly Registered[]>) {}

  /** Checks a definition and adds it. Registering the same twice changes nothing. */
  register(definition: unknown): Registration {
    const issues = issuesOfDefinition(definition);
    if (issues.length > 0) return { ok: false, errors: issues };
    const given = definition as TypeDefinition;
    const versions = this.registered.get(given.name) ?? [];
    const before = versions[given.version - 1];
    if (before !== undefined) return this.again(before.definition, given);
    if (given.version !== versions.length + 1) return rejected('/version', ...wrongVersion(versions.length));
    let validate: Compiled;
    try {
      validate = compile(given.schema);
    } catch (error) {
      return rejected('/schema', `is no JSON Schema: ${(error as Error).message}`, 'fix the schema (draft 7)');
    }
    const registered = new Map(this.registered);
    registered.set(given.name, [...versions, { definition: given, validate }]);
    return { ok: true, registry: new TypeRegistry(registered), definition: given, changed: true };
  }

  private again(before: TypeDefinition, given: TypeDefinition): Registration {
    if (canonical(before) === canonical(given)) return { ok: true, registry: this, definition: before, changed: false };
    return rejected(
      '/version',
      `version ${given.version} of ${given.name} is registered with another meaning or schema`,
      'events of that version are in the log: register the next version',
    );
  }

  /** The type of this name, built in or registered; null when there is none. */
  type(name: string): TouchpointType | null {
    const builtIn = touchpointType(name);
    if (builtIn !== null) return builtIn;
    const newest = this.registered.get(name)?.at(-1)?.definition;
    if (newest === undefined) return null;
    return { name, group: newest.group, origin: newest.origin, rank: CUSTOM_RANK, version: newest.version };
  }

  /** The registered types, in the order of their names. */
  custom(): TouchpointType[] {
    return [...this.registered.keys()].sort().flatMap((name) => this.type(name) ?? []);
  }

  /** The JSON Schema of one version of a type's data, the newest unless said; null when there is none. */
  schema(name: string, version?: number): JsonSchema | null {
    return touchpointSchema(name, version) ?? this.version(name, version)?.definition.schema ?? null;
  }

  /** Whether the data are what that version of the type says. */
  validate(name: string, version: number, data: unknown): Validity {
    const found = this.version(name, version);
    if (found !== undefined) return fitAnd(found.validate, data);
    if (!this.registered.has(name)) return validateTouchpointData(name, version, data);
    return rejected(
      '',
      `version ${version} of ${name} is not known`,
      `use version ${this.type(name)?.version ?? 1}, the newest, or leave schemaVersion out`,
    );
  }

  /** The personal fields of one version of a type: see `personalPaths`. */
  personalPaths(name: string, version: number): readonly string[] {
    const found = this.version(name, version);
    return found === undefined ? personalPaths(name, version) : personalPathsOf(found.definition.schema);
  }

  /** Takes out of the data what must be sealed: see `separatePersonal`. */
  separatePersonal(name: string, version: number, data: Data): Separated {
    const found = this.version(name, version);
    return found === undefined ? separatePersonal(name, version, data) : separateBy(found.definition.schema, data);
  }

  /** Lifts data to the newest version of a built-in type; those of a registered type are returned as they are. */
  upcast(name: string, fromVersion: number, data: Data): Data {
    return upcast(name, fromVersion, data);
  }

  private version(name: string, version?: number): Registered | undefined {
    const versions = this.registered.get(name);
    return version === undefined ? versions?.at(-1) : versions?.[version - 1];
  }
}

function wrongVersion(newest: number): [reason: string, hint: string] {
  return newest === 0
    ? ['the first version of a type is 1', 'give version 1']
    : [`versions go up by one, and the newest is ${newest}`, `give version ${newest + 1}`];
}

function rejected(path: string, reason: string, hint: string): { ok: false; errors: readonly ValidationIssue[] } {
  return { ok: false, errors: [{ pointer: path, detail: reason, hint: hint }] };
}

function issuesOfDefinition(given: unknown): ValidationIssue[] {
  if (!isObject(given)) return [{ pointer: '', detail: 'is no definition of a type', hint: 'give an object' }];
  const issues: ValidationIssue[] = [];
  const { name, version, origin, group, schema, description } = given;
  if (typeof name !== 'string' || name.length > 100 || !NAME.test(name))
    issues.push({
      pointer: '/name',
      detail: 'is no name of a type',
      hint: 'use small letters, digits, dots and hyphens, such as campsite-booked; say what happened, in the past tense',
    });
  else if (touchpointType(name) !== null || factOf(name) !== null)
    issues.push({ pointer: '/name', detail: 'is the name of a built-in type', hint: 'give it another name' });
  if (!Number.isSafeInteger(version) || (version as number) < 1 || (version as number) > 1000)
    issues.push({ pointer: '/version', detail: 'is no version', hint: 'give a whole number, 1 for a new type' });
  if (!ORIGINS.includes(origin as string))
    issues.push({ pointer: '/origin', detail: 'does not say who acted', hint: `give one of ${ORIGINS.join(', ')}` });
  if (!TOUCHPOINT_GROUPS.includes(group as TouchpointGroup))
    issues.push({
      pointer: '/group',
      detail: 'does not say what it tells us',
      hint: `give one of ${TOUCHPOINT_GROUPS.join(', ')}`,
    });
  if (description !== undefined && (typeof description !== 'string' || description.length > 2000))
    issues.push({ pointer: '/description', detail: 'is no text of at most 2000 characters', hint: 'shorten it' });
  for (const key of Object.keys(given))
    if (!FIELDS.has(key))
      issues.push({ pointer: `/${key}`, detail: 'is not part of a definition', hint: 'leave it out' });
  issues.push(...dangersOf(schema).map((danger) => ({ ...danger, pointer: `/schema${danger.pointer}` })));
  return issues;
}

/** JSON with the fields of every object in order: equal exactly where the values are. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
