/** A piece of one file of a package. Files come one after the other. */
export interface PackageChunk {
  readonly file: string;
  readonly text: string;
}

/** A file of a package, as its manifest lists it. */
export interface PackagedFile {
  readonly name: string;
  readonly bytes: number;
  readonly sha256: string;
}

/** What a package came to. */
export interface PackageSummary {
  /** SHA-256 of `manifest.json`, which holds those of all other files. */
  readonly digest: string;
  readonly files: readonly PackagedFile[];
  /** Events that name the person: of their own, of others, and quarantined. */
  readonly events: number;
  /** Values of other people that were left sealed, or taken out. */
  readonly withheld: number;
}

/** What the making of a package tells, in order: pieces of files, how far it is, and at the end what it came to. */
export type PackageLine =
  PackageChunk | { readonly done: number; readonly total: number } | { readonly package: PackageSummary };
