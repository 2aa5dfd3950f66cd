import { existsSync } from 'node:fs';
import { join } from 'node:path';
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
import { requireApproved } from '#approvals';
import { ActRequested, LOCAL_PRINCIPAL } from '#platform';
import { ClearTextSealer, RekeyError, type HashKeyChanged } from '#privacy';
import { KeyStoreError, Sealer, type RekeyableKeyStore } from '#keys';
import type { OnProgress } from '../engine/engine.js';
import { CliError, EXIT, rejected, unreachable, usage } from '../exit-codes.js';
import { isFull } from '../full-disk.js';
import { copyKeys, assertKeysCopyable } from './copy-keys.js';
import { assertKeysExist, openOldKeys, parseKeysLocation, readHashKey } from './keys-location.js';
import { openTargetLog, openSourceLog } from './open-log.js';
import { parseLogLocation, type LogLocation } from './log-location.js';
import { readModelsDigest, type BuildingOptions } from './read-models-digest.js';
import { foldersOf, rekeyPlan, RekeyedMove, type RekeyOptions, type RekeyPlan } from './rekeyed-move.js';
import { showRequested, type Session } from '../session.js';
import { pluralize, formatNumber, formatDuration } from '../terminal/format.js';
import { showProgress } from '../terminal/show-progress.js';

/** The options of `perennial move`. */
export interface MoveCommandOptions extends RekeyOptions {
  readonly from: string;
  readonly to: string;
  readonly models: boolean;
}

/** Copies a log into another store, and verifies the copy. Returns the exit code. */
export async function move(options: MoveCommandOptions, session: Session): Promise<number> {
  const from = parseLogLocation('--from', options.from);
  const to = parseLogLocation('--to', options.to);
  const folders = [from, to].flatMap((place) => (place.kind === 'sqlite' ? [place.folder] : []));
  if (new Set(folders).size < folders.length)
    throw usage('--from and --to are in the same folder: give another folder for the new log.');
  if (from.kind === 'eventstore' && to.kind === 'eventstore')
    throw usage(
      'Both logs are on servers. Copy a log from a server to a server by way of a file: first --to sqlite:FOLDER, then --from sqlite:FOLDER' +
        `${options.rekey === true ? ' (with --rekey on one of the two)' : ''}; or use the backup of the server itself.`,
    );
  if (from.kind === 'sqlite' && !existsSync(from.file))
    throw rejected(`--from: ${from.file} does not exist. Give the data folder, or the file, of an existing log.`);
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
      await requireRekeyApproved(from, to, plan, session);
      const opened = await RekeyedMove.open(plan);
      closing.push(() => opened.close());
      rekeyed = opened;
    }
    const sealing = plan === null ? await openSealingKeys(options, from) : null;
    closing.push(() => sealing?.close());
    const clearText = sealing === null ? null : new ClearTextSealer(new Sealer(sealing));
    const moved = await copy(from, to, session, { rekeyed, clearText });
    if (moved.digest === null) {
      session.stderr.write(
        `Stopped. ${pluralize(moved.events, 'event')} are copied. Run the same command again: it continues from there.\n`,
      );
      return EXIT.stopped;
    }
    const took = performance.now() - began;
    const rate = formatNumber((moved.events / Math.max(1, took)) * 1000);
    process.stdout.write(
      `${pluralize(moved.events, 'event')} of ${from.name} are in ${to.name}: ${formatNumber(moved.copied)} copied, ${formatNumber(moved.events - moved.copied)} already there, in ${formatDuration(took)} (${rate}/s)\n` +
        `  log          ${moved.digest.to}  equal\n`,
    );
    process.stdout.write(clearTextSummary(rekeyed?.clearTexts ?? clearText?.counts ?? null));
    const models = options.models ? moved.events : null;
    if (rekeyed !== null) {
      const change = await verifyRekeyed({ from, to, session, events: moved.events, models }, rekeyed);
      process.stdout.write(rekeyed.summary(change));
      return EXIT.done;
    }
    if (models !== null) await compareModels(from, to, session, models);
    if (keys !== null) copyKeys(keys.from, keys.to);
    process.stdout.write(
      keys === null
        ? `The keys stay${from.kind === 'sqlite' ? ` in ${from.folder}` : ''}: an engine on the new log needs exactly these keys.\n`
        : `  keys         copied to ${keys.to}\n`,
    );
    return EXIT.done;
  } catch (error) {
    await rekeyed?.discard();
    if (error instanceof ActRequested) return showRequested(error);
    throw session.signal.aborted && error === session.signal.reason ? stopped() : asCliError(error);
  } finally {
    for (const step of closing.reverse()) await step();
  }
}

/** Under four eyes the move is requested in the old log, and approved while its engine runs. */
async function requireRekeyApproved(
  from: LogLocation,
  to: LogLocation,
  plan: RekeyPlan,
  session: Session,
): Promise<void> {
  const log = await openSourceLog(from);
  try {
    const detail = { from: from.name, to: to.name, newKeys: plan.newKeys.name };
    await requireApproved(log, session.clock, { acts: ['rekey'], by: LOCAL_PRINCIPAL, detail });
  } finally {
    await log.close();
  }
}

/** The keys that seal what is still in the clear. Null where none are named, and the folder of the log has none that open. */
async function openSealingKeys(
  { oldKeys, oldHashKey }: RekeyOptions,
  from: LogLocation,
): Promise<RekeyableKeyStore | null> {
  const hashKey = readHashKey('--old-hash-key', oldHashKey);
  if (oldKeys !== undefined) {
    const place = parseKeysLocation('--old-keys', oldKeys, from);
    assertKeysExist('--old-keys', place);
    return openOldKeys(place, hashKey);
  }
  if (from.kind !== 'sqlite' || !existsSync(join(from.folder, 'keys.db'))) return null;
  try {
    return await openOldKeys(parseKeysLocation('--old-keys', undefined, from), hashKey);
  } catch (error) {
    // Its hash key is kept apart: a copy of the log alone does not need it.
    if (error instanceof KeyStoreError && error.code === 'other-hash-key') return null;
    throw error;
  }
}

function clearTextSummary(counts: ClearTextSealer['counts'] | null): string {
  if (counts === null)
    return 'Text that older versions stored in the clear was copied as it is: no keys were at hand to seal it. Name them with --old-keys to seal it.\n';
  const { sealed, dropped } = counts;
  return [
    ...(sealed === 0 ? [] : [`  sealed       free text of ${pluralize(sealed, 'event')} that was in the clear\n`]),
    ...(dropped === 0 ? [] : [`  left out     free text of ${pluralize(dropped, 'event')} of erased customers\n`]),
  ].join('');
}

const stopped = (): CliError =>
  new CliError(EXIT.stopped, 'Stopped. Run the same command again: it continues from there.');

const OTHER_TARGET =
  'If an earlier run used other options (with or without --rekey, or other keys), finish it with those. Otherwise give another --to, or delete what is there.';

/** A foreseen error as an end of the command; any other error as it is. */
function asCliError(error: unknown): unknown {
  const runAgain = (message: string): string => `${message} Then run the same command again: it continues from there.`;
  const outOfRoom = (what: string): string => runAgain(`${what}: what was copied stays. Free some space.`);
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
        return unreachable(runAgain(error.message), cause);
      case 'full':
        return new CliError(EXIT.stopped, outOfRoom(error.message.split(':')[0] ?? ''), cause);
      default:
        return new CliError(EXIT.failed, error.message, cause);
    }
  if (isFull(error))
    return new CliError(EXIT.stopped, outOfRoom(`A disk is full (${(error as Error).message})`), cause);
  return error;
}

/** Keys are copied from a folder to a folder; with a server on either side, the engine keeps its own key store. */
function keysToMove(from: LogLocation, to: LogLocation): { readonly from: string; readonly to: string } {
  if (from.kind !== 'sqlite' || to.kind !== 'sqlite')
    throw usage(
      '--keys copies keys from a folder to a folder, and one of the logs is on a server: leave it out. The engine keeps its DATA_DIR or KEYS_URL.',
    );
  assertKeysCopyable(from.folder, to.folder);
  return { from: from.folder, to: to.folder };
}

async function copy(
  from: LogLocation,
  to: LogLocation,
  session: Session,
  { rekeyed, clearText }: { readonly rekeyed: RekeyedMove | null; readonly clearText: ClearTextSealer | null },
): Promise<Moved> {
  const mapping = rekeyed ?? clearText;
  const { onProgress, end } = showProgress(session);
  const source = await openSourceLog(from);
  try {
    await rekeyed?.assertKeysMatch(source);
    const target = await openTargetLog(to);
    try {
      return await moveLog({
        from: source,
        to: rekeyed?.target(target) ?? target,
        signal: session.signal,
        ...(mapping === null ? {} : { map: (events: readonly MovedEvent[]) => mapping.map(events) }),
        onProgress: ({ step, events, position, head }: MoveProgress) =>
          onProgress({ step, done: position, total: head, items: events, unit: 'events' }),
      });
    } finally {
      await target.close();
    }
  } finally {
    end();
    await source.close();
  }
}

interface Verification {
  readonly from: LogLocation;
  readonly to: LogLocation;
  readonly session: Session;
  readonly events: number;
  /** The number of events that the read models are built from; null where they are not compared. */
  readonly models: number | null;
}

/**
 * Under another hash key no bytes are equal. So both logs are opened with their own keys and their contents compared, and the subjects in the old
 * log's read models are renamed before the digests are compared. Then the new log records that its key changed, and the new keys are activated.
 */
async function verifyRekeyed(
  { from, to, session, events, models }: Verification,
  rekeyed: RekeyedMove,
): Promise<HashKeyChanged> {
  const { onProgress, end } = showProgress(session);
  const closing: EventLog[] = [];
  try {
    const before = await openSourceLog(from);
    closing.push(before);
    const after = await openSourceLog(to);
    closing.push(after);
    const compared = await rekeyed.compare(before, after, {
      onEvents: (done) => onProgress({ step: 'comparing opened events', done, total: events, unit: 'events' }),
      signal: session.signal,
    });
    if (compared === null) throw stopped();
    if (compared.before !== compared.after)
      throw new CliError(
        EXIT.failed,
        `The contents of the logs differ: ${compared.before} and ${compared.after}. Do not use the new log: delete it and its keys, and run the command again.`,
      );
    process.stdout.write(`  opened       ${compared.after}  equal except for the subject ids\n`);
    if (models !== null) {
      const now = session.clock.now();
      const old = await modelsOf(before, 'old', now, {
        session,
        onProgress,
        events: models,
        renames: rekeyed.renames(),
      });
      const fresh = await modelsOf(after, 'new', now, { session, onProgress, events: models });
      end();
      assertEqual(old, fresh);
      process.stdout.write(`  read models  ${fresh}  equal, with the subject ids renamed\n`);
    }
    return await rekeyed.finish(after, events, session.clock);
  } finally {
    end();
    for (const log of closing) await log.close();
  }
}

/** Both are built at one instant, so that deadlines that fall due in the meantime make no difference. */
async function compareModels(from: LogLocation, to: LogLocation, session: Session, events: number): Promise<void> {
  const { onProgress, end } = showProgress(session);
  const now = session.clock.now();
  const digests: string[] = [];
  try {
    for (const [which, place] of [
      ['old', from],
      ['new', to],
    ] as const) {
      const log = await openSourceLog(place);
      try {
        digests.push(await modelsOf(log, which, now, { session, onProgress, events }));
      } finally {
        await log.close();
      }
    }
  } finally {
    end();
  }
  const [old = '', moved = ''] = digests;
  assertEqual(old, moved);
  process.stdout.write(`  read models  ${moved}  equal\n`);
}

interface Building {
  readonly session: Session;
  readonly onProgress: OnProgress;
  readonly events: number;
  readonly renames?: BuildingOptions['renames'];
}

function modelsOf(
  log: EventLog,
  which: 'old' | 'new',
  now: number,
  { session, onProgress, events: total, renames }: Building,
): Promise<string> {
  const step = `read models of the ${which} log`;
  onProgress({ step, done: 0, total, unit: 'events' });
  let most = 0;
  return readModelsDigest(
    log,
    { now: () => now },
    {
      signal: session.signal,
      ...(renames === undefined ? {} : { renames }),
      onProgress: ({ events, waiting }) => {
        most = Math.max(most, waiting);
        if (events < total) onProgress({ step, done: events, total, unit: 'events' });
        else onProgress({ step: `${step}: folding`, done: most - waiting, total: most, unit: 'customers' });
      },
    },
  );
}

function assertEqual(old: string, fresh: string): void {
  if (old === fresh) return;
  throw new CliError(
    EXIT.failed,
    `The logs are equal, but their read models differ: ${old} and ${fresh}. Keep the old log, and report this.`,
  );
}
