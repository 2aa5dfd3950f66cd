import type { ImportItem } from './import-item.js';

/** Reads one kind of file: a mapping, a preset or the simulation. Reading a file again gives the same items in the same order. */
export interface ImportReader {
  readonly name: string;
  /** The file is read more than once, so it cannot be a pipe. */
  readonly readsTwice?: true;
  /** Items in the order of the file, in pages. A page is small, so that memory stays flat. */
  read(file: ImportFile, report: ReadReport): AsyncIterable<readonly ImportItem[]>;
}

export interface ImportFile {
  /** `-` is standard input. */
  readonly path: string;
  /** The name that quarantined rows carry: without its folder, so that no path of this machine is stored. */
  readonly name: string;
  /** The label of the encoding of its text; UTF-8 by default. A byte-order mark counts more. */
  readonly encoding?: string;
  /** Called with the number of bytes of the file (as stored on disk) that were read. */
  readonly onBytes?: (read: number) => void;
}

/** What a reader counts while it reads, for the import's closing lines. */
export interface ReadReport {
  /** Lines of the file that were not empty. */
  lines: number;
  /** What the reader decided by itself, and how often: `prices rounded to whole pence: 1`. */
  readonly notices: Map<string, number>;
}

/** Counts one more of a notice. */
export function addNotice({ notices }: ReadReport, text: string): void {
  notices.set(text, (notices.get(text) ?? 0) + 1);
}
