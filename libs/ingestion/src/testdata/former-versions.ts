import type { ValidationIssue } from '#contracts';

/** The data of a quarantined event (version 2, as JSON) with these issues, as version 1 of the log held them. */
export function quarantinedInVersion1(data: string, issues: readonly ValidationIssue[]): string {
  const { pointer = '#', hint, ...rest } = JSON.parse(data) as Readonly<Record<string, string>>;
  const flaws = issues.map((issue) => ({ path: issue.pointer.slice(1), reason: issue.detail, mend: issue.hint }));
  return JSON.stringify({ ...rest, path: pointer.slice(1), mend: hint, flaws });
}
