import type { ImportReader } from '../import-reader.js';

/** A file format that needs no mapping. */
export interface Preset {
  readonly name: string;
  readonly summary: string;
  /** Whether its files may say nothing of the currency: then the options must. */
  readonly needsCurrency?: true;
  /** What it reads, as the document of a mapping, where it is one: to be printed and changed. */
  readonly mapping?: (options: PresetOptions) => object;
  /** Columns by which a file of this kind is known. */
  readonly marks?: readonly string[];
  /** The source of its touchpoints, unless another is named; null where the file says it. */
  readonly source: string | null;
  readonly reader: (options: PresetOptions) => ImportReader;
}

export interface PresetOptions {
  /** That of the business, for dates that carry none. */
  readonly timeZone: string;
  /** The currency of amounts without one; null where none is known. */
  readonly currency: string | null;
  /** The source of the touchpoints: two shops of one kind need one each. */
  readonly source: string;
}
