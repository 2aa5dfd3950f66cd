import { Command } from 'commander';
import { rejected } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { moneyText } from '../terminal/history-text.js';
import { pluralize } from '../terminal/format.js';
import { customerParams, withCustomerOptions, type CustomerOptions } from './one-customer.js';
import { allRows } from './query.js';

export function explainCommand(session: Session): Command {
  return withEngineOptions(withCustomerOptions(new Command('explain')))
    .summary('say why a customer stands where the customer stands, since when, and what comes next')
    .description(
      'Says where one customer stands at an instant, by which rule and values they came there, why not a day earlier, and what silence does next.\n' +
        'The same in parts: perennial query explain --format json.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  perennial explain userId:0001\n  perennial explain userId:0001 --as-of 1997-05-01',
    )
    .action(async (customer: string, options: EngineOptions & CustomerOptions) => {
      await useEngine(options, session, async (engine) => {
        const params = customerParams(customer, options);
        const lines: string[] = [];
        for await (const row of allRows(engine, 'explain', params)) lines.push(String(row['text']));
        if (lines.length === 0) throw rejected(`Nothing of ${customer} had happened by then.`);
        for await (const row of allRows(engine, 'stage', params)) {
          lines.push('', `flags    ${(row['flags'] as readonly string[]).join(', ') || 'none'}`);
          const orders = pluralize(Number(row['orders']), 'order');
          const seen = `${String(row['firstSeenAt'])} to ${String(row['lastSeenAt'])}`;
          lines.push(`seen     ${seen}, ${pluralize(Number(row['touchpoints']), 'touchpoint')}`);
          lines.push(
            `bought   ${orders} that survive${Number(row['orders']) === 1 ? 's' : ''}, ${revenueText(row['revenue'])}`,
          );
        }
        process.stdout.write(lines.map((line) => `${line}\n`).join(''));
      });
    });
}

function revenueText(revenue: unknown): string {
  if (!Array.isArray(revenue) || revenue.length === 0) return 'no revenue';
  return revenue
    .map((money: { readonly amountMinor: number; readonly currency: string }) =>
      moneyText(money.amountMinor, money.currency),
    )
    .join(' + ');
}
