import { Command, Option } from 'commander';
import { SOURCE_KINDS } from '#contracts/basics';
import type { SourceListing } from '#ingestion';
import type { ApiKeyInfo, JsonObject } from '../engine/engine.js';
import { readDocument } from '../read-document.js';
import { rejected, usage } from '../exit-codes.js';
import { rateOption } from '../rate-option.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';

interface FormatOptions extends EngineOptions {
  readonly format: 'text' | 'json';
}

interface SettingOptions extends FormatOptions {
  readonly kind?: string;
  readonly test?: boolean;
  readonly live?: boolean;
  readonly types?: readonly string[];
  readonly channel?: string;
  readonly currency?: string;
  readonly timeZone?: string;
  readonly brand?: string;
  readonly contract?: Readonly<Record<string, number>>;
  readonly origins?: readonly string[];
  readonly tracking?: string;
  readonly remove?: readonly string[];
}

export function sourcesCommand(session: Session): Command {
  const sources = new Command('sources')
    .summary('register the channel systems that publish events: create, list, show, change, pause, resume, retire')
    .description(
      'A source is a channel system that publishes events, under the name that they state in `source`. Registering it says what it may send and what holds ' +
        'where its events do not say it themselves, and gives it a key that publishes for it alone. docs/sources.md shows it from end to end.',
    );
  sources.addCommand(createCommand(session));
  sources.addCommand(listCommand(session));
  sources.addCommand(showCommand(session));
  sources.addCommand(changeCommand(session));
  sources.addCommand(statusCommand(session, 'pause', 'paused', 'quarantine what a source sends, until it is resumed'));
  sources.addCommand(statusCommand(session, 'resume', 'active', 'accept again what a paused source sends'));
  sources.addCommand(
    statusCommand(session, 'retire', 'retired', 'retire a source for good; what it sent stays, its name stays its own'),
  );
  return withExamples(
    sources,
    'perennial sources create shop --kind api --channel "web shop" --currency EUR',
    'perennial sources list',
    'perennial sources pause shop',
  );
}

function withSettings(command: Command): Command {
  return command
    .option('--types <list>', 'the types that it may send, with commas between them; all by default', listOf)
    .option('--channel <name>', 'the channel of its events that state none')
    .option('--currency <code>', 'the currency of its events that state none, such as EUR')
    .option('--time-zone <name>', 'the zone of its times without an offset, such as Europe/Berlin')
    .option('--brand <name>', 'the brand of its events that state none')
    .option('--contract <list>', 'the versions of data that it sends: case-resolved=1,order-placed=1', versionsOf)
    .option('--origins <list>', 'the web origins whose pages may send with its key: https://shop.example', listOf)
    .option('--tracking <file>', 'how the events of its analytics library become touchpoints: docs/tracking.md')
    .option('--test', 'its events are test or internal traffic: kept, and counted in no figure');
}

const withFormat = (command: Command): Command =>
  command.addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'));

function createCommand(session: Session): Command {
  const command = new Command('create')
    .summary('register a source and show its key once')
    .description(
      'Registers a source and prints a key that publishes for it alone. The key is shown this once: store it now. Topics (kafka) and files need no key.',
    )
    .argument('<name>', 'the name that its events state in `source`')
    .addOption(
      new Option('--kind <kind>', 'how it reaches the engine').choices([...SOURCE_KINDS]).makeOptionMandatory(),
    )
    .addOption(rateOption('what its key may do in a minute: events=60000,rejected=600; off: no limit'))
    .action(async (name: string, options: SettingOptions & { readonly rate?: ApiKeyInfo['rate'] }) => {
      await useEngine(options, session, async (engine) => {
        const { rate } = options;
        const described = { name, ...(await settingsOf(options)), ...(rate === undefined ? {} : { rate }) };
        const { key, ...source } = await engine.createSource(described);
        if (options.format === 'json') process.stdout.write(`${JSON.stringify({ name: source.name, key })}\n`);
        else if (key === null) process.stdout.write(`Registered the source ${source.name} with ${engine.place}.\n`);
        else {
          session.stderr.write(
            `Registered the source ${source.name} with ${engine.place}. Its key is shown only this once:\n`,
          );
          process.stdout.write(`${key}\n`);
        }
      });
    });
  return withExamples(
    withEngineOptions(withFormat(withSettings(command))),
    'perennial sources create shop --kind api',
    'perennial sources create app --kind segment --types site-visited,order-placed',
    'perennial sources create till --kind api --rate events=6000',
    'perennial sources create erp --kind kafka --time-zone Europe/Berlin',
  );
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the sources, with when each was last seen and what it sent in the last hour and day')
    .description(
      'Lists the sources, registered or not, with when each was last seen, and how many events came in and how many of them were quarantined: in the current hour ' +
        'and the one before, and in the 24 hours before as well.',
    )
    .action(async (options: FormatOptions) => {
      await useEngine(options, session, async (engine) => {
        const sources = await engine.sources();
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(sources, null, 2)}\n`);
        else if (sources.length === 0)
          session.stderr.write('There is no source: perennial sources create registers one.\n');
        else process.stdout.write(tableText(COLUMNS, sources.map(rowOf)));
      });
    });
  return withExamples(withEngineOptions(withFormat(command)), 'perennial sources list');
}

const COLUMNS = [
  { name: 'name', type: 'text', description: 'as its events state it' },
  { name: 'kind', type: 'text', nullable: true, description: 'how it reaches the engine' },
  { name: 'status', type: 'text', description: 'active, paused, retired, or unregistered' },
  { name: 'test', type: 'text', nullable: true, description: 'test: its events count in no figure' },
  { name: 'lastSeenAt', type: 'instant', nullable: true, description: 'when the last event came in' },
  { name: 'hour', type: 'integer', nullable: true, description: 'events of the last hour' },
  { name: 'hourQuarantined', type: 'integer', nullable: true, description: 'of those, quarantined' },
  { name: 'day', type: 'integer', nullable: true, description: 'events of the last day' },
  { name: 'dayQuarantined', type: 'integer', nullable: true, description: 'of those, quarantined' },
] as const;

const rowOf = ({ name, kind, status, test, lastSeenAt, lastHour, lastDay }: SourceListing) => ({
  ...{ name, kind: kind ?? null, status, test: test === true ? 'test' : null, lastSeenAt },
  ...{ hour: lastHour?.received ?? null, hourQuarantined: lastHour?.quarantined ?? null },
  ...{ day: lastDay?.received ?? null, dayQuarantined: lastDay?.quarantined ?? null },
});

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show one source with all its settings')
    .description('Shows one source with all its settings, when it was last seen, and its outcomes.')
    .argument('<name>', 'the name that its events state in `source`')
    .action(async (name: string, options: FormatOptions) => {
      await useEngine(options, session, async (engine) => {
        const found = (await engine.sources()).find((each) => each.name === name);
        if (found === undefined)
          throw rejected(`There is no source '${name}': perennial sources list shows all of them.`);
        process.stdout.write(options.format === 'json' ? `${JSON.stringify(found, null, 2)}\n` : textOf(found));
      });
    });
  return withExamples(withEngineOptions(withFormat(command)), 'perennial sources show shop');
}

function changeCommand(session: Session): Command {
  const command = withSettings(
    new Command('change')
      .summary('change what a source is and may send')
      .description('Changes what a source is and may send, from now on: nothing that was accepted before changes.')
      .argument('<name>', 'the name that its events state in `source`')
      .addOption(new Option('--kind <kind>', 'how it reaches the engine').choices([...SOURCE_KINDS])),
  )
    .option('--live', 'it sends live traffic from now on; its events of before stay marked')
    .option(
      '--remove <list>',
      'settings to remove: types, channel, currency, time-zone, brand, contract, origins, tracking',
      listOf,
    )
    .action(async (name: string, options: SettingOptions) => {
      await useEngine(options, session, async (engine) => {
        const source = await engine.changeSource(name, await settingsOf(options));
        process.stdout.write(options.format === 'json' ? `${JSON.stringify(source, null, 2)}\n` : textOf(source));
      });
    });
  return withExamples(
    withEngineOptions(withFormat(command)),
    'perennial sources change shop --channel "web shop"',
    'perennial sources change shop --live',
    'perennial sources change shop --origins https://shop.example',
    'perennial sources change app --tracking events.json',
    'perennial sources change shop --remove types,brand',
  );
}

function statusCommand(
  session: Session,
  verb: string,
  status: 'active' | 'paused' | 'retired',
  summary: string,
): Command {
  const command = new Command(verb)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .argument('<name>', 'the name that its events state in `source`')
    .action(async (name: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const source = await engine.setSourceStatus(name, status);
        process.stdout.write(`The source ${source.name} of ${engine.place} is ${source.status}.\n`);
      });
    });
  return withExamples(withEngineOptions(command), `perennial sources ${verb} shop`);
}

/** The settings that the options state, by the names that documents have. */
async function settingsOf(options: SettingOptions): Promise<JsonObject> {
  const {
    kind,
    test,
    live,
    types,
    channel,
    currency,
    timeZone,
    brand,
    contract: versions,
    origins,
    remove = [],
  } = options;
  if (test === true && live === true) throw usage('Give --test or --live, not both.');
  const given: Record<string, unknown> = { kind, types, channel, currency, timeZone, brand, versions, origins };
  if (options.tracking !== undefined) given['tracking'] = (await readDocument(options.tracking)).value;
  if (test === true || live === true) given['test'] = test === true;
  for (const name of remove) {
    const field = REMOVABLE.get(name);
    if (field === undefined)
      throw usage(`--remove cannot remove '${name}': give one or more of ${[...REMOVABLE.keys()].join(', ')}.`);
    given[field] = null;
  }
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

const REMOVABLE: ReadonlyMap<string, string> = new Map([
  ...['types', 'channel', 'currency', 'brand', 'origins', 'tracking'].map((name) => [name, name] as const),
  ['time-zone', 'timeZone'],
  ['contract', 'versions'],
]);

const listOf = (text: string): readonly string[] => text.split(',').map((each) => each.trim());

function versionsOf(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(
    listOf(text).map((pair) => {
      const [name = '', version = ''] = pair.split('=');
      if (name === '' || !/^\d{1,4}$/.test(version))
        throw usage(`--contract cannot read '${pair}': write it as order-placed=1, with commas between several.`);
      return [name, Number(version)];
    }),
  );
}

function textOf(source: SourceListing): string {
  const lines = Object.entries(source).flatMap(([name, value]): string[] => {
    if (value === null || value === undefined) return [];
    const text = Array.isArray(value) ? value.join(', ') : typeof value === 'object' ? pairsOf(value) : String(value);
    return [`${name.padEnd(14)}${text}\n`];
  });
  return lines.join('');
}

const pairsOf = (value: object): string =>
  Object.entries(value)
    .map(([name, each]) => `${name} ${typeof each === 'object' ? JSON.stringify(each) : String(each)}`)
    .join(', ');
