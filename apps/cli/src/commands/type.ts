import { Command, Option } from 'commander';
import { CREATES, useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { readDocument } from '../read-document.js';
import { withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';
import { typeCheckCommand } from './type-check.js';
import { typeNamed, typeText } from './types.js';

interface ListOptions extends EngineOptions {
  readonly format: 'text' | 'json';
  readonly registered?: true;
}

interface RegisterOptions extends EngineOptions {
  readonly dryRun?: true;
}

export function typeCommand(session: Session): Command {
  const type = new Command('type')
    .summary('touchpoint types as contracts: list, show, register, check')
    .description(
      'A business registers touchpoint types of its own, each by a JSON Schema in versions; a new version takes all that the one before takes. ' +
        'docs/adding-a-touchpoint.md explains them, and perennial query violations lists what did not meet its contract, by source and day.',
    );
  type.addCommand(listCommand(session));
  type.addCommand(showCommand(session));
  type.addCommand(registerCommand(session));
  type.addCommand(typeCheckCommand(session));
  return withExamples(
    type,
    'perennial type list --registered',
    'perennial type register campsite-booked.yaml --dry-run',
    'perennial type check bookings.ndjson --type campsite-booked',
  );
}

const COLUMNS = [
  { name: 'name', type: 'text', description: 'the name' },
  { name: 'version', type: 'integer', description: 'the newest version of its data' },
  { name: 'group', type: 'text', description: 'the group of the catalogue' },
  { name: 'origin', type: 'text', description: 'who acts' },
  { name: 'by', type: 'text', description: 'built in, or registered by the business' },
] as const;

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the touchpoint types with their newest versions')
    .description('Lists the touchpoint types: built-in ones in the order of the catalogue, then those of the business.')
    .option('--registered', 'only those that the business registered')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (options: ListOptions) => {
      await useEngine(options, session, async (engine) => {
        const { types } = await engine.types();
        const listed = types.filter(({ isCustom }) => isCustom || options.registered !== true);
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
        else if (listed.length === 0)
          session.stderr.write('No type of the business is registered: perennial type register registers one.\n');
        else
          process.stdout.write(
            tableText(
              COLUMNS,
              listed.map(({ name, version, group, origin, isCustom }) => ({
                ...{ name, version, group, origin, by: isCustom ? 'registered' : 'built in' },
              })),
            ),
          );
      });
    });
  return withExamples(withEngineOptions(command), 'perennial type list', 'perennial type list --registered');
}

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show one type: its fields and what they mean, or its schema')
    .description('Shows the fields of one type, what each means, and an example; with --format json its JSON Schema.')
    .argument('<name>', 'the name of the type')
    .addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'))
    .action(async (name: string, options: ListOptions) => {
      await useEngine(options, session, async (engine) => {
        const shown = typeNamed(name, (await engine.types()).types);
        process.stdout.write(options.format === 'json' ? `${JSON.stringify(shown, null, 2)}\n` : typeText(shown));
      });
    });
  return withExamples(withEngineOptions(command), 'perennial type show order-placed');
}

function registerCommand(session: Session): Command {
  const command = new Command('register')
    .summary('register a type of the business, or the next version of one')
    .description(
      'Registers a touchpoint type by a document in JSON or YAML: name, version, origin, group and schema. From then on its events are accepted. The same definition ' +
        'again changes nothing. A new version is rejected where it does not take all that the one before takes.',
    )
    .argument('<file>', 'the definition, as JSON or YAML')
    .option('--dry-run', 'only check whether it could be registered')
    .action(async (file: string, options: RegisterOptions) => {
      const { value: definition } = await readDocument(file);
      await useEngine(
        options,
        session,
        async (engine) => {
          if (options.dryRun === true) {
            const request = { definition: definition as Readonly<Record<string, unknown>> };
            const { name, version, changed } = await engine.checkType(request);
            const could =
              changed === false
                ? 'is registered so already'
                : `could be registered${version === 1 ? '' : `: it takes all that version ${version - 1} takes`}`;
            process.stdout.write(`Version ${version} of ${name} ${could}. Nothing was registered.\n`);
            return;
          }
          const { name, version, position } = await engine.registerType(definition);
          process.stdout.write(
            position === null
              ? `Version ${version} of ${name} is registered so already: nothing was recorded.\n`
              : `Registered version ${version} of ${name} with ${engine.place}.\n`,
          );
        },
        options.dryRun === true ? undefined : CREATES,
      );
    });
  return withExamples(
    withEngineOptions(command),
    'perennial type register campsite-booked.yaml --dry-run',
    'perennial type register campsite-booked.yaml',
  );
}
