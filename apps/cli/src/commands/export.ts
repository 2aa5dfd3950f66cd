import { Argument, Command, Option } from 'commander';
import type { Answer } from '#queries';
import { CliError, EXIT, usage } from '../exit-codes.js';
import type { Engine, StatedOpening } from '../engine/engine.js';
import { statedOpening, withOpeningOptions, type OpeningOptions } from '../opening-options.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { Output } from '../terminal/output.js';
import { Progress } from '../terminal/progress.js';
import { writeAnswers, type Format } from '../terminal/write-answers.js';
import { CUSTOMER_HELP, customerParams } from './one-customer.js';
import { allPages } from './query.js';

interface ExportOptions extends EngineOptions, OpeningOptions {
  readonly all?: true;
  readonly format: Format;
  readonly output?: string;
}

export function exportCommand(session: Session): Command {
  const command = new Command('export')
    .summary('write the recorded events of one customer, or of all, to a file')
    .description(
      'Writes the events of one customer, or of all customers, exactly as they were recorded, in the order of the log. Personal fields stay sealed; text that an older version stored in the clear is written with --purpose alone. ' +
        'Other tables are exported by `perennial query QUERY --format csv`.',
    )
    .addArgument(new Argument('[customer]', CUSTOMER_HELP))
    .option('--all', 'the events of all customers, in the order of the log')
    .addOption(new Option('--format <format>', 'output format').choices(['ndjson', 'csv']).default('ndjson'))
    .addOption(new Option('--output <file>', 'write to a file instead of the terminal'))
    .action(async (customer: string | undefined, options: ExportOptions) => {
      if ((customer === undefined) === (options.all !== true))
        throw usage('export needs either a customer or --all: perennial export userId:0001');
      await useEngine(options, session, async (engine) => {
        const opening = statedOpening(options, 'export');
        const output = await Output.open(options.output);
        const pages =
          customer === undefined
            ? allEvents(engine, session, opening)
            : allPages(engine, 'events', customerParams(customer), opening);
        const rows = await writeAnswers(pages, options.format, output);
        await output.end();
        if (options.output !== undefined)
          session.stderr.write(`${pluralize(rows, 'event')} written to ${options.output}.\n`);
        if (session.signal.aborted) throw new CliError(EXIT.stopped, 'Stopped before the end.');
      });
    });
  return withExamples(
    withEngineOptions(withOpeningOptions(command)),
    'perennial export userId:0001 --output 0001.ndjson',
    'perennial export --all --format csv --output events.csv',
  );
}

/** One pass over the log, a page at a time, with a progress bar. */
async function* allEvents(engine: Engine, session: Session, opening: StatedOpening): AsyncGenerator<Answer> {
  const progress = new Progress('export', 'events', session.stderr, session.clock);
  let items = 0;
  try {
    for await (const answer of allPages(engine, 'recorded', {}, opening)) {
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
