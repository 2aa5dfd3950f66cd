import { createInterface } from 'node:readline/promises';
import { Command } from 'commander';
import { usage } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';

interface EraseOptions extends EngineOptions {
  readonly yes?: true;
}

export function eraseCommand(session: Session): Command {
  return withEngineOptions(new Command('erase'))
    .summary('forget a person for ever: destroys the keys of their sealed data')
    .description(
      "Destroys the keys of a person's sealed data and forbids new ones. The log, its order and its figures stay; nothing of theirs can be opened any more,\n" +
        'by anybody. It cannot be undone. Prints the receipt.',
    )
    .argument('<customer>', 'their id, or an identifier as NAMESPACE:VALUE, such as email:ada@example.com')
    .option('--yes', 'do not ask')
    .addHelpText('after', '\nExample:\n  perennial erase email:ada@example.com --yes')
    .action(async (customer: string, options: EraseOptions) => {
      if (options.yes !== true) await confirm(customer);
      await useEngine(options, session, async (engine) => {
        const receipt = await engine.erase(customer.includes(':') ? { identifier: customer } : { customer });
        process.stdout.write(`${JSON.stringify(receipt, null, 2)}\n`);
      });
    });
}

async function confirm(customer: string): Promise<void> {
  if (!process.stdin.isTTY) throw usage('Say --yes: nobody is there to confirm.');
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`Erase ${customer} for ever? Type yes: `);
  terminal.close();
  if (answer.trim() !== 'yes') throw usage('Not erased.');
}
