import { existsSync, readFileSync } from 'node:fs';
import type { JsonSchema } from '#contracts';

/** What the command line says of a query. */
export interface QuerySummary {
  readonly name: string;
  readonly summary: string;
  readonly description?: string;
  /** Whether its answer comes in pages. */
  readonly paged: boolean;
  /** Whether it can open personal data. */
  readonly opens: boolean;
  readonly columns: readonly { readonly name: string; readonly description: string }[];
  /** The JSON Schema of each parameter, by its name. */
  readonly params: Readonly<Record<string, JsonSchema>>;
}

/** What the command line says of a preset of an import. */
export interface PresetSummary {
  readonly name: string;
  readonly summary: string;
  /** Whether it is a mapping, which can be shown. */
  readonly isMapping: boolean;
}

/** A line of `perennial --help`. */
export interface CommandSummary {
  readonly name: string;
  /** How it is called: `import [options] <file>`. */
  readonly term: string;
  readonly summary: string;
}

/** What help texts and options say of the libraries, as plain data. */
export interface Catalogue {
  readonly queries: readonly QuerySummary[];
  readonly presets: readonly PresetSummary[];
  /** Null where the commands themselves are at hand: run from its sources, the program has no catalogue. */
  readonly commands: readonly CommandSummary[] | null;
}

let read: Promise<Catalogue> | undefined;

/**
 * The catalogue that the build wrote beside this file, so that a command shows its help, and asks a running engine, without the code that answers
 * queries or reads files. Run from its sources, the program makes it of that code.
 */
export function readCatalogue(): Promise<Catalogue> {
  return (read ??= catalogue());
}

async function catalogue(): Promise<Catalogue> {
  const built = new URL('catalogue.json', import.meta.url);
  if (existsSync(built)) return JSON.parse(readFileSync(built, 'utf8')) as Catalogue;
  const { catalogueOfLibraries } = await import('./make-catalogue.js');
  return catalogueOfLibraries();
}
