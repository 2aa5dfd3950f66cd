import type { ValidationIssue } from '#contracts';

/** Why an event is not taken as a touchpoint: each step of the road may end in one. The code is part of the API. */
export type RejectionCode =
  /** A line, or a payload, that is not JSON. */
  | 'unreadable'
  /** Not a CloudEvent, although it says so. */
  | 'not-a-cloudevent'
  /** The envelope is not what the contract says. */
  | 'envelope-invalid'
  /** The source's name is one of the engine's own. */
  | 'source-reserved'
  /** Nobody is named: no identifier in the role `self`. */
  | 'no-identifier'
  /** Every identifier stands for nobody in particular. */
  | 'placeholder-identifier'
  /** More than 24 hours in the future. */
  | 'time-in-future'
  /** Before 1900. */
  | 'time-too-early'
  /** The type is neither built in nor registered. */
  | 'type-unknown'
  /** The data are not what the type's contract says. */
  | 'data-invalid'
  /** The same (source, id) was recorded before with other content. */
  | 'id-reused'
  /** The log cannot hold it: too large, half a character. */
  | 'not-storable'
  /** A row of a file that could not become a touchpoint: the importer's own codes. */
  | (string & {});

/** An event that is quarantined: the reason, where, and how to fix it. It never holds a value: a value may be personal. */
export class Rejection {
  constructor(
    readonly code: RejectionCode,
    /** The first flaw is what lists show; there is always one. */
    readonly issues: readonly [ValidationIssue, ...ValidationIssue[]],
  ) {}

  static of(code: RejectionCode, path: string, reason: string, hint: string): Rejection {
    return new Rejection(code, [{ pointer: path, detail: reason, hint: hint }]);
  }
}
