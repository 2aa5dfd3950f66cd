import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { formatInstant } from '#contracts/basics';
import type { EventLog } from '#event-log';
import type { Config } from '#platform';
import { StoreMismatchError } from '#platform/basics';
import { rejected, unreachable, usage } from '../exit-codes.js';
import type { Session } from '../session.js';
import { withExamples } from '../terminal/help.js';

interface LogOptions {
  readonly dataDir: string;
}

interface AcceptOptions extends LogOptions {
  readonly yes?: true;
}

/** Which log a data folder belongs to, and what an operator decides where the end of it is lost. */
export function logCommand(session: Session): Command {
  const command = new Command('log')
    .summary('show which event log a data folder belongs to, or accept that its end is lost')
    .description(
      'Every event log has an identity, and every copy of it one of its own; keys and read models record both, and another log is rejected. The engine must be stopped.',
    );
  command.addCommand(showCommand(session));
  command.addCommand(acceptCommand(session));
  return withExamples(command, 'perennial log show', 'perennial log accept --yes');
}

const withDataDir = (command: Command): Command =>
  command.addOption(
    new Option('--data-dir <folder>', 'data folder').env('DATA_DIR').default('./data').helpGroup('Engine:'),
  );

function showCommand({ clock }: Session): Command {
  const command = new Command('show')
    .summary('show the identity and the length of the log')
    .description(
      'Shows the identity of the log, of this copy of it, how long it is, and where the log of the folder was last.',
    )
    .action(async ({ dataDir }: LogOptions) => {
      await withLog(dataDir, clock, async (log, config) => {
        const { readFolderRecord } = await import('#event-log');
        const { logId, copyId } = await log.identity();
        const { position, recordedAt } = await log.head();
        const lines = [
          ['log', logId],
          ['copy', copyId],
          ['position', `${position}${position === 0 ? '' : `  recorded ${formatInstant(recordedAt)}`}`],
          ['folder', readFolderRecord(config.dataDir)?.place ?? 'belongs to no log yet'],
        ];
        process.stdout.write(lines.map(([name = '', value = '']) => `${name.padEnd(10)}${value}\n`).join(''));
      });
    });
  return withExamples(withDataDir(command), 'perennial log show');
}

function acceptCommand({ clock }: Session): Command {
  const command = new Command('accept')
    .summary('accept that the end of the log is lost, and go on with it as it is')
    .description(
      'For a log whose newest copy is gone for good. It becomes another copy of itself: the next start archives the read models, rebuilds them from the log as it is, and ' +
        'publishes the current state of each customer once more. What the lost events said is lost; what their senders send again is accepted. Keys and webhooks stay.',
    )
    .option('--yes', 'confirm it')
    .action(async ({ dataDir, yes }: AcceptOptions) => {
      await withLog(dataDir, clock, async (log, config) => {
        const { markOf, writeFolderRecord } = await import('#event-log');
        const mark = await markOf(log);
        if (mark === null) throw rejected('The log holds no event: there is nothing to accept.');
        const end = `position ${mark.position}, recorded ${formatInstant(mark.recordedAt)}`;
        if (yes !== true)
          throw usage(
            `The log ends at ${end}. Everything after it is lost for good once the engine goes on from there. Look for a newer copy first; then run the command again with --yes.`,
          );
        const identity = await log.becomeAnotherCopy();
        writeFolderRecord(config.dataDir, config.eventLog, identity);
        process.stdout.write(
          `The log counts as it is now: it ends at ${end}, and is copy ${identity.copyId}. The next start rebuilds the read models from it.\n`,
        );
      });
    });
  return withExamples(withDataDir(command), 'perennial log accept --yes');
}

/** Opens the log of a stopped engine without the stores beside it. */
async function withLog(
  dataDir: string,
  clock: Session['clock'],
  work: (log: EventLog, config: Config) => Promise<void>,
): Promise<void> {
  const [{ EventLogError, lockDataFolder, MemoryIdTable, openLogOf }, { checkFolder }, { settingsOf }] =
    await Promise.all([import('#event-log'), import('#privacy'), import('../engine/settings-of.js')]);
  const config = { ...settingsOf(), dataDir: resolve(dataDir) };
  try {
    checkFolder(config, false);
    const lock = lockDataFolder(config.dataDir);
    try {
      const log = await openLogOf(config, clock, new MemoryIdTable());
      await work(log, config).finally(() => log.close());
    } finally {
      lock.release();
    }
  } catch (error) {
    if (error instanceof StoreMismatchError) throw rejected(error.message);
    if (error instanceof EventLogError && error.code === 'locked') throw unreachable(error.message, { cause: error });
    throw error;
  }
}
