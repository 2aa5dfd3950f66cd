import { createInterface } from 'node:readline/promises';
import { CliError, EXIT } from '../exit-codes.js';

/** Puts a question on the terminal; resolves with the answer as it was typed. */
export type Question = (text: string) => Promise<string>;

/**
 * Asks at the terminal, one question after the other.
 * @throws CliError (exit code 6) where it is left by Ctrl-C, or its input ends
 */
export async function atTerminal<T>(ask: (question: Question) => Promise<T>): Promise<T> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const left = new Promise<never>((_, reject) => {
    terminal.once('close', () => reject(new CliError(EXIT.stopped, '\nStopped at a question. Nothing was written.')));
  });
  // It closes after the last answer too, when nothing waits any more.
  left.catch(() => undefined);
  try {
    // A question that is left is rejected as aborted, or never answered: in either case the terminal is closed.
    return await ask((text) => Promise.race([left, terminal.question(text).catch(() => left)]));
  } finally {
    terminal.close();
  }
}
