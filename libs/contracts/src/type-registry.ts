import {
  CUSTOM_RANK,
  factOf,
  TOUCHPOINT_GROUPS,
  touchpointType,
  type TouchpointGroup,
  type TouchpointType,
} from './catalogue.js';
import { compileRegistered, type Compiled } from './compiler.js';
import { Describe, Hint, Must } from './documents/kinds.js';
import { documentReader, type DocumentRule, type Reading } from './documents/reader.js';
import { AnyObject, FreeText, isObject, Matching, OneOf, Optional, Whole, type JsonSchema } from './fields.js';
import { ISSUES_MAX } from './issues.js';
import { breakingChanges } from './type-compatibility.js';
import { issueUnder, pointerTo, type ValidationIssue, type Validity } from './validation-issue.js';
import {
  personalByNow,
  personalPaths,
  personalPathsOf,
  separateBy,
  separatePersonal,
  type Separated,
} from './personal.js';
import { backtrackingPatterns, dangersOf } from './schema-safety.js';
import { touchpointSchema } from './schemas.js';
import type { Origin } from './touchpoint.js';
import { upcast, type Data } from './upcasters.js';
import { unknownVersionOf, validateTouchpointData, validateWithinBounds } from './validation.js';

/** A touchpoint type of the business's own: the data of the event `type-registered`. */
export interface TypeDefinition {
  /** Small letters, digits, dots and hyphens: `campsite-booked`. */
  readonly name: string;
  /** 1 for a new type; one more each time its schema changes. */
  readonly version: number;
  readonly origin: Origin;
  /** The group of the catalogue that it belongs to. */
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

/** A definition as the business sends it. */
class TypeDefinitionForm {
  @Matching('^[a-z][a-z0-9]*(?:[.-][a-z0-9]+)*$', 100, 'a name of small letters, digits, dots and hyphens')
  @Must('a name of small letters, digits, dots and hyphens, of at most 100 characters')
  @Hint('name what happened, in the past tense, such as campsite-booked')
  name!: string;
  @Whole(1, 1000) @Hint('give 1 for a new type, and one more for each change of its schema') version!: number;
  @OneOf('customer', 'business', 'system') @Describe('Who acts') origin!: Origin;
  @OneOf(...TOUCHPOINT_GROUPS) @Describe('The group of the catalogue that the type belongs to') group!: TouchpointGroup;
  @AnyObject()
  @Describe('JSON Schema (draft 7) of the data; personal fields say "x-personal": true')
  @Hint('give the JSON Schema of the data, with type "object" at its root')
  schema!: JsonSchema;
  @Optional() @FreeText(2000) description?: string;
}

const nameIsNotBuiltIn: DocumentRule<TypeDefinitionForm> = ({ name }) =>
  touchpointType(name) === null && factOf(name) === null
    ? []
    : [{ pointer: pointerTo('name'), detail: 'is the name of a built-in type', hint: 'give the type another name' }];

const schemaIsSafe: DocumentRule<TypeDefinitionForm> = ({ schema }) =>
  dangersOf(schema).map((danger) => issueUnder(pointerTo('schema'), danger));

/** The document of a registration. */
export const TYPE_DEFINITION = documentReader(TypeDefinitionForm, {
  rules: [nameIsNotBuiltIn, schemaIsSafe],
});

const schemaWasSafe: DocumentRule<TypeDefinitionForm> = ({ schema }) =>
  dangersOf(schema, 'registered').map((danger) => issueUnder(pointerTo('schema'), danger));

/** The same of a definition that the log holds: patterns are older than the rule that they be linear. */
const REGISTERED_DEFINITION = documentReader(TypeDefinitionForm, { rules: [nameIsNotBuiltIn, schemaWasSafe] });

/**
 * Every touchpoint type that there is: the built-in ones, and those that the business registered. Immutable: to
 * register gives a new registry. The versions of a registered type have no upcasters between them: each event keeps the
 * shape in which it came.
 */
export class TypeRegistry {
  /** The built-in types alone. */
  static readonly BUILT_IN = new TypeRegistry(new Map());

  /** The schemas by which recorded data divide, by type and version. */
  private readonly byNow = new Map<string, JsonSchema>();

  /** The versions of each registered type, version 1 first. */
  private constructor(private readonly registered: ReadonlyMap<string, readonly Registered[]>) {}

  /**
   * Checks a definition and adds it. Registering the same twice changes nothing. A new version takes all that the one before takes: it may add, and break no sender.
   */
  register(definition: unknown): Registration {
    return this.add(TYPE_DEFINITION.read(definition), breakingChanges);
  }

  /** Adds a definition that was registered before, as the log holds it. */
  restore(definition: unknown): Registration {
    return this.add(REGISTERED_DEFINITION.read(definition), () => []);
  }

  /** The patterns of registered types that an engine with backtracking matches, each by its type and version. */
  backtrackingPatterns(): readonly { readonly name: string; readonly version: number; readonly pointer: string }[] {
    return [...this.registered.values()]
      .flat()
      .flatMap(({ definition: { name, version, schema } }) =>
        backtrackingPatterns(schema).map(({ pointer }) => ({ name, version, pointer })),
      );
  }

  /** Whether the business registered this type. */
  isRegistered(name: string): boolean {
    return this.registered.has(name);
  }

  private add(reading: Reading<TypeDefinitionForm>, breaking: typeof breakingChanges): Registration {
    if (!reading.ok) return reading;
    const given: TypeDefinition = reading.value;
    const versions = this.registered.get(given.name) ?? [];
    const before = versions[given.version - 1];
    if (before !== undefined) return this.again(before.definition, given);
    if (given.version !== versions.length + 1) return rejected(pointerTo('version'), ...wrongVersion(versions.length));
    const newest = versions.at(-1);
    const broken = newest === undefined ? [] : breaking(newest.definition.schema, given.schema).slice(0, ISSUES_MAX);
    if (broken.length > 0) return { ok: false, errors: broken.map((issue) => issueUnder(pointerTo('schema'), issue)) };
    let validate: Compiled;
    try {
      validate = compileRegistered(given.schema);
    } catch (error) {
      const detail = `must be a valid JSON Schema (${(error as Error).message})`;
      return rejected(pointerTo('schema'), detail, 'fix the schema (draft 7)');
    }
    const registered = new Map(this.registered);
    registered.set(given.name, [...versions, { definition: given, validate }]);
    return { ok: true, registry: new TypeRegistry(registered), definition: given, changed: true };
  }

  private again(before: TypeDefinition, given: TypeDefinition): Registration {
    if (canonical(before) === canonical(given)) return { ok: true, registry: this, definition: before, changed: false };
    return rejected(
      pointerTo('version'),
      `is ${given.version}, and that version of ${given.name} is registered with another meaning or schema`,
      'the log may hold events of that version: register the next one',
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

  /** The newest definition of a registered type; null for any other. */
  definition(name: string): TypeDefinition | null {
    return this.version(name)?.definition ?? null;
  }

  /** The JSON Schema of one version of a type's data, the newest by default; null when there is none. */
  schema(name: string, version?: number): JsonSchema | null {
    return touchpointSchema(name, version) ?? this.version(name, version)?.definition.schema ?? null;
  }

  /** Checks the data against that version of the type. */
  validate(name: string, version: number, data: unknown): Validity {
    const found = this.version(name, version);
    if (found !== undefined) return validateWithinBounds(found.validate, data);
    if (!this.registered.has(name)) return validateTouchpointData(name, version, data);
    return { ok: false, errors: [unknownVersionOf(name, version, this.type(name)?.version ?? 1)] };
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

  /**
   * Takes out of data that the log holds what must not be shown in the clear today: what their own version marks personal, what it does not know, and what a later
   * version marks personal.
   */
  separateRecorded(name: string, version: number, data: Data): Separated {
    const key = `${name}@${version}`;
    let schema = this.byNow.get(key);
    if (schema === undefined) {
      const newest = this.type(name)?.version ?? version;
      const later = Array.from({ length: Math.max(0, newest - version) }, (_, at) =>
        this.schema(name, version + 1 + at),
      ).filter((each) => each !== null);
      schema = personalByNow(this.schema(name, version) ?? {}, later);
      this.byNow.set(key, schema);
    }
    return separateBy(schema, data);
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

function wrongVersion(newest: number): [detail: string, hint: string] {
  return newest === 0
    ? ['must be 1 for the first version of a type', 'give version 1']
    : [`must be ${newest + 1}: versions go up by one, and the newest is ${newest}`, `give version ${newest + 1}`];
}

function rejected(pointer: string, detail: string, hint: string): { ok: false; errors: readonly ValidationIssue[] } {
  return { ok: false, errors: [{ pointer, detail, hint }] };
}

/** JSON with the fields of every object in order: equal exactly where the values are. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    isObject(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part,
  );
}
