import 'reflect-metadata';
import { CommanderError } from 'commander';
import { CliError, EXIT } from './exit-codes.js';
import { program } from './program.js';
import { processSession } from './session.js';

try {
  await program(processSession()).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** Says what went wrong, in one sentence where it was foreseen. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof CliError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}
