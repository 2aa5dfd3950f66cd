import { Command } from 'commander';
import { EXIT, usage } from '../exit-codes.js';
import { readDocument } from '../read-document.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { confirm } from '../terminal/confirm.js';
import { withExamples } from '../terminal/help.js';
import { CUSTOMER_HELP } from './one-customer.js';

interface EraseOptions extends EngineOptions {
  readonly yes?: true;
  readonly checkReceipt?: string;
}

export function eraseCommand(session: Session): Command {
  const command = new Command('erase')
    .summary('erase the personal data of one customer, irreversibly')
    .description(
      "Destroys the keys of a customer's sealed data and prevents new ones. The log, its order and all figures stay; personal data of the customer " +
        'can never be opened again. This cannot be undone. Prints the receipt.',
    )
    .argument('[customer]', CUSTOMER_HELP)
    .option('--yes', 'do not ask for confirmation')
    .option('--check-receipt <file>', 'erase nothing: say whether a receipt was altered, and is on record')
    .action(async (customer: string | undefined, options: EraseOptions) => {
      const { checkReceipt } = options;
      if ((customer === undefined) === (checkReceipt === undefined))
        throw usage('Name one customer to erase, or give --check-receipt FILE.');
      if (checkReceipt !== undefined) {
        const { value } = await readDocument(checkReceipt);
        await useEngine(options, session, async (engine) => {
          const { verdict, detail } = await engine.checkReceipt(value);
          process.stdout.write(`${verdict}: ${detail}\n`);
          if (verdict !== 'genuine') process.exitCode = EXIT.failed;
        });
        return;
      }
      if (customer === undefined) return;
      if (options.yes !== true)
        await confirm({
          question: `Erase the personal data of ${customer} for ever?`,
          unattended: 'erase needs a confirmation',
          declined: 'Nothing was erased.',
        });
      await useEngine(options, session, async (engine) => {
        const receipt = await engine.erase(customer.includes(':') ? { identifier: customer } : { customer });
        process.stdout.write(`${JSON.stringify(receipt, null, 2)}\n`);
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial erase email:ada@example.com --yes',
    'perennial erase --check-receipt receipt.json',
  );
}
