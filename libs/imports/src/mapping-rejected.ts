import type { ValidationIssue } from '#contracts';

/** A mapping that cannot be used: thrown before anything is read or written. */
export class MappingRejected extends Error {
  constructor(readonly errors: readonly ValidationIssue[]) {
    super(
      `The mapping is not valid:\n${errors.map(({ pointer, detail, hint }) => `  ${pointer} ${detail}. ${hint}`).join('\n')}`,
    );
    this.name = 'MappingRejected';
  }
}
