import { Command, InvalidArgumentError, Option } from 'commander';
import { ENCODING_NAMES, encodingOf } from '#imports/basics';
import { readCatalogue } from '../catalogue/catalogue.js';
import { withEngineOptions, type Session } from '../session.js';
import { helpSection, withExamples } from '../terminal/help.js';
import type { ImportOptions } from './import-file.js';
import { wholeNumber } from './whole-number.js';

export async function importCommand(session: Session): Promise<Command> {
  const { presets } = await readCatalogue();
  const command = new Command('import')
    .summary('import the rows of a CSV or NDJSON file as touchpoints')
    .description(
      'Imports the rows of a file as touchpoints. A mapping (docs/importing.md) or a preset describes the format of the file; gzip is unpacked. An invalid row is ' +
        'quarantined with its file, line and reason. Importing a file again adds nothing.',
    )
    .argument('<file>', 'CSV or NDJSON, or the format of the preset; - for standard input, or a pipe')
    .addOption(
      new Option('--preset <name>', 'a known file format, instead of a mapping').choices(
        presets.map(({ name }) => name),
      ),
    )
    .addOption(new Option('--mapping <file>', 'mapping document (JSON)').conflicts('preset'))
    .addOption(new Option('--time-zone <zone>', "time zone of a preset's dates (default: that of the business)"))
    .addOption(
      new Option('--currency <code>', 'currency of a preset whose file names none (default: that of the business)'),
    )
    .addOption(
      new Option('--source <name>', "source of a preset's touchpoints, for a second shop of the same kind").conflicts(
        'mapping',
      ),
    )
    .addOption(
      new Option(
        '--encoding <label>',
        'encoding of the file, such as windows-1252 (default: that of the mapping, or else utf-8)',
      ).argParser(encodingLabel),
    )
    .addOption(
      new Option('--batch-size <number>', 'touchpoints per commit').default(1000).argParser(wholeNumber(1, 100_000)),
    )
    .addOption(new Option('--dry-run', 'write nothing: show counts, the first faults and three finished touchpoints'))
    .addOption(new Option('--from-start', 'do not continue where an interrupted import of this file stopped'))
    .addOption(
      new Option('--shuffle <seed>', 'import in a random order, for tests (holds all rows in memory)').argParser(
        wholeNumber(0, 2 ** 32 - 1),
      ),
    )
    .addOption(new Option('--no-wait', 'do not wait until the read models have caught up'))
    .addOption(new Option('--timings', 'show how long each step took'))
    .action(async (file: string, options: ImportOptions) => {
      const { importFile } = await import('./import-file.js');
      process.exitCode = await importFile(file, options, session);
    });
  withEngineOptions(command).addHelpText(
    'after',
    helpSection(
      'Presets',
      presets.map(({ name, summary }) => [name, summary] as const),
    ),
  );
  return withExamples(
    command,
    'perennial import CDNOW_sample.txt --preset cdnow',
    'perennial import online-retail.csv.gz --preset online-retail --timings',
    'perennial import orders.csv --mapping orders.mapping.json --dry-run',
    'perennial import orders_export.csv --preset shopify-orders',
  );
}

function encodingLabel(label: string): string {
  if (encodingOf(label) !== null) return label;
  throw new InvalidArgumentError(`It is not an encoding that is read: use one of ${ENCODING_NAMES.join(', ')}.`);
}
