import { Command } from 'commander';
import { explainVisit, type Visit } from '#lifecycle';
import { refused } from '../exit-codes.js';
import { onEngine, withEngine, type EngineOptions, type Session } from '../session.js';
import { instantText, moneyText, visitOf } from '../story/words.js';
import { customerParams, withCustomer, type CustomerOptions } from './one-customer.js';
import { allRows } from './query.js';

export function explainCommand(session: Session): Command {
  return withEngine(withCustomer(new Command('explain')))
    .summary('say why a customer stands where she stands, since when, and what comes next')
    .description(
      'Says where one customer stands at an instant, by which rule and values she came there, why not a day earlier, and what silence does next.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  perennial explain userId:0001\n  perennial explain userId:0001 --as-of 1997-05-01',
    )
    .action(async (customer: string, options: EngineOptions & CustomerOptions) => {
      await onEngine(options, session, async (engine) => {
        const params = customerParams(customer, options);
        let before: Visit | null = null;
        let last: Visit | null = null;
        for await (const row of allRows(engine, 'history', params)) {
          before = last;
          last = visitOf(row);
        }
        if (last === null) throw refused(`Nothing of ${customer} had happened by then.`);
        const lines = [...explainVisit(last, before, await engine.timeZone()).sentences];
        for await (const row of allRows(engine, 'stage', params)) {
          lines.push(nextText(row), '');
          lines.push(`flags    ${(row['flags'] as readonly string[]).join(', ') || 'none'}`);
          const seen = `${String(row['firstSeenAt'])} to ${String(row['lastSeenAt'])}`;
          lines.push(`seen     ${seen}, ${String(row['touchpoints'])} touchpoints`);
          lines.push(`bought   ${String(row['orders'])} orders that survive, ${revenueText(row['revenue'])}`);
        }
        process.stdout.write(lines.map((line) => `${line}\n`).join(''));
      });
    });
}

function nextText(row: Readonly<Record<string, unknown>>): string {
  const { nextDueAt, nextDueKind } = row;
  if (nextDueAt === null || nextDueAt === undefined) return 'Nothing will move her by itself.';
  return `If nothing happens before, next comes ${String(nextDueKind)}, at ${instantText(nextDueAt)}.`;
}

function revenueText(revenue: unknown): string {
  if (!Array.isArray(revenue) || revenue.length === 0) return 'no revenue';
  return revenue
    .map((money: { readonly amountMinor: number; readonly currency: string }) =>
      moneyText(money.amountMinor, money.currency),
    )
    .join(' + ');
}
