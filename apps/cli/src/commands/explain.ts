import { Command } from 'commander';
import type { Cause } from '#lifecycle';
import { refused } from '../exit-codes.js';
import { onEngine, withEngine, type EngineOptions, type Session } from '../session.js';
import { causeText, instantText, moneyText, whereText } from '../story/words.js';
import { customerParams, withCustomer, type CustomerOptions } from './one-customer.js';
import { allRows } from './query.js';

export function explainCommand(session: Session): Command {
  return withEngine(withCustomer(new Command('explain')))
    .summary('say why a customer stands where she stands, since when, and what comes next')
    .description(
      'Says where one customer stands at an instant, by which rule and values she came there, and what silence does next, and when.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  perennial explain userId:0001\n  perennial explain userId:0001 --as-of 1997-05-01',
    )
    .action(async (customer: string, options: EngineOptions & CustomerOptions) => {
      await onEngine(options, session, async (engine) => {
        const params = customerParams(customer, options);
        const lines: string[] = [];
        for await (const row of allRows(engine, 'stage', params)) {
          const cause = row['cause'] as Cause;
          lines.push(
            `${whereText(String(row['stage']), String(row['phase']), Number(row['cycle']))}, since ${String(row['enteredAt'])}`,
            `  because   ${causeText(cause)}`,
            ...cause.events.map(({ source, id }) => `            ${source} ${id}`),
            `  next      ${nextText(row)}`,
            `  flags     ${JSON.stringify(row['flags'])}`,
            `  seen      ${String(row['firstSeenAt'])} to ${String(row['lastSeenAt'])}, ${String(row['touchpoints'])} touchpoints`,
            `  bought    ${String(row['orders'])} orders, ${revenueText(row['revenue'])}, last ${String(row['lastPurchaseAt'] ?? 'never')}`,
            `  policy    ${String(row['policyVersion'])}`,
          );
        }
        if (lines.length === 0) throw refused(`Nothing of ${customer} had happened by then.`);
        process.stdout.write(lines.map((line) => `${line}\n`).join(''));
      });
    });
}

function nextText(row: Readonly<Record<string, unknown>>): string {
  const { nextDueAt, nextDueKind } = row;
  if (nextDueAt === null || nextDueAt === undefined) return 'nothing by itself';
  return `${String(nextDueKind)} at ${instantText(nextDueAt)}, if nothing happens before`;
}

function revenueText(revenue: unknown): string {
  if (!Array.isArray(revenue) || revenue.length === 0) return 'no revenue';
  return revenue
    .map((money: { readonly amountMinor: number; readonly currency: string }) =>
      moneyText(money.amountMinor, money.currency),
    )
    .join(' + ');
}
