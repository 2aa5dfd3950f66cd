import { Argument, Command, Option } from 'commander';
import { QUESTIONS, type Answer } from '#queries';
import { usage } from '../exit-codes.js';
import type { Engine } from '../engine/engine.js';
import { onEngine, withEngine, type EngineOptions, type Session } from '../session.js';
import { writeAnswers, type Format } from '../terminal/answers.js';
import { counted } from '../terminal/figures.js';
import { Output } from '../terminal/output.js';
import { Progress } from '../terminal/progress.js';
import { customerParams } from './one-customer.js';
import { allPages, allRows } from './query.js';

interface ExportOptions extends EngineOptions {
  readonly all?: true;
  readonly format: Format;
  readonly output?: string;
}

export function exportCommand(session: Session): Command {
  return withEngine(new Command('export'))
    .summary("write events as recorded: one customer's, or everybody's")
    .description(
      'Writes the events of one customer, or of all, exactly as they were recorded, in the order of the log: what an auditor asks for.\n' +
        'Personal fields stay sealed. Other tables are exported by `query QUESTION --format csv`.',
    )
    .addArgument(new Argument('[customer]', 'her id, or an identifier as NAMESPACE:VALUE'))
    .option('--all', 'everybody, customer by customer')
    .addOption(new Option('--format <format>', 'how it is written').choices(['ndjson', 'csv']).default('ndjson'))
    .addOption(new Option('--output <file>', 'write to a file instead of the terminal'))
    .addHelpText(
      'after',
      `
Examples:
  perennial export userId:0001 --output 0001.ndjson
  perennial export --all --format csv --output events.csv`,
    )
    .action(async (customer: string | undefined, options: ExportOptions) => {
      if ((customer === undefined) === (options.all !== true)) throw usage('Name one customer, or say --all.');
      await onEngine(options, session, async (engine) => {
        const output = await Output.open(options.output);
        const pages = customer === undefined ? everybody(engine, session) : recorded(engine, customer);
        const rows = await writeAnswers(pages, options.format, output);
        await output.end();
        if (options.output !== undefined)
          session.stderr.write(`${counted(rows, 'event')} written to ${options.output}.\n`);
      });
    });
}

function recorded(engine: Engine, customer: string): AsyncIterable<Answer> {
  const events = QUESTIONS.find((question) => question.name === 'events');
  if (events === undefined) throw new Error("There is no question 'events'.");
  return allPages(engine, events, customerParams(customer));
}

async function* everybody(engine: Engine, session: Session): AsyncGenerator<Answer> {
  const progress = new Progress('export', 'customers', session.stderr, session.clock);
  let customers = 0;
  for await (const { customerId } of allRows(engine, 'customers', {})) {
    if (session.stop.aborted) break;
    yield* recorded(engine, String(customerId));
    customers += 1;
    progress.update({ done: customers, total: null });
  }
  progress.end();
}
