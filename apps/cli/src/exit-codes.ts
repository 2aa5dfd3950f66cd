import { helpSection } from './terminal/help.js';

/** The exit codes of `perennial`. They are documented in docs/cli.md and at the end of each command's --help. */
export const EXIT = {
  done: 0,
  /** A defect or a broken store, not a wrong input; or `verify` found a difference or a changed event. */
  failed: 1,
  /** The command line or a parameter is wrong. */
  usage: 2,
  /** The input is rejected as a whole, and nothing was written: a mapping, a policy, a file, an unknown customer. */
  rejected: 3,
  /** The engine does not answer or rejects the API key, or another process has locked the data folder. */
  unreachable: 4,
  /** Done, but some rows were quarantined: `perennial quarantine list` shows them. */
  quarantined: 5,
  /** Stopped before the end by Ctrl-C or a full disk. What was stored stays; the same command continues from there. */
  stopped: 6,
  /** A dry run completed and found differences. */
  differs: 7,
  /** The policy wants another principal to approve the act: it was requested, and is not done yet. */
  requested: 9,
} as const;

export const EXIT_CODES_HELP = helpSection('Exit codes', [
  ['0', 'done'],
  ['1', 'failed; or verify found a difference or a changed event'],
  ['2', 'the command line is wrong'],
  ['3', 'the input is rejected, and nothing was written'],
  ['4', 'the engine cannot be reached, or the data folder is locked'],
  ['5', 'done, but some rows were quarantined'],
  ['6', 'stopped before the end (Ctrl-C, full disk): run it again to continue'],
  ['7', 'a dry run found differences'],
  ['9', 'requested, and not done: another principal has to approve it'],
]);

/** An end of a command that was foreseen: the message for the terminal, and the exit code. */
export class CliError extends Error {
  constructor(
    readonly exitCode: number,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'CliError';
  }
}

export const usage = (message: string): CliError => new CliError(EXIT.usage, message);
export const rejected = (message: string): CliError => new CliError(EXIT.rejected, message);
export const unreachable = (message: string, options?: ErrorOptions): CliError =>
  new CliError(EXIT.unreachable, message, options);
