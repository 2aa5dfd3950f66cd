import { Command } from 'commander';
import type { Engine } from '../engine/engine.js';
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
    .summary('explain why a customer is in their stage, or why a figure of theirs is what it is')
    .description(
      'Explains the stage of one customer at an instant: the rule and the values that led to it, why not a day earlier, and what happens if nothing ' +
        'happens. With --figure: the formula of the figure with its numbers, and the events. For the same as data: perennial query explain --format json, ' +
        'perennial query explain-figure --format json.',
    )
    .option('--figure <name>', 'explain this figure, such as satisfaction or profit: docs/figures.md');
  withCustomerOptions(command).action(async (customer: string, options: ExplainOptions) => {
    await useEngine(options, session, async (engine) => {
      if (options.figure !== undefined) {
        process.stdout.write(await figureText(engine, customer, options.figure, options));
        return;
      }
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
    'perennial explain userId:0001 --figure revenue',
  );
}

interface ExplainOptions extends EngineOptions, CustomerOptions {
  readonly figure?: string;
}

async function figureText(engine: Engine, customer: string, figure: string, options: CustomerOptions): Promise<string> {
  for await (const row of allRows(engine, 'explain-figure', { ...customerParams(customer, options), figure }))
    return String(row['text'])
      .split('\n')
      .map((line) => `${wrap(line, terminalWidth(), 2)}\n`)
      .join('');
  throw rejected(`Nothing is known of ${customer} at that instant: give a later --as-of or --known-at.`);
}

function revenueText(revenue: unknown): string {
  if (!Array.isArray(revenue) || revenue.length === 0) return 'no revenue';
  return revenue
    .map((money: { readonly amountMinor: number; readonly currency: string }) =>
      moneyText(money.amountMinor, money.currency),
    )
    .join(' + ');
}
