import { Command, Option } from 'commander';
import type { ClosedMany, ManyQuarantined } from '#ingestion';
import type { Engine } from '../engine/engine.js';
import { EXIT, rejected, usage } from '../exit-codes.js';
import { withFormerOption } from '../former-names.js';
import { statedOpening, withOpeningOptions, type OpeningOptions } from '../opening-options.js';
import { readDocument } from '../read-document.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { confirm } from '../terminal/confirm.js';
import { formatNumber, pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { Output } from '../terminal/output.js';
import { FORMATS, writeAnswers, type Format } from '../terminal/write-answers.js';
import { allPages } from './query.js';

interface ListOptions extends EngineOptions {
  readonly status: string;
  readonly code?: string;
  readonly source?: string;
  readonly file?: string;
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
    'perennial quarantine show 5f0c… --purpose complaint',
    'perennial quarantine release 5f0c… --fixed fixed.json',
    'perennial quarantine discard --file orders.csv --reason "test rows"',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list quarantined events with the reason')
    .description('Lists quarantined events: the file and line that they came from, the reason, and how to fix it.')
    .addOption(
      new Option('--status <status>', 'status of the events')
        .choices(['open', 'released', 'discarded', 'replaced'])
        .default('open'),
    )
    .option('--code <code>', 'only events with this reason code')
    .option('--source <source>', 'only events of this source')
    .option('--file <name>', 'only rows of this file')
    .option('--limit <number>', 'at most this many events')
    .addOption(new Option('--format <format>', 'output format').choices(FORMATS).default('table'))
    .action(async (options: ListOptions) => {
      const { status, code, source, file, limit } = options;
      await useEngine(options, session, async (engine) => {
        const output = await Output.open(undefined);
        const pages = allPages(engine, 'quarantine', { status, code, source, file, limit });
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
    .description(
      'Shows one quarantined event as JSON: the reason, the file and line it came from, and, with --purpose, its body.',
    )
    .argument('<id>', 'quarantine id')
    .action(async (id: string, options: EngineOptions & OpeningOptions) => {
      await useEngine(options, session, async (engine) =>
        print(await engine.quarantinedEvent(id, statedOpening(options))),
      );
    });
  return withExamples(
    withEngineOptions(withOpeningOptions(command)),
    'perennial quarantine show 5f0c… --purpose complaint --ticket C-123',
  );
}

function releaseCommand(session: Session): Command {
  const command = new Command('release')
    .summary('accept quarantined events, as they are or fixed')
    .description(
      'Ingests a quarantined event again, with its original time: as it is, for example after a type was registered, or fixed. It stays in quarantine where it is ' +
        'still not valid. Without an id, all open events by code, source or file are released as they are.',
    )
    .argument('[id]', 'quarantine id')
    .option('--fixed <file>', 'the corrected event as JSON');
  withSelection(command).action(async (id: string | undefined, options: ReleaseOptions) => {
    const fixed = options.fixed === undefined ? undefined : (await readDocument(options.fixed)).value;
    const selection = selectionOf(id, options);
    if (selection === null)
      return useEngine(options, session, async (engine) => print(await engine.release(id ?? '', fixed)));
    if (fixed !== undefined) throw usage('--fixed is the event in the place of one: give its id.');
    await useEngine(options, session, (engine) =>
      closeMany(engine, selection, { verb: 'release', done: 'released', yes: options.yes === true }, (page) =>
        engine.releaseMany(page),
      ),
    );
  });
  return withExamples(
    withFormerOption(withEngineOptions(command), '--fixed'),
    'perennial quarantine release 5f0c… --fixed fixed.json',
    'perennial quarantine release --code type-unknown',
  );
}

function discardCommand(session: Session): Command {
  const command = new Command('discard')
    .summary('close quarantined events without accepting them')
    .description(
      'Closes a quarantined event without accepting it. The reason is recorded. Without an id, all open events of a code, source or file are discarded.',
    )
    .argument('[id]', 'quarantine id')
    .requiredOption('--reason <text>', 'why the event is discarded');
  withSelection(command).action(async (id: string | undefined, options: DiscardOptions) => {
    const selection = selectionOf(id, options);
    if (selection === null)
      return useEngine(options, session, async (engine) => print(await engine.discard(id ?? '', options.reason)));
    await useEngine(options, session, (engine) =>
      closeMany(engine, selection, { verb: 'discard', done: 'discarded', yes: options.yes === true }, (page) =>
        engine.discardMany(page, options.reason),
      ),
    );
  });
  return withExamples(
    withEngineOptions(command),
    'perennial quarantine discard 5f0c… --reason "test row"',
    'perennial quarantine discard --file orders.csv --reason "test" --yes',
  );
}

interface SelectionOptions extends EngineOptions {
  readonly code?: string;
  readonly source?: string;
  readonly file?: string;
  readonly yes?: true;
}

interface ReleaseOptions extends SelectionOptions {
  readonly fixed?: string;
}

interface DiscardOptions extends SelectionOptions {
  readonly reason: string;
}

function withSelection(command: Command): Command {
  return command
    .option('--code <code>', 'all open events with this reason code')
    .option('--source <source>', 'all open events of this source')
    .option('--file <name>', 'all open rows of this file')
    .option('--yes', 'do not ask for confirmation');
}

/** Null where one event is meant, by its id. */
function selectionOf(id: string | undefined, { code, source, file }: SelectionOptions): ManyQuarantined | null {
  const selection = {
    ...(code === undefined ? {} : { code }),
    ...(source === undefined ? {} : { source }),
    ...(file === undefined ? {} : { file }),
  };
  const isMany = Object.keys(selection).length > 0;
  if (id !== undefined && isMany) throw usage('Give either an id, or --code, --source and --file.');
  if (id === undefined && !isMany)
    throw usage('Give the id of an event, or which are meant: --code, --source or --file.');
  return isMany ? selection : null;
}

/** Closes all events of a selection, once they were counted and confirmed. */
async function closeMany(
  engine: Engine,
  selection: ManyQuarantined,
  { verb, done, yes }: { readonly verb: string; readonly done: string; readonly yes: boolean },
  close: (selection: ManyQuarantined) => Promise<ClosedMany>,
): Promise<void> {
  const { code, source, file } = selection;
  let open = 0;
  const codes = new Map<string, number>();
  for await (const { rows } of allPages(engine, 'quarantine', { status: 'open', code, source, file }))
    for (const row of rows) {
      open += 1;
      const found = String(row['code']);
      codes.set(found, (codes.get(found) ?? 0) + 1);
    }
  if (open === 0) throw rejected('No open event is meant by this: perennial quarantine list shows them.');
  const kinds = [...codes].map(([found, number]) => `${formatNumber(number)} × ${found}`).join(', ');
  const what = `${pluralize(open, 'open event')} (${kinds})`;
  if (!yes)
    await confirm({
      question: `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${what}?`,
      unattended: `This would ${verb} ${what}`,
      declined: `Nothing was done to the ${what}.`,
    });
  let next: number | null = -1;
  const counts = { closed: 0, kept: 0 };
  do {
    const answer: ClosedMany = await close(next < 0 ? selection : { ...selection, after: next });
    counts.closed += answer.closed;
    counts.kept += answer.kept;
    next = answer.next;
  } while (next !== null);
  process.stdout.write(`${formatNumber(counts.closed)} ${done}, ${formatNumber(counts.kept)} kept\n`);
  if (counts.kept > 0) process.exitCode = EXIT.quarantined;
}

function print(value: unknown): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}
