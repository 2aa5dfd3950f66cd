/** What is wrong with one row of the input of a fit. */
export interface ModelIssue {
  /** From 0. */
  readonly row: number;
  readonly column: string;
  /** What it must be, and what it is. */
  readonly detail: string;
}

/** Data that a model cannot be fitted to. */
export class ModelInputError extends Error {
  constructor(
    message: string,
    readonly issues: readonly ModelIssue[],
  ) {
    super(message);
    this.name = 'ModelInputError';
  }
}

export const invalidAt = (row: number, column: string, must: string, value: number): ModelIssue => ({
  row,
  column,
  detail: `${must} (got ${value})`,
});
