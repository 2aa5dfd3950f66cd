import { issueText, keysOf, type ValidationIssue } from '#contracts/basics';

/**
 * Issues as lines of an error message: where, what is wrong, how to fix it. `place` names a field as people know it: `--as-of`.
 */
export function issueLines(issues: readonly ValidationIssue[], place?: (pointer: string) => string): string {
  return issues.map((issue) => `\n  ${issueText(issue, place)}`).join('');
}

/** The name of a query parameter as an option: `#/as-of` is `--as-of`. */
export function optionName(pointer: string): string {
  return `--${keysOf(pointer).join('.')}`;
}
