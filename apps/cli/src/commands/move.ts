import { Command, Option } from 'commander';
import type { MoveCommandOptions } from '../migration/move.js';
import type { Session } from '../session.js';
import { withExamples } from '../terminal/help.js';

export function moveCommand(session: Session): Command {
  const command = new Command('move')
    .summary('copy the log into another store, and verify the copy')
    .description(
      'Copies a log event by event into another store: ids, order, recordedAt and metadata stay; the old log is only read. The engine must be stopped. If the ' +
        'command is interrupted, the same command continues. A target that holds anything else is rejected. Finally the new log is read back, and the digests ' +
        'of both logs and of their read models are compared.\n' +
        'The keys (keys.db) open what is sealed and name the subjects: the new log is useless without them. They stay where they are unless you give --keys. ' +
        'Read models are not copied: an engine builds them from the log.',
    )
    .addOption(
      new Option('--from <location>', 'the log to copy: sqlite:FOLDER, sqlite:FILE or esdb://…').makeOptionMandatory(),
    )
    .addOption(new Option('--to <location>', 'the new log, in the same notation').makeOptionMandatory())
    .option('--keys', 'copy the key store too, into the folder of the new log')
    .option('--rekey', 'give the new log a new hash key: the old keys open nothing of it')
    .option(
      '--old-keys <location>',
      'the keys of the log, a folder or a database address as in KEYS_URL: they seal text that is still in the clear (default: the folder of --from)',
    )
    .option('--new-keys <location>', 'with --rekey: where the new keys are created (default: the folder of --to)')
    .option('--old-hash-key <file>', 'with --rekey: the old hash key, if it is kept apart (64 hex characters)')
    .option('--new-hash-key <file>', 'with --rekey: the new hash key, to keep it apart (default: a random one)')
    .option('--by <name>', 'with --rekey: who is responsible, for the record in the new log (default: local)')
    .option('--no-models', 'do not compare the read models, which takes longer than the copy on a long log')
    .action(async (options: MoveCommandOptions) => {
      const { move } = await import('../migration/move.js');
      process.exitCode = await move(options, session);
    });
  withExamples(
    command,
    'perennial move --from sqlite:./data --to sqlite:/mnt/larger/data --keys',
    'perennial move --from sqlite:./data --to sqlite:./copy/log.db --no-models',
    "perennial move --from sqlite:./data --to 'esdb://127.0.0.1:2113?tls=false'",
    'perennial move --from sqlite:./data --to sqlite:./rekeyed --rekey',
    "perennial move --from 'esdb://127.0.0.1:2113?tls=false' \\",
    '    --to sqlite:./rekeyed --rekey --old-keys postgres://keys@127.0.0.1/keys \\',
    '    --new-keys postgres://keys@127.0.0.1/new_keys',
  );
  return command.addHelpText(
    'after',
    '\nThe password of a database is read from its address, PGPASSWORD or ~/.pgpass.',
  );
}
