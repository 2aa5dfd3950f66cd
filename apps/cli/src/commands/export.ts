import { Argument, Command, Option } from 'commander';
import { QUERIES, type Answer, type RawParams } from '#queries';
import { CliError, EXIT, usage } from '../exit-codes.js';
import type { Engine } from '../engine/engine.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { writeAnswers, type Format } from '../terminal/write-answers.js';
import { pluralize } from '../terminal/format.js';
import { Output } from '../terminal/output.js';
import { Progress } from '../terminal/progress.js';
import { customerParams } from './one-customer.js';
import { allPages } from './query.js';

interface ExportOptions extends EngineOptions {
  readonly all?: true;
  readonly format: Format;
  readonly output?: string;
}

export function exportCommand(session: Session): Command {
  return withEngineOptions(new Command('export'))
    .summary("write events as recorded: one customer's, or everybody's")
    .description(
      'Writes the events of one customer, or of all, exactly as they were recorded, in the order of the log: what an auditor asks for.\n' +
        'With --all it is one pass over the log, a page at a time: the same rows in the order of the log, whoever they belong to.\n' +
        'Personal fields stay sealed. Other tables are exported by `query QUESTION --format csv`.',
    )
    .addArgument(new Argument('[customer]', 'their id, or an identifier as NAMESPACE:VALUE'))
    .option('--all', "everybody's, in the order of the log")
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
      await useEngine(options, session, async (engine) => {
        const output = await Output.open(options.output);
        const pages =
          customer === undefined ? allEvents(engine, session) : answers(engine, 'events', customerParams(customer));
        const rows = await writeAnswers(pages, options.format, output);
        await output.end();
        if (options.output !== undefined)
          session.stderr.write(`${pluralize(rows, 'event')} written to ${options.output}.\n`);
        if (session.signal.aborted) throw new CliError(EXIT.stopped, 'Stopped before the end.');
      });
    });
}

function answers(engine: Engine, name: string, params: RawParams): AsyncIterable<Answer> {
  const query = QUERIES.find((each) => each.name === name);
  if (query === undefined) throw new Error(`There is no question '${name}'.`);
  return allPages(engine, query, params);
}

async function* allEvents(engine: Engine, session: Session): AsyncGenerator<Answer> {
  const progress = new Progress('export', 'events', session.stderr, session.clock);
  let items = 0;
  try {
    for await (const answer of answers(engine, 'recorded', {})) {
      if (session.signal.aborted) return;
      yield answer;
      items += answer.rows.length;
      const { position } = answer.meta;
      progress.update({ done: Number(answer.rows.at(-1)?.['position'] ?? position), total: position, items });
    }
  } finally {
    progress.end();
  }
}
