import { usage } from '../exit-codes.js';
import { atTerminal } from './ask.js';

/** What is said of an act that needs a confirmation. */
export interface Confirmation {
  /** `Erase the personal data of ada for ever?` */
  readonly question: string;
  /** Where there is no terminal to ask at. */
  readonly unattended: string;
  /** Where the answer is not yes. */
  readonly declined: string;
}

/** Asks before an act that cannot be undone, and goes on only where the answer is `yes`. @throws CliError */
export async function confirm({ question, unattended, declined }: Confirmation): Promise<void> {
  if (!process.stdin.isTTY) throw usage(`${unattended}, and there is no terminal to ask at: add --yes.`);
  const answer = await atTerminal((ask) => ask(`${question} Type yes: `));
  if (answer.trim() !== 'yes') throw usage(declined);
}
