import { Command } from 'commander';
import { rejected } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatNumber, pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { moneyText } from '../terminal/history-text.js';
import { terminalWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';
import { customerParams, withCustomerOptions, type CustomerOptions } from './one-customer.js';
import { allRows } from './query.js';

export function explainCommand(session: Session): Command {
  const command = new Command('explain')
    .summary('explain why a customer is in their stage, since when, and what comes next')
    .description(
      'Explains the stage of one customer at an instant: the rule and the values that led to it, why not a day earlier, and what happens if nothing ' +
        'happens. For the same as data: perennial query explain --format json.',
    );
  withCustomerOptions(command).action(async (customer: string, options: EngineOptions & CustomerOptions) => {
    await useEngine(options, session, async (engine) => {
      const params = customerParams(customer, options);
      const lines: string[] = [];
      for await (const row of allRows(engine, 'explain', params))
        lines.push(
          ...String(row['text'])
            .split('\n')
            .map((line) => wrap(line, terminalWidth(), 0)),
        );
      if (lines.length === 0)
        throw rejected(`Nothing is known of ${customer} at that instant: give a later --as-of or --known-at.`);
      for await (const row of allRows(engine, 'stage', params)) {
        const orders = Number(row['orders']);
        const payments = Number(row['payments']);
        const paid = payments === 0 ? '' : ` and ${pluralize(payments, 'payment')} for contracts`;
        lines.push(
          '',
          `flags   ${(row['flags'] as readonly string[]).join(', ') || 'none'}`,
          `seen    ${String(row['firstSeenAt'])} to ${String(row['lastSeenAt'])}, ${pluralize(Number(row['touchpoints']), 'touchpoint')}`,
          `orders  ${formatNumber(orders)} kept${paid}, ${revenueText(row['revenue'])}`,
        );
      }
      process.stdout.write(lines.map((line) => `${line}\n`).join(''));
    });
  });
  return withExamples(
    withEngineOptions(command),
    'perennial explain userId:0001',
    'perennial explain userId:0001 --as-of 1997-05-01',
  );
}

function revenueText(revenue: unknown): string {
  if (!Array.isArray(revenue) || revenue.length === 0) return 'no revenue';
  return revenue
    .map((money: { readonly amountMinor: number; readonly currency: string }) =>
      moneyText(money.amountMinor, money.currency),
    )
    .join(' + ');
}
