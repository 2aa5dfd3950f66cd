import type { Actor, Role } from '#contracts';

/** A touchpoint as an importer or the simulation makes it: the plain JSON form that intake takes from any channel. */
export interface TouchpointDraft {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339 in UTC. */
  readonly occurredAt: string;
  readonly channel: string;
  readonly identifiers: readonly DraftIdentifier[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly actor?: Actor;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly test?: true;
}

export interface DraftIdentifier {
  readonly namespace: string;
  readonly value: string;
  readonly role?: Role;
}

/** A row that cannot become a touchpoint: intake quarantines it with file, line and reason. */
export interface InvalidRow {
  readonly id: string;
  readonly source: string;
  readonly file: string;
  /** From 1, as an editor counts. */
  readonly line: number;
  readonly row: unknown;
  /** Whom the row names, as far as it can be read: so that erasing a person finds the row. */
  readonly identifiers: readonly DraftIdentifier[];
  /** `customer-missing`, `row-malformed`, `money-inexact`, … */
  readonly code: string;
  /** The column. */
  readonly pointer: string;
  readonly detail: string;
  readonly hint: string;
}

/** What a row, or a group of rows, became. */
export type ImportItem =
  | { readonly kind: 'touchpoint'; readonly line: number; readonly draft: TouchpointDraft }
  | { readonly kind: 'invalid'; readonly line: number; readonly invalid: InvalidRow };

/** Counts and remarks that a layout gathers on its way, for the import's closing lines. */
export interface ImportNotes {
  /** Lines of the file that held something. */
  lines: number;
  /** What a person should know: `prices rounded to whole pence: 1`. */
  readonly remarks: Map<string, number>;
}

/** How one kind of file is read: a mapping or a preset. Reading it again gives the same items in the same order. */
export interface ImportLayout {
  readonly name: string;
  /** Items in the order of the file, in pages: a page is small, so that memory stays flat. */
  read(file: ImportFile, notes: ImportNotes): AsyncIterable<readonly ImportItem[]>;
}

export interface ImportFile {
  readonly path: string;
  /** The name that quarantined rows carry: no folder, so that no machine path is stored. */
  readonly name: string;
  /** Told how many bytes of the file (as it lies on the disk) were read. */
  readonly onBytes?: (read: number) => void;
}
