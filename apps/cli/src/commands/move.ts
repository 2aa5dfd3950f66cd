import { existsSync } from 'node:fs';
import { Command, Option } from 'commander';
import {
  EventLogError,
  LogMoveError,
  lockDataFolder,
  moveLog,
  type Moved,
  type MovedEvent,
  type MoveProgress,
} from '#event-log';
import { RekeyError } from '#intake';
import { KeyStoreError } from '#platform';
import { CliError, EXIT, refused, unreachable, usage } from '../exit-codes.js';
import { copyKeys, keysMustBeMovable } from '../moving/move-keys.js';
import { openToMoveInto, openToRead } from '../moving/open-log.js';
import { logPlace, type LogPlace } from '../moving/place.js';
import { readModelsDigest } from '../moving/read-models-digest.js';
import { rekeyPlan, Rekeyed } from '../moving/rekeyed.js';
import type { Session } from '../session.js';
import { counted, count, duration } from '../terminal/figures.js';
import { showWork } from '../terminal/work.js';

interface MoveCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly keys?: true;
  readonly models: boolean;
  readonly rekey?: true;
  readonly oldKeys?: string;
  readonly newKeys?: string;
  readonly oldHashKey?: string;
  readonly newHashKey?: string;
}

export function moveCommand(session: Session): Command {
  return new Command('move')
    .summary('copy the log into another one, and prove it')
    .description(
      'Copies a log, event for event: names, order, recordedAt and metadata are kept; the old log is only read. The engine must be stopped.\n' +
        'Interrupted, the same command goes on where it stopped. A target that holds anything else is refused. In the end the new log is read\n' +
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
    .option('--old-keys <folder>', 'with --rekey: where the old keys.db lies (the folder of --from)')
    .option('--new-keys <folder>', 'with --rekey: where the new keys.db is made (the folder of --to)')
    .option('--old-hash-key <file>', 'with --rekey: the old hash key, where it is kept apart (64 hex characters)')
    .option('--new-hash-key <file>', 'with --rekey: the new hash key, where it is to be kept apart; else it is made')
    .option('--no-models', 'do not compare the read models: on a long log they take longer than the move')
    .addHelpText(
      'after',
      `
Examples:
  perennial move --from sqlite:./data --to sqlite:/mnt/larger/data --keys
  perennial move --from sqlite:./data --to sqlite:./copy/log.db --no-models
  perennial move --from sqlite:./data --to esdb://127.0.0.1:2113?tls=false
  perennial move --from sqlite:./data --to sqlite:./rekeyed --rekey`,
    )
    .action(async (options: MoveCommandOptions) => {
      process.exitCode = await move(options, session);
    });
}

async function move(options: MoveCommandOptions, session: Session): Promise<number> {
  const from = logPlace('--from', options.from);
  const to = logPlace('--to', options.to);
  const folders = [from, to].flatMap((place) => (place.kind === 'sqlite' ? [place.folder] : []));
  if (new Set(folders).size < folders.length)
    throw usage('Both logs lie in one folder: name another one for the new log.');
  if (from.kind === 'eventstore' && to.kind === 'eventstore')
    throw usage(
      'Both logs are on servers. A log is moved from a server to a server by way of a file: first --to sqlite:FOLDER, then --from sqlite:FOLDER; ' +
        'or by the backup of the server itself.',
    );
  if (from.kind === 'sqlite' && !existsSync(from.file)) throw refused(`There is no log at ${from.file}.`);
  const keys = options.keys === true ? keysToMove(from, to) : null;
  const plan = rekeyPlan(options, from, to);
  const closing: (() => unknown)[] = [];
  try {
    for (const folder of new Set([...folders, ...(plan === null ? [] : [plan.oldKeys, plan.newKeys])])) {
      const lock = lockDataFolder(folder);
      closing.push(() => lock.release());
    }
    const began = performance.now();
    const rekeyed = plan === null ? null : await Rekeyed.open(plan);
    if (rekeyed !== null) closing.push(() => rekeyed.close());
    const moved = await copy(from, to, session, rekeyed);
    if (moved.digest === null) {
      session.stderr.write(
        `Stopped. ${counted(moved.events, 'event')} are there. The same command goes on from there.\n`,
      );
      return EXIT.stopped;
    }
    const took = performance.now() - began;
    const rate = count((moved.events / Math.max(1, took)) * 1000);
    process.stdout.write(
      `${counted(moved.events, 'event')} of ${from.name} are in ${to.name}: ${count(moved.copied)} copied, ${count(moved.events - moved.copied)} were there, in ${duration(took)} (${rate}/s)\n` +
        `  log          ${moved.digest.to}  equal\n`,
    );
    if (rekeyed !== null && plan !== null) {
      await proveRekeyed(from, to, session, rekeyed, options.models);
      await rekeyed.finish();
      process.stdout.write(rekeyed.words());
      return EXIT.done;
    }
    if (options.models) await compareModels(from, to, session);
    if (keys !== null) await copyKeys(keys.from, keys.to);
    process.stdout.write(
      keys === null
        ? `The keys stay${from.kind === 'sqlite' ? ` in ${from.folder}` : ''}: an engine on the new log needs them, and no others.\n`
        : `  keys         copied to ${keys.to}\n`,
    );
    return EXIT.done;
  } catch (error) {
    if (error instanceof LogMoveError)
      throw error.code === 'occupied' ? refused(error.message) : new CliError(EXIT.failed, error.message);
    if (error instanceof RekeyError) throw refused(error.message);
    if (error instanceof KeyStoreError && error.code === 'other-hash-key') throw refused(error.message);
    if (error instanceof EventLogError && error.code === 'locked') throw unreachable(error.message, { cause: error });
    if (error instanceof EventLogError && (error.code === 'unavailable' || error.code === 'timeout'))
      throw unreachable(`${error.message} The same command goes on from there.`, { cause: error });
    if (error instanceof EventLogError && error.code === 'full')
      throw new CliError(EXIT.stopped, `${error.message} Make room; the same command goes on from there.`);
    throw error;
  } finally {
    for (const step of closing.reverse()) await step();
  }
}

/** Keys lie in a folder on both sides; where a server is one of them, an engine keeps using the folder that it has. */
function keysToMove(from: LogPlace, to: LogPlace): { readonly from: string; readonly to: string } {
  if (from.kind !== 'sqlite' || to.kind !== 'sqlite')
    throw usage(
      '--keys copies keys from a folder to a folder: an engine on EventStoreDB goes on with the DATA_DIR, or the KEYS_URL, that it has.',
    );
  keysMustBeMovable(from.folder, to.folder);
  return { from: from.folder, to: to.folder };
}

async function copy(from: LogPlace, to: LogPlace, session: Session, rekeyed: Rekeyed | null): Promise<Moved> {
  const { onWork, end } = showWork(session);
  const source = await openToRead(from);
  try {
    await rekeyed?.mustFit(source);
    const target = await openToMoveInto(to);
    try {
      return await moveLog({
        from: source,
        to: target,
        signal: session.stop,
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

/**
 * Under another hash key no two bytes are alike: so both logs are read with their own keys and compared in what they tell, and the read models of the old one are renamed
 * before their digests are compared.
 */
async function proveRekeyed(
  from: LogPlace,
  to: LogPlace,
  session: Session,
  rekeyed: Rekeyed,
  models: boolean,
): Promise<void> {
  const { onWork, end } = showWork(session);
  const [before, after] = [await openToRead(from), await openToRead(to)];
  try {
    const { position: total } = await before.head();
    const compared = await rekeyed.compare(before, after, {
      onEvents: (done) =>
        onWork({ step: 'opening both', done, total: from.kind === 'sqlite' ? total : null, unit: 'events' }),
      pairs: models,
      signal: session.stop,
    });
    if (compared === null) throw new CliError(EXIT.stopped, 'Stopped. The same command goes on from there.');
    if (compared.before !== compared.after)
      throw new CliError(
        EXIT.failed,
        `Opened, the logs differ: ${compared.before} and ${compared.after}. Delete the new log and its keys.db.new.`,
      );
    process.stdout.write(`  opened       ${compared.after}  equal, but for the names of the subjects\n`);
    if (!models) return;
    const now = session.clock.now();
    onWork({ step: 'building read models', done: 0, total: 2, unit: 'logs' });
    const old = await readModelsDigest(before, { now: () => now }, rekeyed.pairs);
    onWork({ step: 'building read models', done: 1, total: 2, unit: 'logs' });
    const fresh = await readModelsDigest(after, { now: () => now });
    end();
    if (old !== fresh)
      throw new CliError(EXIT.failed, `The logs are equal, and give read models that differ: ${old} and ${fresh}.`);
    process.stdout.write(`  read models  ${fresh}  equal, with the subjects renamed\n`);
  } finally {
    end();
    await Promise.all([before.close(), after.close()]);
  }
}

/** Both at one instant of one clock: deadlines that fall due meanwhile are no difference. */
async function compareModels(from: LogPlace, to: LogPlace, session: Session): Promise<void> {
  const { onWork, end } = showWork(session);
  const now = session.clock.now();
  const digests: string[] = [];
  for (const place of [from, to]) {
    onWork({ step: 'building read models', done: digests.length, total: 2, unit: 'logs' });
    const log = await openToRead(place);
    try {
      digests.push(await readModelsDigest(log, { now: () => now }));
    } finally {
      await log.close();
    }
  }
  end();
  const [old, moved] = digests;
  if (old !== moved)
    throw new CliError(EXIT.failed, `The logs are equal, and give read models that differ: ${old} and ${moved}.`);
  process.stdout.write(`  read models  ${moved}  equal\n`);
}
