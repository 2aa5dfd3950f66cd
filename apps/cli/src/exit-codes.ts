/** What the exit code of `perennial` says. Documented in docs/cli.md and at the foot of every --help. */
export const EXIT = {
  done: 0,
  /** Something failed that is nobody's input: a defect, a broken store; or `verify` found a difference. */
  failed: 1,
  /** The command line or a parameter is wrong. */
  usage: 2,
  /** What was handed over is rejected as a whole, and nothing was written: a mapping, a policy, a file. */
  rejected: 3,
  /** No engine: it does not answer, it does not let us in, or another process holds the data folder. */
  unreachable: 4,
  /** Done, and some rows were quarantined: look at them with `perennial quarantine list`. */
  quarantined: 5,
  /** Stopped before the end, by Ctrl-C or a full disk: what was stored stands, and the same command goes on from there. */
  stopped: 6,
  /** A dry run went to its end and found that a rebuild would change something. */
  differs: 7,
} as const;

export const EXIT_CODES_HELP = `
Exit codes: 0 done · 1 failed · 2 wrong command line · 3 input rejected, nothing written ·
            4 engine unreachable or data folder locked · 5 done, some rows quarantined ·
            6 stopped before the end (Ctrl-C, full disk): run it again to go on ·
            7 a dry run found that something would change`;

/** An end that was foreseen: what to say, and the code to leave with. */
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
