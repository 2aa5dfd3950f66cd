import { TypeRegistry, type JsonSchema, type Validity } from '#contracts';
import { compileSimpleReader, type SimpleReader } from './simple-reader.js';
import { compileSeparator, type Separation } from './separator.js';

/** One version of one touchpoint type, ready for the hot path. */
export interface TypeContract {
  readonly type: string;
  readonly version: number;
  /** Takes data that are valid and hold nothing personal, as the separator would leave them; what it leaves is for the other two. */
  readonly readSimple: SimpleReader;
  readonly validate: (data: unknown) => Validity;
  readonly separate: (data: unknown) => Separation;
}

/** Contracts by type and version, each made ready when its first event comes. */
export class TypeContracts {
  private readonly newest = new Map<string, TypeContract>();
  private readonly versions = new Map<string, TypeContract>();

  constructor(private registry: TypeRegistry = TypeRegistry.BUILT_IN) {}

  get types(): TypeRegistry {
    return this.registry;
  }

  /** From now on these types are known; the built-in ones always are. */
  replace(registry: TypeRegistry): void {
    this.registry = registry;
    this.newest.clear();
    this.versions.clear();
  }

  /**
   * The contract of a version of a type, the newest unless said. Null where there is no such type. Where only the
   * version is unknown the contract is there, and its `validate` says so of any data.
   */
  of(type: string, version?: number): TypeContract | null {
    if (version === undefined) {
      const ready = this.newest.get(type);
      if (ready !== undefined) return ready;
    }
    const known = this.registry.type(type);
    if (known === null) return null;
    const asked = version ?? known.version;
    const name = `${type}@${asked}`;
    let contract = this.versions.get(name);
    if (contract === undefined) {
      contract = this.make(type, asked);
      // A version that does not exist is not kept: a sender could make up any number of them.
      if (this.registry.schema(type, asked) !== null) this.versions.set(name, contract);
    }
    if (version === undefined) this.newest.set(type, contract);
    return contract;
  }

  private make(type: string, version: number): TypeContract {
    const { registry } = this;
    const schema: JsonSchema = registry.schema(type, version) ?? {};
    return {
      type,
      version,
      readSimple: compileSimpleReader(schema),
      validate: (data) => registry.validate(type, version, data),
      separate: compileSeparator(schema),
    };
  }
}
