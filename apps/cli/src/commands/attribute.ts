import { Command, Option } from 'commander';
import { nearest } from '#contracts/basics';
import type { AttributeListing } from '#ingestion';
import { rejected } from '../exit-codes.js';
import { readDocument } from '../read-document.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { withExamples } from '../terminal/help.js';
import { tableText } from '../terminal/table.js';

interface FormatOptions extends EngineOptions {
  readonly format: 'text' | 'json';
}

export function attributeCommand(session: Session): Command {
  const attribute = new Command('attribute')
    .summary('define what is known of customers beside their stage: define, list, show, remove')
    .description(
      'An attribute is what sources state of a customer (a plan, a birthday), or what follows from touchpoints (orders of 30 days). A definition says its type, whose ' +
        'value holds, and whether customers may be selected by it. docs/attributes.md shows all of it; perennial query attributes shows the values of one customer.',
    );
  attribute.addCommand(defineCommand(session));
  attribute.addCommand(listCommand(session));
  attribute.addCommand(showCommand(session));
  attribute.addCommand(removeCommand(session));
  return withExamples(
    attribute,
    'perennial attribute define plan.yaml',
    'perennial attribute list',
    'perennial query attributes --identifier userId:42 --purpose service',
  );
}

const withFormat = (command: Command): Command =>
  command.addOption(new Option('--format <format>', 'output format').choices(['text', 'json']).default('text'));

function defineCommand(session: Session): Command {
  const command = new Command('define')
    .summary('define an attribute, or replace its definition by the next version')
    .description(
      'Defines an attribute by a document in JSON or YAML. The same definition again changes nothing; a changed one takes the next version.',
    )
    .argument('<file>', 'the definition, as JSON or YAML')
    .action(async (file: string, options: EngineOptions) => {
      const { value: document } = await readDocument(file);
      await useEngine(options, session, async (engine) => {
        const { name, version, changed } = await engine.defineAttribute(document);
        process.stdout.write(
          changed
            ? `Defined version ${version} of the attribute ${name} with ${engine.place}.\n`
            : `Version ${version} of the attribute ${name} is defined so already: nothing was recorded.\n`,
        );
      });
    });
  return withExamples(withEngineOptions(command), 'perennial attribute define plan.yaml');
}

function listCommand(session: Session): Command {
  const command = new Command('list')
    .summary('list the attributes that are defined')
    .description('Lists the attributes that are defined, by name.')
    .action(async (options: FormatOptions) => {
      await useEngine(options, session, async (engine) => {
        const attributes = await engine.attributes();
        if (options.format === 'json') process.stdout.write(`${JSON.stringify(attributes, null, 2)}\n`);
        else if (attributes.length === 0)
          session.stderr.write('There is no attribute: perennial attribute define defines one.\n');
        else process.stdout.write(tableText(COLUMNS, attributes.map(rowOf)));
      });
    });
  return withExamples(withEngineOptions(withFormat(command)), 'perennial attribute list');
}

const COLUMNS = [
  { name: 'name', type: 'text', description: 'the name of the attribute' },
  { name: 'version', type: 'integer', description: 'the newest version of its definition' },
  { name: 'kind', type: 'text', description: 'the type of what sources state, or the function of what is computed' },
  { name: 'from', type: 'text', nullable: true, description: 'the touchpoints that it follows from' },
  { name: 'use', type: 'text', description: 'closed, filterable, or the band by which it is filtered' },
] as const;

const rowOf = ({ name, version, profile, computed }: AttributeListing) => ({
  ...{ name, version, kind: profile?.type ?? computed?.function ?? '' },
  from: computed === undefined ? null : [computed.of, computed.field].filter((each) => each !== undefined).join(' '),
  use: profile?.band === undefined ? (profile?.use ?? 'filterable') : `by ${profile.band.by}`,
});

function showCommand(session: Session): Command {
  const command = new Command('show')
    .summary('show the definition of one attribute')
    .description('Shows the definition of one attribute, as JSON.')
    .argument('<name>', 'the name of the attribute')
    .action(async (name: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const all = await engine.attributes();
        const found = all.find((each) => each.name === name);
        if (found === undefined) throw unknownAttribute(name, all);
        process.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial attribute show plan');
}

function removeCommand(session: Session): Command {
  const command = new Command('remove')
    .summary('remove the definition of an attribute; what sources stated stays in the log')
    .description(
      'Removes the definition of an attribute: it is closed from then on, and the read models lose what they held of it in the clear. What sources stated stays in the log.',
    )
    .argument('<name>', 'the name of the attribute')
    .action(async (name: string, options: EngineOptions) => {
      await useEngine(options, session, async (engine) => {
        const { version } = await engine.removeAttribute(name);
        process.stdout.write(`Removed the attribute ${name} (version ${version}) from ${engine.place}.\n`);
      });
    });
  return withExamples(withEngineOptions(command), 'perennial attribute remove plan');
}

function unknownAttribute(name: string, all: readonly AttributeListing[]): Error {
  const likely = nearest(
    name,
    all.map((each) => each.name),
  );
  return rejected(
    `No attribute '${name}' is defined.${likely === null ? '' : ` Did you mean ${likely}?`} perennial attribute list lists all of them.`,
  );
}
