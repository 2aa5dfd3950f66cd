import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '#event-log';
import type { Clock } from '#platform';
import { DatabaseError, openDatabase, type Database } from '#database';
import { COLUMNS_OF_KEYED_IDS, Projector } from '#projections';
import { liveSchema } from '#projections/schema';
import { CliError, EXIT } from '../exit-codes.js';
import { isFull } from '../full-disk.js';

/** Subject ids that are renamed in one statement. */
const PAIRS_MAX = 20_000;

const HOW_TO_FIX =
  'The log itself is copied. Read models are built in the folder for temporary files: give another one by TMPDIR, or leave them out with --no-models.';

function scratchFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'perennial-move-'));
  } catch (error) {
    throw notBuilt(error as Error);
  }
}

/** Without space for the read models the log is copied nevertheless. */
function notBuilt(error: Error): CliError {
  const why = error.message.replace(/\.$/, '');
  return new CliError(
    isFull(error) ? EXIT.stopped : EXIT.failed,
    `The read models cannot be built in ${tmpdir()}: ${why}. ${HOW_TO_FIX}`,
    { cause: error },
  );
}

const POLL_MS = 250;

export interface BuildingOptions {
  /** The new id of each subject by its old one. The read models are built with the old ids; then every subject in them is renamed. */
  readonly renames?: Iterable<readonly [before: string, after: string]>;
  /** Called with the number of events that were read, and of customers that wait to be folded. */
  readonly onProgress?: (progress: { readonly events: number; readonly waiting: number }) => void;
  /** Aborts with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * The digest of the read models of a log. They are built in a temporary folder; the log's own folder stays as it is.
 */
export async function readModelsDigest(
  log: EventLog,
  clock: Clock,
  { renames, onProgress, signal }: BuildingOptions,
): Promise<string> {
  const folder = scratchFolder();
  try {
    const database = await openDatabase({ kind: 'pglite', folder });
    try {
      const projector = await Projector.open({ database, log: stoppable(log, signal), clock });
      const polling = pollStatus(projector, onProgress);
      try {
        await projector.catchUp();
      } finally {
        await polling.end();
      }
      if (renames !== undefined) await renameSubjects(database, renames);
      return (await projector.digest()).overall;
    } finally {
      await database.close();
    }
  } catch (error) {
    throw error instanceof DatabaseError ? notBuilt(error) : error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function pollStatus(projector: Projector, onProgress: BuildingOptions['onProgress']): { end(): Promise<void> } {
  let current: Promise<unknown> = Promise.resolve();
  let isPolling = false;
  const timer = setInterval(() => {
    if (isPolling) return;
    isPolling = true;
    current = projector
      .status()
      .then(({ counters, dirty }) => onProgress?.({ events: counters.events, waiting: dirty }))
      // Polling only shows progress: an error is thrown by the build itself.
      .catch(() => undefined)
      .finally(() => (isPolling = false));
  }, POLL_MS);
  return {
    end: async () => {
      clearInterval(timer);
      await current;
    },
  };
}

/** The log, which throws the signal's reason once the signal is aborted. */
function stoppable(log: EventLog, signal: AbortSignal): EventLog {
  return new Proxy(log, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...args: unknown[]): unknown => {
        signal.throwIfAborted();
        return Reflect.apply(member, target, args);
      };
    },
  });
}

/** Gives every id that the hash key made, in the tables that a digest covers, its new value. */
async function renameSubjects(database: Database, renames: Iterable<readonly [string, string]>): Promise<void> {
  const live = await liveSchema(database);
  if (live === null) throw new Error('No version of the read models is live.');
  await database.query('CREATE TABLE public.renamed (before text PRIMARY KEY, after text COLLATE "C" NOT NULL)');
  for (const pairs of batchesOf(renames))
    await database.query('INSERT INTO public.renamed SELECT * FROM jsonb_each_text($1::text::jsonb)', [
      JSON.stringify(Object.fromEntries(pairs)),
    ]);
  const to = (column: string) => `(SELECT after FROM public.renamed WHERE before = ${column})`;
  for (const { table, column } of COLUMNS_OF_KEYED_IDS)
    await database.query(`UPDATE ${live}.${table} SET ${column} = ${to(column)}`);
  // In a digest, a customer is identified by the smallest of its subject ids.
  await database.query(
    `UPDATE ${live}.customers c SET digest_id =
      (SELECT min(subject_id) FROM ${live}.subjects s WHERE s.customer_id = c.customer_id)`,
  );
  // A link holds the smaller subject id first.
  await database.query(
    `UPDATE ${live}.links SET a = least(${to('a')}, ${to('b')}), b = greatest(${to('a')}, ${to('b')})`,
  );
}

/** All items, a batch for each statement. */
function* batchesOf<T>(all: Iterable<T>): Generator<readonly T[], void> {
  let batch: T[] = [];
  for (const each of all) {
    batch.push(each);
    if (batch.length < PAIRS_MAX) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
