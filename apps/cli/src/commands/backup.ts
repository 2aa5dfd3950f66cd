import { resolve } from 'node:path';
import { Command } from 'commander';
import type { BackupSummary, BackupVerification } from '#backup';
import { BackupError } from '#backup/basics';
import { CliError, EXIT, rejected } from '../exit-codes.js';
import { useEngine, withEngineOptions, type EngineOptions, type Session } from '../session.js';
import { formatBytes, formatDuration, formatNumber, pluralize } from '../terminal/format.js';
import { withExamples } from '../terminal/help.js';
import { showProgress } from '../terminal/show-progress.js';
import { terminalWidth } from '../terminal/width.js';
import { wrap } from '../terminal/wrap.js';

export function backupCommand(session: Session): Command {
  const command = new Command('backup')
    .summary('back up the log and the keys into a folder, while the engine runs')
    .description(
      'Copies the event log and the keys of a data folder into another folder, through the running engine where there is one. Run again with the same ' +
        'folder, it adds the events that are new; at every moment the folder holds a complete backup. The keys are copied after the log, so that every ' +
        'event in the backup can be opened. Read models are not copied: they are rebuilt from the log. ' +
        'Stores on a server are not copied: the command lists them, and says how to back them up.\n' +
        'A backup opens all personal data in it: only the owner of its folder may read it.',
    )
    .argument('<folder>', 'where the backup is kept: an empty folder, or the one of an earlier backup of this engine')
    .action(async (folder: string, options: EngineOptions) => {
      const began = session.clock.now();
      const summary = await useEngine(options, session, async (engine) => {
        const { onProgress, end } = showProgress(session);
        return engine.backUp(resolve(folder), onProgress, session.signal).finally(end);
      }).catch(throwReadable);
      for (const warning of summary.warnings) session.stderr.write(`Warning: ${warning}\n`);
      process.stdout.write(summaryText(summary, session.clock.now() - began));
    });
  withEngineOptions(command);
  command.addCommand(verifyCommand(session));
  return withExamples(
    command,
    'perennial backup /mnt/backup/perennial',
    'perennial backup /mnt/backup/$(date +%A) --data-dir /var/lib/perennial',
    'perennial backup verify /mnt/backup/perennial',
  );
}

function verifyCommand(session: Session): Command {
  const command = new Command('verify')
    .summary('read a whole backup, and check that it can be restored')
    .description(
      'Checks that every file of a backup is there and unchanged, that no event is missing, and that the keys fit the log. Changes nothing and needs no ' +
        'engine. The exit code is 1 where something is wrong.',
    )
    .argument('<folder>', 'folder of the backup')
    .action(async (folder: string) => {
      const { verifyBackup } = await import('#backup');
      const { onProgress, end } = showProgress(session);
      const verification = await verifyBackup(resolve(folder), { onProgress, signal: session.signal })
        .finally(end)
        .catch(throwReadable);
      process.stdout.write(verificationText(resolve(folder), verification));
      process.exitCode = verification.issues.length === 0 ? EXIT.done : EXIT.failed;
    });
  return withExamples(command, 'perennial backup verify /mnt/backup/perennial');
}

function summaryText(summary: BackupSummary, elapsedMs: number): string {
  const { folder, createdAt, position, events, bytes, bytesWritten, kind, notCovered } = summary;
  const added = kind === 'added' ? `${pluralize(events, 'event')} added` : pluralize(events, 'event');
  return [
    `Backed up into ${folder} at ${createdAt}`,
    ...(kind === 'renewed'
      ? [
          '  The backup that was there could not be continued (of another copy of the log, or incomplete), and was replaced.',
        ]
      : []),
    ...(position === null ? [] : [`  log   up to position ${formatNumber(position)}: ${added}`]),
    ...(notCovered.some(({ store }) => store === 'keys') ? [] : ['  keys  complete for these events']),
    `  ${formatBytes(bytesWritten)} written in ${formatDuration(elapsedMs)}, ${formatBytes(bytes)} in all`,
    ...notCoveredLines(notCovered),
    '',
  ].join('\n');
}

function notCoveredLines(notCovered: BackupSummary['notCovered']): string[] {
  if (notCovered.length === 0) return [];
  const width = Math.max(...notCovered.map(({ store }) => store.length));
  return [
    'Not in it:',
    ...notCovered.map(({ store, detail }) => wrap(`  ${store.padEnd(width)}  ${detail}`, terminalWidth(), width + 4)),
  ];
}

function verificationText(folder: string, { manifest, bytes, events, subjects, issues }: BackupVerification): string {
  if (issues.length > 0)
    return `The backup ${folder} is damaged, and cannot be restored:\n${issues.map((issue) => `  ${issue}\n`).join('')}`;
  const { createdAt, log, keys, notCovered } = manifest;
  return [
    `The backup ${folder} is complete.`,
    `  made   ${createdAt}, ${formatBytes(bytes)}, every file as it was written`,
    ...(log === null
      ? []
      : [`  log    ${pluralize(events, 'event')} up to position ${formatNumber(log.position)}, none missing`]),
    ...(keys === null
      ? []
      : [
          `  keys   fit the log: ${pluralize(subjects, 'subject')}, each with a key or erased` +
            (keys.hashKey === 'apart' ? '; the hash key is not in it (HASH_KEY)' : ''),
        ]),
    ...notCoveredLines(notCovered),
    '',
  ].join('\n');
}

const CODES: Readonly<Record<BackupError['code'], (message: string, cause: ErrorOptions) => CliError>> = {
  unsuitable: (message) => rejected(message),
  'other-log': (message) => rejected(message),
  'nothing-covered': (message) => rejected(message),
  missing: (message) => rejected(message),
  newer: (message) => rejected(message),
  occupied: (message) => rejected(message),
  damaged: (message, cause) => new CliError(EXIT.failed, message, cause),
  full: (message, cause) => new CliError(EXIT.stopped, message, cause),
  stopped: (message, cause) => new CliError(EXIT.stopped, message, cause),
};

/** A foreseen error of a backup or a restore as an end of the command. */
export function throwReadable(error: unknown): never {
  if (error instanceof BackupError) throw CODES[error.code](error.message, { cause: error });
  const name = error instanceof Error ? error.name : '';
  if (name === 'EventLogError' && (error as { readonly code?: unknown }).code === 'locked')
    throw new CliError(EXIT.unreachable, (error as Error).message, { cause: error });
  if (['EventLogError', 'KeyStoreError', 'JournalError', 'StoreMismatchError'].includes(name))
    throw new CliError(EXIT.failed, (error as Error).message, { cause: error });
  throw error;
}
