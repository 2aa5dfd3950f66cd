import { NO_SOURCES, type RegisteredSource } from '#contracts';

/** A registered source, ready for the hot path. */
export interface SourceProfile extends RegisteredSource {
  /** The types that it may send; null for all. */
  readonly types: ReadonlySet<string> | null;
}

/**
 * The registered sources of this process, in memory: a look-up for each event, and no query. What other processes register is known within a
 * second (see `followSources`).
 */
export class Sources {
  private profiles = new Map<string, SourceProfile>();
  private registered = NO_SOURCES;

  constructor(registered: ReadonlyMap<string, RegisteredSource> = NO_SOURCES) {
    this.replace(registered);
  }

  /** The source of this name; null where none is registered. */
  of(name: string): SourceProfile | null {
    return this.profiles.get(name) ?? null;
  }

  /** All registered sources by name, retired ones too, in the order of their registration. */
  get all(): ReadonlyMap<string, RegisteredSource> {
    return this.registered;
  }

  replace(registered: ReadonlyMap<string, RegisteredSource>): void {
    this.registered = registered;
    this.profiles = new Map(
      [...registered].map(([name, source]) => {
        const { types } = source.settings;
        return [name, { ...source, types: types === undefined ? null : new Set(types) }];
      }),
    );
  }
}
