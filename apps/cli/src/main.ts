import { readFileSync } from 'node:fs';
import { CommanderError } from 'commander';
import { StoreMismatchError } from '#platform/basics';
import { assertUnicode } from './arguments.js';
import { CliError, EXIT } from './exit-codes.js';
import { isFull } from './full-disk.js';
import { program } from './program.js';
import { processSession } from './session.js';

// A reader such as `| head` closes the pipe once it has enough: the command then ends.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') process.exit(EXIT.done);
  throw error;
});

/** Errors of a store, met in the middle of a command: a damaged page, say. What is wrong, and what to do, stands in their message. */
const STORES = new Set([
  'EventLogError',
  'KeyStoreError',
  'DatabaseError',
  'JournalError',
  'BackupError',
  'TemporaryFileError',
]);

try {
  const words = process.argv.slice(2);
  assertUnicode(words);
  await (await program(processSession(), version(), words)).parseAsync(process.argv);
} catch (error) {
  process.exitCode = exitCodeOf(error);
}

/** The version in package.json: the nearest one above this file, compiled or not. */
function version(): string {
  for (let folder = new URL('.', import.meta.url); folder.pathname !== '/'; folder = new URL('..', folder)) {
    try {
      const { version: stated } = JSON.parse(readFileSync(new URL('package.json', folder), 'utf8')) as {
        version: string;
      };
      return stated;
    } catch {
      // Not in this folder: try the one above.
    }
  }
  return 'unknown';
}

/** Prints the error, without its stack where it was foreseen. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  if (error instanceof CliError) {
    process.stderr.write(`${error.message}\n`);
    return error.exitCode;
  }
  if (error instanceof StoreMismatchError) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.rejected;
  }
  if (isFull(error)) {
    process.stderr.write(`${(error as Error).message}\n`);
    return EXIT.stopped;
  }
  if (error instanceof Error && STORES.has(error.name)) {
    process.stderr.write(`${error.message}\n`);
    return EXIT.failed;
  }
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  return EXIT.failed;
}
