import type { ValidationIssue } from '#contracts';

/** A mapping that cannot be used: thrown before anything is read or written. */
export class MappingRejected extends Error {
  constructor(readonly errors: readonly ValidationIssue[]) {
    super(
      `The mapping is rejected:\n${errors.map((e) => `  ${e.pointer === '' ? '/' : e.pointer}: ${e.detail}. ${e.hint}`).join('\n')}`,
    );
    this.name = 'MappingRefused';
  }
}

/**
 * Why one value of a row cannot be used: caught where the row is turned into a draft, and quarantined with it. It says what was expected and never
 * what was found: a cell may hold personal data, and reasons are kept in the clear.
 */
export class InvalidValue extends Error {
  constructor(
    /** `value-missing`, `money-inexact`, … */
    readonly code: string,
    /** The column, or the place in the row. */
    readonly path: string,
    detail: string,
    readonly hint: string,
  ) {
    super(detail);
    this.name = 'UnfitValue';
  }
}
