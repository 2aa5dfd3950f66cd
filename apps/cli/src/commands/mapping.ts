import { readFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { Command, Option } from 'commander';
import { readCatalogue } from '../catalogue/catalogue.js';
import { rejected, usage } from '../exit-codes.js';
import { withExamples } from '../terminal/help.js';
import { issueLines } from '../terminal/issue-lines.js';
import { presetOptions } from './preset-options.js';

interface GivenOptions {
  readonly source?: string;
  readonly currency?: string;
  readonly timeZone?: string;
  readonly output?: string;
}

export async function mappingCommand(): Promise<Command> {
  const mapping = new Command('mapping')
    .summary('propose, validate or show a mapping of a file')
    .description(
      'A mapping says how the rows of a file become touchpoints (docs/importing.md). `init` proposes one from the header and the first rows of a file, `validate` checks one, ' +
        'and `show` prints what a preset reads. None of them needs an engine.',
    );
  mapping.addCommand(initCommand());
  mapping.addCommand(validateCommand());
  mapping.addCommand(await showCommand());
  return withExamples(
    mapping,
    'perennial mapping init orders.csv --output orders.mapping.json',
    'perennial mapping validate orders.mapping.json',
    'perennial mapping show shopify-orders',
  );
}

function initCommand(): Command {
  const command = new Command('init')
    .summary('propose a mapping for a file')
    .description(
      'Reads the header and the first rows of a file, and proposes a mapping: the delimiter, the encoding, the formats of dates and amounts, and which columns are what. What is to be ' +
        'checked stands in "comment". Try the mapping with import --dry-run.',
    )
    .argument('<file>', 'CSV or NDJSON')
    .action(async (file: string, options: GivenOptions) => {
      const { FileBroken, FileRejected, proposeMapping } = await import('#imports');
      const { timeZone, currency, source } = presetOptions({ name: 'mapping', source: sourceOf(file) }, options, {
        timeZone: 'UTC',
        currency: null,
      });
      try {
        const proposal = await proposeMapping({ path: file, name: basename(file) }, { source, timeZone, currency });
        write(proposal.mapping, options.output);
        for (const remark of proposal.remarks) process.stderr.write(`check ${remark}\n`);
      } catch (error) {
        if (error instanceof FileRejected) throw rejected(`${basename(file)}: ${error.message}. ${error.hint}`);
        if (error instanceof FileBroken) throw rejected(`${basename(file)}: ${error.message}`);
        if ((error as NodeJS.ErrnoException).code === undefined) throw error;
        throw rejected(`${file} cannot be read: ${(error as Error).message}`);
      }
    });
  return withExamples(withGiven(command), 'perennial mapping init orders.csv --time-zone Europe/Berlin --currency EUR');
}

function validateCommand(): Command {
  const command = new Command('validate')
    .summary('check a mapping')
    .description('Checks a mapping, and lists everything that is wrong with it.')
    .argument('<file>', 'mapping document (JSON)')
    .action(async (file: string) => {
      const { MappingRejected, parseMapping } = await import('#imports');
      let document: unknown;
      try {
        document = JSON.parse(readFileSync(file, 'utf8'));
      } catch (error) {
        throw rejected(`${file} cannot be read as JSON: ${(error as Error).message}`);
      }
      try {
        parseMapping(document);
      } catch (error) {
        if (!(error instanceof MappingRejected)) throw error;
        throw rejected(`${file} is not a valid mapping:${issueLines(error.errors)}`);
      }
      process.stdout.write(`${file} is a valid mapping.\n`);
    });
  return withExamples(command, 'perennial mapping validate orders.mapping.json');
}

async function showCommand(): Promise<Command> {
  const { presets } = await readCatalogue();
  const mapped = presets.flatMap(({ name, isMapping }) => (isMapping ? [name] : []));
  const command = new Command('show')
    .summary('print what a preset reads, as a mapping to be changed')
    .description('Prints the mapping that a preset is: to be read, or to be changed where a file differs.')
    .argument('<preset>', mapped.join(', '))
    .action(async (name: string, options: GivenOptions) => {
      const { PRESETS } = await import('#imports');
      const preset = PRESETS.find((each) => each.name === name);
      if (preset?.mapping === undefined)
        throw usage(`'${name}' is not a preset that is a mapping: use one of ${mapped.join(', ')}.`);
      const { needsCurrency: _needs, ...known } = preset;
      write(preset.mapping(presetOptions(known, options, { timeZone: 'UTC', currency: null })), options.output);
    });
  return withExamples(withGiven(command), 'perennial mapping show shopify-orders --output shop.mapping.json');
}

function withGiven(command: Command): Command {
  return command
    .addOption(new Option('--source <name>', 'source of the touchpoints'))
    .addOption(new Option('--currency <code>', 'currency of amounts without one'))
    .addOption(new Option('--time-zone <zone>', 'time zone of dates without an offset (default: UTC)'))
    .addOption(new Option('--output <file>', 'write the mapping to a file, which must not exist'));
}

/** The name of a file without its ending: `orders` of `orders.csv.gz`. */
function sourceOf(file: string): string {
  return basename(file).replace(/\.(?:csv|tsv|txt|ndjson|jsonl|json|gz)\b/gi, '') || 'import';
}

function write(mapping: object, output: string | undefined): void {
  const text = `${JSON.stringify(mapping, null, 2)}\n`;
  if (output === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(output, text, { flag: 'wx' });
  } catch (error) {
    throw rejected(`${output} cannot be written: ${(error as Error).message}`);
  }
}
