import { Command } from 'commander';
import { explainStagePeriod, type StagePeriod } from '#lifecycle';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { touchpointText, stagePeriodOf, whereText } from '../terminal/history-text.js';
import { customerParams, withCustomerOptions, type CustomerOptions } from './one-customer.js';
import { allRows } from './query.js';

export function replayCommand(session: Session): Command {
  return withEngineOptions(withCustomerOptions(new Command('replay')))
    .summary("tell one customer's story: what happened, and what it made of them")
    .description(
      'Tells what happened to one customer in the order of time, and between it every transition with its cause, those of silence at their own instant.\n' +
        'With --as-of and --known-at the story ends where it ended then, or is told as it was believed then.',
    )
    .addHelpText(
      'after',
      `
Examples:
  perennial replay userId:0001
  perennial replay email:ada@example.com --as-of 2026-03-01 --known-at 2026-03-01`,
    )
    .action(async (customer: string, options: EngineOptions & CustomerOptions) => {
      await useEngine(options, session, async (engine) => {
        const params = customerParams(customer, options);
        const lines: Line[] = [];
        const timeZone = await engine.timeZone();
        let customerId = '';
        let before: StagePeriod | null = null;
        for await (const row of allRows(engine, 'history', params)) {
          customerId = String(row['customerId']);
          const period = stagePeriodOf(row);
          const [, why] = explainStagePeriod(period, before, timeZone).sentences;
          before = period;
          const where = whereText(period.stage, period.phase, period.cycle);
          lines.push({ at: String(row['enteredAt']), order: 1, text: `  ▸ ${where}`, note: why ?? '' });
        }
        const transitions = lines.length;
        for await (const row of allRows(engine, 'timeline', params)) {
          const data = row['data'] as Readonly<Record<string, unknown>>;
          const text = touchpointText(String(row['type']), data);
          const test = row['test'] === true ? ' (test traffic, not counted)' : '';
          lines.push({ at: String(row['occurredAt']), order: 0, text, note: `${String(row['channel'])}${test}` });
        }
        // Events at an instant come before the transitions that they cause at it.
        lines.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || a.order - b.order);
        process.stdout.write(`${customer}${customerId === '' ? '' : ` · customer ${customerId}`}\n`);
        process.stdout.write(`${lines.length - transitions} touchpoints, ${transitions} transitions\n\n`);
        let last = '';
        for (const { at, text, note } of lines) {
          process.stdout.write(
            `${at === last ? ' '.repeat(at.length) : at}  ${text}${note === '' ? '' : `  · ${note}`}\n`,
          );
          last = at;
        }
      });
    });
}

interface Line {
  readonly at: string;
  readonly order: 0 | 1;
  readonly text: string;
  readonly note: string;
}
