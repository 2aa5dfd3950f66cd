import { issueText, type ValidationIssue } from '#contracts';

/** A mapping that is not valid: thrown before anything is read or written. */
export class MappingRejected extends Error {
  constructor(readonly errors: readonly ValidationIssue[]) {
    super(`The mapping is not valid:\n${errors.map((issue) => `  ${issueText(issue)}`).join('\n')}`);
    this.name = 'MappingRejected';
  }
}
