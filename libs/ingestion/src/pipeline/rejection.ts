import { issueUnder, type ValidationIssue } from '#contracts';

/** Why an event does not become a touchpoint: each step of the pipeline may end in one. The code is part of the API. */
export type RejectionCode =
  /** A line, or a payload, that is not JSON. */
  | 'unreadable'
  /** Bytes that are not UTF-8: none of them is replaced. */
  | 'not-utf-8'
  /** A key that stands twice in one JSON object. */
  | 'duplicate-key'
  /** A number with more digits than a double holds. */
  | 'number-inexact'
  /** Not a CloudEvent, although it states a specversion. */
  | 'not-a-cloudevent'
  /** The envelope violates its contract. */
  | 'envelope-invalid'
  /** The source's name is one of the engine's own. */
  | 'source-reserved'
  /** The publisher may not speak for the source. */
  | 'source-not-permitted'
  /** The source is paused. */
  | 'source-paused'
  /** The source was retired. */
  | 'source-retired'
  /** The type is not among those that the source may send. */
  | 'type-not-permitted'
  /** No customer is named: there is no identifier in the role `self`. */
  | 'no-identifier'
  /** Every identifier is a placeholder. */
  | 'placeholder-identifier'
  /** More than 24 hours in the future. */
  | 'time-in-future'
  /** Sent before it happened. */
  | 'time-impossible'
  /** Before 1900. */
  | 'time-too-early'
  /** A fact that the engine records itself. */
  | 'fact-internal'
  /** A fact of the business that is marked as a test. */
  | 'test-fact'
  /** The type is neither built in nor registered. */
  | 'type-unknown'
  /** The event states another version than the schema contract of its source. */
  | 'contract-mismatch'
  /** The data violate the contract of the type. */
  | 'data-invalid'
  /** The same (source, id) was recorded before with other content. */
  | 'id-reused'
  /** One event of a batch is larger than an event may be. */
  | 'event-too-large'
  /** The batch holds more events than a batch may. */
  | 'batch-too-large'
  /** No mapping of its source says what the event is. */
  | 'event-not-mapped'
  /** The log cannot hold it: it is too large, or holds half a character. */
  | 'not-storable'
  /** A row of a file that could not become a touchpoint: the importer's own codes. */
  | (string & {});

/** So many issues of one event are told. */
const ISSUES_MAX = 20;

/** Why an event is quarantined: what is wrong, where, and how to fix it. It never holds a value: a value may be personal. */
export class Rejection {
  constructor(
    readonly code: RejectionCode,
    /** Lists show the first issue; there is always one. */
    readonly issues: readonly [ValidationIssue, ...ValidationIssue[]],
  ) {}

  static of(code: RejectionCode, pointer: string, detail: string, hint: string): Rejection {
    return new Rejection(code, [{ pointer, detail, hint }]);
  }

  /** This rejection with the issues of others behind its own: an event is told all that is wrong with it, and counts under one code. */
  and(...others: readonly (Rejection | null)[]): Rejection {
    const [first, ...rest] = this.issues;
    for (const other of others)
      for (const issue of other?.issues ?? [])
        if (issue.pointer !== first.pointer && !rest.some(({ pointer }) => pointer === issue.pointer)) rest.push(issue);
    return rest.length + 1 === this.issues.length
      ? this
      : new Rejection(this.code, [first, ...rest.slice(0, ISSUES_MAX - 1)]);
  }

  /** The issues of a part of the event, by their pointers into the event. */
  static ofIssues(code: RejectionCode, issues: readonly ValidationIssue[], at = '#'): Rejection {
    const [first, ...rest] = issues.map((issue) => issueUnder(at, issue));
    if (first === undefined) throw new TypeError(`A rejection needs an issue: ${code}.`);
    return new Rejection(code, [first, ...rest]);
  }
}
