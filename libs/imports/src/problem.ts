/** What is wrong, where, and what to do about it: one line of a refusal that a person can act on. */
export interface MappingError {
  /** JSON pointer into the mapping document. */
  readonly path: string;
  readonly reason: string;
  readonly mend: string;
}

/** A mapping that cannot be used: thrown before anything is read or written. */
export class MappingRefused extends Error {
  constructor(readonly errors: readonly MappingError[]) {
    super(
      `The mapping is refused:\n${errors.map((e) => `  ${e.path === '' ? '/' : e.path}: ${e.reason}. ${e.mend}`).join('\n')}`,
    );
    this.name = 'MappingRefused';
  }
}

/**
 * Why one value of a row cannot be used: caught where the row is turned into a draft, and quarantined with it. It says what was expected and never
 * what was found: a cell may hold personal data, and reasons are kept in the clear.
 */
export class UnfitValue extends Error {
  constructor(
    /** `value-missing`, `money-inexact`, … */
    readonly code: string,
    /** The column, or the place in the row. */
    readonly path: string,
    detail: string,
    readonly mend: string,
  ) {
    super(detail);
    this.name = 'UnfitValue';
  }
}
