import type { Actor, Role, ValidationIssue } from '#contracts';

/** A touchpoint in its plain JSON form, as an importer or the simulation produces it and as `POST /v1/touchpoints` accepts it. */
export interface TouchpointInput {
  readonly id: string;
  readonly source: string;
  readonly type: string;
  /** RFC 3339 in UTC. */
  readonly occurredAt: string;
  readonly channel: string;
  readonly identifiers: readonly IdentifierInput[];
  readonly data: Readonly<Record<string, unknown>>;
  readonly actor?: Actor;
  readonly correlationId?: string;
  readonly causationId?: string;
  readonly test?: true;
}

export interface IdentifierInput {
  readonly namespace: string;
  readonly value: string;
  readonly role?: Role;
}

/** A row that cannot become a touchpoint. Ingestion quarantines it with its file, line and reason. */
export interface InvalidRow extends ValidationIssue {
  readonly id: string;
  readonly source: string;
  readonly file: string;
  /** From 1, as an editor counts. */
  readonly line: number;
  readonly row: unknown;
  /** The identifiers that could be read: erasing a person finds the row by them. */
  readonly identifiers: readonly IdentifierInput[];
  /** `customer-missing`, `row-malformed`, `money-inexact`, … */
  readonly code: string;
}

/** What a row, or a group of rows, became: one touchpoint, several, or an invalid row. */
export type ImportItem = ImportedTouchpoint | ImportedInvalidRow;

export interface ImportedTouchpoint {
  readonly kind: 'touchpoint';
  /** The last line that it was read from: an import that stops goes on after it. */
  readonly line: number;
  readonly touchpoint: TouchpointInput;
  /** The place in the file, where the reader says it. */
  readonly origin?: RowOrigin;
}

export interface ImportedInvalidRow {
  readonly kind: 'invalid';
  readonly line: number;
  readonly invalid: InvalidRow;
  readonly origin?: RowOrigin;
}

/** Where in a file something was read. */
export interface RowOrigin {
  readonly file: string;
  /** The first of its lines, from 1. */
  readonly line: number;
  /** The ids of its rows, which follow from their content: the same in every reading, by whatever mapping. */
  readonly rows: readonly string[];
}
