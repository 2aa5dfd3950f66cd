import { compilePattern, hashedSchema, touchpointType, TypeRegistry, type JsonSchema } from '#contracts';
import { Rejection } from '../pipeline/rejection.js';
import { compileSimpleReader } from '../pipeline/simple-reader.js';
import { compileSeparator, type Separation } from '../pipeline/separator.js';

/** One version of one touchpoint type, compiled for the hot path. */
export interface TypeContract {
  readonly type: string;
  readonly version: number;
  /** Whether the business registered it: it is not of the catalogue. */
  readonly isCustom: boolean;
  readonly schema: JsonSchema;
  /** Whether the data name a currency of their own: not within their lines. */
  readonly hasCurrency: boolean;
  /** The data, with what is personal separated from what is kept in the clear; or why they are not valid. */
  read(data: unknown): Separation | Rejection;
}

/** Contracts by type and version, each compiled when its first event comes. */
export class TypeContracts {
  private readonly newest = new Map<string, TypeContract>();
  private readonly versions = new Map<string, TypeContract>();

  constructor(private registry: TypeRegistry = TypeRegistry.BUILT_IN) {}

  get types(): TypeRegistry {
    return this.registry;
  }

  /** Replaces the registered types; the built-in ones are always known. */
  replace(registry: TypeRegistry): void {
    this.registry = registry;
    this.newest.clear();
    this.versions.clear();
  }

  /**
   * The contract of a version of a type, by default the newest. Null where there is no such type. Where only the
   * version is unknown there is a contract that rejects all data.
   */
  of(type: string, version?: number): TypeContract | null {
    if (version === undefined) {
      const ready = this.newest.get(type);
      if (ready !== undefined) return ready;
    }
    const known = this.registry.type(type);
    if (known === null) return null;
    const wanted = version ?? known.version;
    const name = `${type}@${wanted}`;
    let contract = this.versions.get(name);
    if (contract === undefined) {
      contract = this.compile(type, wanted);
      // A version that does not exist is not kept: a sender could make up any number of them.
      if (this.registry.schema(type, wanted) !== null) this.versions.set(name, contract);
    }
    if (version === undefined) this.newest.set(type, contract);
    return contract;
  }

  private compile(type: string, version: number): TypeContract {
    const { registry } = this;
    const schema: JsonSchema = registry.schema(type, version) ?? {};
    const readSimple = compileSimpleReader(schema, registry.isRegistered(type) ? { compilePattern } : {});
    const separate = compileSeparator(schema);
    // A sender may state any version: only one that exists has versions before it.
    const before = registry.schema(type, version) === null ? 0 : version - 1;
    const earlier = Array.from({ length: before }, (_, at) => registry.schema(type, at + 1)).filter(
      (each) => each !== null,
    );
    const hashed = hashedSchema(schema, earlier);
    const divide = hashed === schema ? null : compileSeparator(hashed);
    return {
      type,
      version,
      isCustom: touchpointType(type) === null,
      schema,
      hasCurrency: Object.hasOwn((schema['properties'] as object | undefined) ?? {}, 'currency'),
      // Simple data take one pass; all other data, valid or not, are decided by the validator and divided by the separator.
      read(data) {
        const simple = readSimple(data);
        if (simple !== null) return { data: simple, personal: null, unknown: null };
        const validity = registry.validate(type, version, data);
        if (validity.ok) return divide === null ? separate(data) : { ...separate(data), hashed: divide(data) };
        return Rejection.ofIssues('data-invalid', validity.errors, '#/data');
      },
    };
  }
}
