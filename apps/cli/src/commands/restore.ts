import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import type { RestoreSummary } from '#backup';
import type { Config } from '#platform';
import type { ErasureJournal } from '#privacy';
import { usage } from '../exit-codes.js';
import type { Session } from '../session.js';
import { pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { showProgress } from '../terminal/show-progress.js';
import { terminalWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';
import { throwReadable } from './backup.js';

interface RestoreCommandOptions {
  readonly dataDir: string;
  readonly erasureJournal?: string;
  readonly force?: true;
}

const SILENT = { debug: () => undefined, info: () => undefined, warn: () => undefined };

export function restoreCommand(session: Session): Command {
  const command = new Command('restore')
    .summary('make a data folder of a backup')
    .description(
      'Verifies a backup, makes the log and the keys of it in an empty data folder, and erases again the persons who were erased since, by the journal ' +
        'of erasures. The engine must be stopped. With --force the content of the data folder is replaced, and kept in a folder beside it. The engine ' +
        'rebuilds the read models at its first start. If the command is interrupted, run it again.',
    )
    .argument('<folder>', 'folder of the backup')
    .addOption(new Option('--data-dir <folder>', 'data folder to restore into').env('DATA_DIR').default('./data'))
    .addOption(
      new Option('--erasure-journal <place>', 'the journal of erasures: a file, or kafka: and a topic').env(
        'ERASURE_JOURNAL',
      ),
    )
    .option('--force', 'replace the content of the data folder, and keep it beside')
    .action(async (folder: string, options: RestoreCommandOptions) => {
      const { restoreBackup } = await import('#backup');
      const config = await settings(options);
      const journal = await journalOf(config);
      const { onProgress, end } = showProgress(session);
      const now = () => session.clock.now();
      const restored = await restoreBackup(resolve(folder), {
        ...{ config, journal, force: options.force === true, now, onProgress, signal: session.signal },
      })
        .finally(async () => {
          end();
          await journal?.close();
        })
        .catch(throwReadable);
      if (journal === null) session.stderr.write(`${wrap(noJournal(restored), session.stderr.columns ?? null, 2)}\n`);
      process.stdout.write(summaryText(restored, config, journal));
    });
  return withExamples(
    command,
    'perennial restore /mnt/backup/perennial --data-dir /var/lib/perennial',
    'perennial restore /mnt/backup/perennial --force \\',
    '    --erasure-journal /mnt/safe/erasures.ndjson',
  );
}

async function settings({ dataDir, erasureJournal }: RestoreCommandOptions): Promise<Config> {
  const { ConfigError, readConfig } = await import('#platform');
  try {
    return readConfig({
      ...process.env,
      DATA_DIR: dataDir,
      ...(erasureJournal === undefined ? {} : { ERASURE_JOURNAL: erasureJournal }),
    });
  } catch (error) {
    throw error instanceof ConfigError ? usage(error.message) : error;
  }
}

async function journalOf(config: Config): Promise<ErasureJournal | null> {
  const [{ ConfigError }, { openErasureJournal }] = await Promise.all([import('#platform'), import('#privacy')]);
  try {
    return await openErasureJournal(config, SILENT);
  } catch (error) {
    throw error instanceof ConfigError ? usage(error.message) : throwReadable(error);
  }
}

const noJournal = ({ manifest }: RestoreSummary): string =>
  `Warning: ERASURE_JOURNAL is not set, so nothing says who was erased after ${manifest.createdAt}. Erase those persons again ` +
  'before the engine is used, and set ERASURE_JOURNAL from now on.';

function summaryText(restored: RestoreSummary, config: Config, journal: ErasureJournal | null): string {
  const { dataDir, manifest, events, subjects, keptIn, reconciled } = restored;
  const { createdAt } = manifest;
  const what =
    manifest.log === null ? 'the keys' : `${pluralize(events, 'event')} of ${pluralize(subjects, 'subject')}`;
  const steps = [
    ...(manifest.keys === null
      ? []
      : ['API keys are those of the backup: revoke again those that were revoked since (perennial keys revoke).']),
    ...(manifest.log === null
      ? []
      : [
          `Events that were received after ${createdAt} are not in it. Let the channels send them again: what the log holds already counts as duplicate.`,
        ]),
    ...(manifest.log !== null && config.kafkaBrokers !== null
      ? [
          `Let intake read Kafka from that instant on: kafka-consumer-groups.sh --group ${config.kafkaGroup} --all-topics --reset-offsets --to-datetime ${createdAt.replace('Z', '')} --execute`,
        ]
      : []),
    'Start the engine: it rebuilds the read models, and publishes the present state of each customer once, marked as resync.',
  ];
  const lines = [
    `Restored ${what} into ${dataDir}, as they were at ${createdAt}`,
    ...(keptIn === null ? [] : [`  The former content is in ${keptIn}`]),
    ...(journal === null
      ? []
      : [
          reconciled === null
            ? `  The journal of erasures (${journal.place}) is applied when the engine starts`
            : `  The journal of erasures (${journal.place}) has ${pluralize(reconciled.erasures, 'erasure')}: ${reconciled.applied === 0 ? 'all were in the backup' : `${reconciled.applied} made since the backup, applied again`}`,
        ]),
    'Next:',
    ...steps.map((step, at) => `  ${at + 1}. ${step}`),
  ];
  return lines.map((line) => `${wrap(line, terminalWidth(), 5)}\n`).join('');
}
