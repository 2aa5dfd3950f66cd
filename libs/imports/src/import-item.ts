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

/** What a row, or a group of rows, became. */
export type ImportItem =
  | { readonly kind: 'touchpoint'; readonly line: number; readonly touchpoint: TouchpointInput }
  | { readonly kind: 'invalid'; readonly line: number; readonly invalid: InvalidRow };
