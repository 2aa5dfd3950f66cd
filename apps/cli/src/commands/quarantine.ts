import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { QUERIES } from '#queries';
import { rejected } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { FORMATS, writeAnswers, type Format } from '../terminal/write-answers.js';
import { Output } from '../terminal/output.js';
import { allPages } from './query.js';

interface ListOptions extends EngineOptions {
  readonly status: string;
  readonly code?: string;
  readonly source?: string;
  readonly limit?: string;
  readonly format: Format;
}

export function quarantineCommand(session: Session): Command {
  const quarantine = new Command('quarantine')
    .summary('what could not be taken: list, show, release, discard')
    .description(
      'Events that could not be taken, with the reason. A fixed one is released with its original time; one that was never worth taking is discarded.',
    )
    .addHelpText(
      'after',
      `
Examples:
  perennial quarantine list --code customer-missing
  perennial quarantine show 5f0c…
  perennial quarantine release 5f0c… --fixed fixed.json
  perennial quarantine discard 5f0c… --reason "test row"`,
    );
  quarantine.addCommand(
    withEngineOptions(new Command('list'))
      .summary('what is quarantined, and why')
      .addOption(new Option('--status <status>', 'which').choices(['open', 'released', 'discarded']).default('open'))
      .option('--code <code>', 'only those of this kind of reason')
      .option('--source <source>', 'only those of this source')
      .option('--limit <number>', 'at most this many')
      .addOption(new Option('--format <format>', 'how the answer is written').choices(FORMATS).default('table'))
      .action(async (options: ListOptions) => {
        const query = QUERIES.find((each) => each.name === 'quarantine');
        if (query === undefined) throw new Error("There is no question 'quarantine'.");
        const { status, code, source, limit } = options;
        await useEngine(options, session, async (engine) => {
          const output = await Output.open(undefined);
          await writeAnswers(allPages(engine, query, { status, code, source, limit }), options.format, output);
        });
      }),
  );
  quarantine.addCommand(
    withEngineOptions(new Command('show'))
      .summary('one event that was quarantined, with its body')
      .argument('<id>', 'quarantine id')
      .action(async (id: string, options: EngineOptions) => {
        await useEngine(options, session, async (engine) => print(await engine.quarantined(id)));
      }),
  );
  quarantine.addCommand(
    withEngineOptions(new Command('release'))
      .summary('take it in after all: as it is, or fixed')
      .argument('<id>', 'quarantine id')
      .option('--fixed <file>', 'the event as it ought to be (JSON)')
      .action(async (id: string, options: EngineOptions & { readonly fixed?: string }) => {
        const fixed = options.fixed === undefined ? undefined : readJson(options.fixed);
        await useEngine(options, session, async (engine) => print(await engine.release(id, fixed)));
      }),
  );
  quarantine.addCommand(
    withEngineOptions(new Command('discard'))
      .summary('set it aside for good')
      .argument('<id>', 'quarantine id')
      .requiredOption('--reason <text>', 'why')
      .action(async (id: string, options: EngineOptions & { readonly reason: string }) => {
        await useEngine(options, session, async (engine) => print(await engine.discard(id, options.reason)));
      }),
  );
  return quarantine;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw rejected(`${file} cannot be read as JSON: ${(error as Error).message}`);
  }
}
