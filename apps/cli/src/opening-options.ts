import { Option, type Command } from 'commander';
import { statedIssues, type OpeningKind } from '#platform/basics';
import type { StatedOpening } from './engine/engine.js';
import { usage } from './exit-codes.js';
import { issueLines, optionName } from './terminal/issue-lines.js';

/** What the options state about why personal data are opened. */
export interface OpeningOptions {
  readonly purpose?: string;
  readonly ticket?: string;
  readonly reason?: string;
}

/** Adds the options that open personal data, for a command that can show some. */
export function withOpeningOptions(command: Command): Command {
  const options = [
    new Option('--purpose <name>', 'why personal data are opened: a purpose of the policy, such as service. Recorded'),
    new Option('--ticket <id>', 'the case that they are opened for, such as C-123. Recorded'),
    new Option('--reason <text>', 'why, in words. Recorded, sealed'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Personal data:'));
  return command;
}

/**
 * What the options state. `kind`: `export` where the answer is written to a file or for another program.
 * @throws CliError where an option is not valid
 */
export function statedOpening(
  { purpose = null, ticket = null, reason = null }: { readonly [Name in keyof OpeningOptions]?: string | null },
  kind: OpeningKind = 'view',
): StatedOpening {
  const stated = { purpose, ticket, reason };
  const issues = statedIssues(stated, (field) => field);
  if (issues.length > 0) throw usage(`Personal data cannot be opened by this:${issueLines(issues, optionName)}`);
  return { ...stated, kind };
}
