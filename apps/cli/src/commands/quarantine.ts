import { readFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { rejected } from '../exit-codes.js';
import { withFormerOption } from '../former-names.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { Output } from '../terminal/output.js';
import { FORMATS, writeAnswers, type Format } from '../terminal/write-answers.js';
import { allPages, queryNamed } from './query.js';

interface ListOptions extends EngineOptions {
  readonly status: string;
  readonly code?: string;
  readonly source?: string;
  readonly limit?: string;
  readonly format: Format;
}

export function quarantineCommand(session: Session): Command {
  const quarantine = new Command('quarantine')
    .summary('list, show, release or discard events that could not be accepted')
    .description(
      'An event that cannot be accepted is quarantined with the reason. `release` accepts it after all, as it is or fixed, with its original time; `discard` ' +
        'closes it without accepting it.',
    );
  quarantine.addCommand(listCommand(session));
  quarantine.addCommand(showCommand(session));
  quarantine.addCommand(releaseCommand(session));
  quarantine.addCommand(discardCommand(session));
  return withExamples(
    quarantine,
    'perennial quarantine list --code customer-missing',
    'perennial quarantine show 5f0c…',
    'perennial quarantine release 5f0c… --fixed fixed.json',
    'perennial quarantine discard 5f0c… --reason "test row"',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list quarantined events with the reason')
    .description('Lists quarantined events: the source, the reason, and how to fix it.')
    .addOption(
      new Option('--status <status>', 'status of the events')
        .choices(['open', 'released', 'discarded'])
        .default('open'),
    )
    .option('--code <code>', 'only events with this reason code')
    .option('--source <source>', 'only events of this source')
    .option('--limit <number>', 'at most this many events')
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('table'))
    .action(async (options: ListOptions) => {
      const { status, code, source, limit } = options;
      await useEngine(options, session, async (engine) => {
        const output = await Output.open(undefined);
        const pages = allPages(engine, queryNamed('quarantine'), { status, code, source, limit });
        await writeAnswers(pages, options.format, output);
      });
    });
  return withExamples(
    withEngineOptions(command),
    'perennial quarantine list --code customer-missing',
    'perennial quarantine list --status released --format csv',
  );
}

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show one quarantined event with its body')
    .description('Shows one quarantined event as JSON: the reason, the file and line it came from, and its body.')
    .argument('<id>', 'quarantine id')
    .action(async (id: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => print(await engine.quarantinedEvent(id)));
    });
  return withExamples(withEngineOptions(command), 'perennial quarantine show 5f0c…');
}

function releaseCommand(session: Session): Command {
  const command = new Command('release')
    .summary('accept a quarantined event, as it is or fixed')
    .description(
      'Ingests a quarantined event again, with its original time: as it is, for example after a type was registered, or fixed. It stays in quarantine where it is ' +
        'still not valid.',
    )
    .argument('<id>', 'quarantine id')
    .option('--fixed <file>', 'the corrected event as JSON')
    .action(async (id: string, options: EngineOptions & { readonly fixed?: string }) => {
      const fixed = options.fixed === undefined ? undefined : readJson(options.fixed);
      await useEngine(options, session, async (engine) => print(await engine.release(id, fixed)));
    });
  return withExamples(
    withFormerOption(withEngineOptions(command), '--fixed'),
    'perennial quarantine release 5f0c… --fixed fixed.json',
  );
}

function discardCommand(session: Session): Command {
  const command = new Command('discard')
    .summary('close a quarantined event without accepting it')
    .description('Closes a quarantined event without accepting it. The reason is recorded.')
    .argument('<id>', 'quarantine id')
    .requiredOption('--reason <text>', 'why the event is discarded')
    .action(async (id: string, options: EngineOptions & { readonly reason: string }) => {
      await useEngine(options, session, async (engine) => print(await engine.discard(id, options.reason)));
    });
  return withExamples(withEngineOptions(command), 'perennial quarantine discard 5f0c… --reason "test row"');
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
