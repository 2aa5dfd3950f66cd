import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import {
  EventLogError,
  LogMoveError,
  lockDataFolder,
  moveLog,
  type EventLog,
  type Moved,
  type MovedEvent,
  type MoveProgress,
} from '#event-log';
import { RekeyError, type HashKeyChanged } from '#privacy';
import { KeyStoreError } from '#keys';
import type { OnProgress } from '../engine/engine.js';
import { CliError, EXIT, rejected, unreachable, usage } from '../exit-codes.js';
import { isFull } from '../full-disk.js';
import { copyKeys, assertKeysCopyable } from '../migration/copy-keys.js';
import { openTargetLog, openSourceLog } from '../migration/open-log.js';
import { parseLogLocation, type LogLocation } from '../migration/log-location.js';
import { readModelsDigest, type BuildingOptions } from '../migration/read-models-digest.js';
import { foldersOf, rekeyPlan, RekeyedMove, type RekeyOptions } from '../migration/rekeyed-move.js';
import type { Session } from '../session.js';
import { pluralize, formatNumber, formatDuration } from '../terminal/format.js';
import { showProgress } from '../terminal/show-progress.js';

interface MoveCommandOptions extends RekeyOptions {
  readonly from: string;
  readonly to: string;
  readonly models: boolean;
}

export function moveCommand(session: Session): Command {
  return new Command('move')
    .summary('copy the log into another one, and prove it')
    .description(
      'Copies a log, event for event: names, order, recordedAt and metadata are kept; the old log is only read. The engine must be stopped.\n' +
        'Interrupted, the same command goes on where it stopped. A target that holds anything else is rejected. In the end the new log is read\n' +
        'back, and digests of both logs, and of the read models that each gives, are compared.\n' +
        'The keys (keys.db: they open what is sealed, and name the subjects) stay where they are unless --keys is said; the new log is of use\n' +
        'only with them. Read models are not copied: an engine builds them from the log.',
    )
    .addOption(
      new Option(
        '--from <place>',
        'the log that is moved: sqlite:FOLDER, sqlite:FILE or esdb://…',
      ).makeOptionMandatory(),
    )
    .addOption(new Option('--to <place>', 'where it is moved to: the same').makeOptionMandatory())
    .option('--keys', 'copy the key store too, into the folder of the new log')
    .option('--rekey', 'give the new log another hash key: the old keys open nothing of it')
    .option(
      '--old-keys <place>',
      'with --rekey: where the old keys lie: a folder, or the address of a database (KEYS_URL); the folder of --from',
    )
    .option('--new-keys <place>', 'with --rekey: where the new keys are made: the same; the folder of --to')
    .option('--old-hash-key <file>', 'with --rekey: the old hash key, where it is kept apart (64 hex characters)')
    .option('--new-hash-key <file>', 'with --rekey: the new hash key, where it is to be kept apart; else it is made')
    .option('--by <who>', 'with --rekey: who answers for it, for the record in the new log (local)')
    .option('--no-models', 'do not compare the read models: on a long log they take longer than the move')
    .addHelpText(
      'after',
      `
Examples:
  perennial move --from sqlite:./data --to sqlite:/mnt/larger/data --keys
  perennial move --from sqlite:./data --to sqlite:./copy/log.db --no-models
  perennial move --from sqlite:./data --to esdb://127.0.0.1:2113?tls=false
  perennial move --from sqlite:./data --to sqlite:./rekeyed --rekey --by "ticket SEC-12"
  perennial move --from sqlite:./data --to esdb://127.0.0.1:2113?tls=false --rekey --new-keys ./rekeyed
  perennial move --from esdb://127.0.0.1:2113?tls=false --to sqlite:./rekeyed --rekey \\
    --old-keys postgres://keys@127.0.0.1/keys --new-keys postgres://keys@127.0.0.1/new_keys
The password of a database may stand in its address, in PGPASSWORD, or in the file ~/.pgpass.`,
    )
    .action(async (options: MoveCommandOptions) => {
      process.exitCode = await move(options, session);
    });
}

async function move(options: MoveCommandOptions, session: Session): Promise<number> {
  const from = parseLogLocation('--from', options.from);
  const to = parseLogLocation('--to', options.to);
  const folders = [from, to].flatMap((place) => (place.kind === 'sqlite' ? [place.folder] : []));
  if (new Set(folders).size < folders.length)
    throw usage('Both logs lie in one folder: name another one for the new log.');
  if (from.kind === 'eventstore' && to.kind === 'eventstore')
    throw usage(
      'Both logs are on servers. A log is moved from a server to a server by way of a file: first --to sqlite:FOLDER, then --from sqlite:FOLDER' +
        `${options.rekey === true ? ' (with --rekey on one of the two ways)' : ''}; or by the backup of the server itself.`,
    );
  if (from.kind === 'sqlite' && !existsSync(from.file)) throw rejected(`There is no log at ${from.file}.`);
  const keys = options.keys === true ? keysToMove(from, to) : null;
  const plan = rekeyPlan(options, from, to);
  const closing: (() => unknown)[] = [];
  let rekeyed: RekeyedMove | null = null;
  try {
    for (const folder of new Set([...folders, ...(plan === null ? [] : foldersOf(plan))])) {
      const lock = lockDataFolder(folder);
      closing.push(() => lock.release());
    }
    const began = performance.now();
    if (plan !== null) {
      const opened = await RekeyedMove.open(plan);
      closing.push(() => opened.close());
      rekeyed = opened;
    }
    const moved = await copy(from, to, session, rekeyed);
    if (moved.digest === null) {
      session.stderr.write(
        `Stopped. ${pluralize(moved.events, 'event')} are there. The same command goes on from there.\n`,
      );
      return EXIT.stopped;
    }
    const took = performance.now() - began;
    const rate = formatNumber((moved.events / Math.max(1, took)) * 1000);
    process.stdout.write(
      `${pluralize(moved.events, 'event')} of ${from.name} are in ${to.name}: ${formatNumber(moved.copied)} copied, ${formatNumber(moved.events - moved.copied)} were there, in ${formatDuration(took)} (${rate}/s)\n` +
        `  log          ${moved.digest.to}  equal\n`,
    );
    const models = options.models ? moved.events : null;
    if (rekeyed !== null) {
      const change = await proveRekeyed({ from, to, session, events: moved.events, models }, rekeyed);
      process.stdout.write(rekeyed.summary(change));
      return EXIT.done;
    }
    if (models !== null) await compareModels(from, to, session, models);
    if (keys !== null) copyKeys(keys.from, keys.to);
    process.stdout.write(
      keys === null
        ? `The keys stay${from.kind === 'sqlite' ? ` in ${from.folder}` : ''}: an engine on the new log needs them, and no others.\n`
        : `  keys         copied to ${keys.to}\n`,
    );
    return EXIT.done;
  } catch (error) {
    await rekeyed?.discard();
    throw session.signal.aborted && error === session.signal.reason ? stopped() : asCliError(error);
  } finally {
    for (const step of closing.reverse()) await step();
  }
}

const stopped = (): CliError => new CliError(EXIT.stopped, 'Stopped. The same command goes on from there.');

const OTHER_TARGET =
  'If this move was begun before with other options (with or without --rekey, with other keys), end it with those; else name another place, or delete what is there.';

/** An error in the words of a command line, where it was foreseen. */
function asCliError(error: unknown): unknown {
  const goesOn = (message: string): string =>
    `${message} Then give the same command again: it goes on where it stopped.`;
  const outOfRoom = (what: string): string => goesOn(`${what}: what was copied stands. Make room.`);
  const cause = { cause: error };
  if (error instanceof LogMoveError)
    return error.code === 'occupied'
      ? rejected(`${error.message}\n${OTHER_TARGET}`)
      : new CliError(EXIT.failed, error.message, cause);
  if (error instanceof RekeyError) return rejected(error.message);
  if (error instanceof KeyStoreError || error instanceof EventLogError)
    switch (error.code) {
      case 'other-hash-key':
      case 'missing':
      case 'erased-since':
      case 'unproven':
        return rejected(error.message);
      case 'locked':
      case 'in-use':
        return unreachable(error.message, cause);
      case 'unavailable':
      case 'timeout':
        return unreachable(goesOn(error.message), cause);
      case 'full':
        return new CliError(EXIT.stopped, outOfRoom(error.message.split(':')[0] ?? ''), cause);
      default:
        return new CliError(EXIT.failed, error.message, cause);
    }
  if (isFull(error))
    return new CliError(EXIT.stopped, outOfRoom(`A disk is full (${(error as Error).message})`), cause);
  return error;
}

/** Keys lie in a folder on both sides; where a server is one of them, an engine keeps using the folder that it has. */
function keysToMove(from: LogLocation, to: LogLocation): { readonly from: string; readonly to: string } {
  if (from.kind !== 'sqlite' || to.kind !== 'sqlite')
    throw usage(
      '--keys copies keys from a folder to a folder: an engine on EventStoreDB goes on with the DATA_DIR, or the KEYS_URL, that it has.',
    );
  assertKeysCopyable(from.folder, to.folder);
  return { from: from.folder, to: to.folder };
}

async function copy(from: LogLocation, to: LogLocation, session: Session, rekeyed: RekeyedMove | null): Promise<Moved> {
  const { onWork, end } = showProgress(session);
  const source = await openSourceLog(from);
  try {
    await rekeyed?.assertKeysMatch(source);
    const target = await openTargetLog(to);
    try {
      return await moveLog({
        from: source,
        to: rekeyed?.target(target) ?? target,
        signal: session.signal,
        ...(rekeyed === null ? {} : { map: (events: readonly MovedEvent[]) => rekeyed.map(events) }),
        onProgress: ({ step, events, position, head }: MoveProgress) =>
          onWork({ step, done: position, total: head, items: events, unit: 'events' }),
      });
    } finally {
      await target.close();
    }
  } finally {
    end();
    await source.close();
  }
}

interface Proof {
  readonly from: LogLocation;
  readonly to: LogLocation;
  readonly session: Session;
  readonly events: number;
  /** As many events as the read models are built from; null where these are not compared. */
  readonly models: number | null;
}

/**
 * Under another hash key no two bytes are alike: so both logs are read with their own keys and compared in what they tell, and the read models of the old one are renamed
 * before their digests are compared. Then the new log is told that its key changed, and the new keys are put in place.
 */
async function proveRekeyed(
  { from, to, session, events, models }: Proof,
  rekeyed: RekeyedMove,
): Promise<HashKeyChanged> {
  const { onWork, end } = showProgress(session);
  const closing: EventLog[] = [];
  try {
    const before = await openSourceLog(from);
    closing.push(before);
    const after = await openSourceLog(to);
    closing.push(after);
    const compared = await rekeyed.compare(before, after, {
      onEvents: (done) => onWork({ step: 'opening both', done, total: events, unit: 'events' }),
      signal: session.signal,
    });
    if (compared === null) throw stopped();
    if (compared.before !== compared.after)
      throw new CliError(
        EXIT.failed,
        `Opened, the logs differ: ${compared.before} and ${compared.after}. Do not use the new log: delete it and its keys, and move again.`,
      );
    process.stdout.write(`  opened       ${compared.after}  equal, but for the names of the subjects\n`);
    if (models !== null) {
      const now = session.clock.now();
      const old = await modelsOf(before, 'old', now, {
        session,
        onWork,
        events: models,
        renames: rekeyed.mapping,
      });
      const fresh = await modelsOf(after, 'new', now, { session, onWork, events: models });
      end();
      mustBeEqual(old, fresh);
      process.stdout.write(`  read models  ${fresh}  equal, with the subjects renamed\n`);
    }
    return await rekeyed.finish(after, events, session.clock);
  } finally {
    end();
    for (const log of closing) await log.close();
  }
}

/** Both at one instant of one clock: deadlines that fall due in the meantime are no difference. */
async function compareModels(from: LogLocation, to: LogLocation, session: Session, events: number): Promise<void> {
  const { onWork, end } = showProgress(session);
  const now = session.clock.now();
  const digests: string[] = [];
  try {
    for (const [which, place] of [
      ['old', from],
      ['new', to],
    ] as const) {
      const log = await openSourceLog(place);
      try {
        digests.push(await modelsOf(log, which, now, { session, onWork, events }));
      } finally {
        await log.close();
      }
    }
  } finally {
    end();
  }
  const [old = '', moved = ''] = digests;
  mustBeEqual(old, moved);
  process.stdout.write(`  read models  ${moved}  equal\n`);
}

interface Building {
  readonly session: Session;
  readonly onWork: OnProgress;
  readonly events: number;
  readonly renames?: BuildingOptions['renames'];
}

function modelsOf(
  log: EventLog,
  which: 'old' | 'new',
  now: number,
  { session, onWork, events: total, renames }: Building,
): Promise<string> {
  const step = `read models of the ${which} log`;
  onWork({ step, done: 0, total, unit: 'events' });
  let most = 0;
  return readModelsDigest(
    log,
    { now: () => now },
    {
      signal: session.signal,
      ...(renames === undefined ? {} : { renames }),
      onProgress: ({ events, waiting }) => {
        most = Math.max(most, waiting);
        if (events < total) onWork({ step, done: events, total, unit: 'events' });
        else onWork({ step: `${step}: folding`, done: most - waiting, total: most, unit: 'customers' });
      },
    },
  );
}

function mustBeEqual(old: string, fresh: string): void {
  if (old === fresh) return;
  throw new CliError(
    EXIT.failed,
    `The logs are equal, and give read models that differ: ${old} and ${fresh}. Keep the old log, and report this.`,
  );
}
