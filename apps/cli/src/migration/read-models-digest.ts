import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { EventLog } from '#event-log';
import type { Clock } from '#platform';
import { DatabaseError, openDatabase, type Database } from '#database';
import { Projector } from '#projections';
import { liveSchema } from '#projections/schema';
import { CliError, EXIT } from '../exit-codes.js';
import { isFull } from '../full-disk.js';

/** Pairs that go over in one statement. */
const PAIRS_MAX = 20_000;

const WITHOUT =
  'The log itself is copied. Read models are built in the folder for temporary files: name another one with TMPDIR, or leave them out with --no-models.';

function scratchFolder(): string {
  try {
    return mkdtempSync(join(tmpdir(), 'perennial-move-'));
  } catch (error) {
    throw notBuilt(error as Error);
  }
}

/** Whoever has no room for the read models has the log nevertheless. */
function notBuilt(error: Error): CliError {
  const why = error.message.replace(/\.$/, '');
  return new CliError(
    isFull(error) ? EXIT.stopped : EXIT.failed,
    `The read models cannot be built in ${tmpdir()}: ${why}. ${WITHOUT}`,
    { cause: error },
  );
}

/** How often it is looked how far they are. */
const LOOK_MS = 250;

export interface BuildingOptions {
  /** The new name of each subject by its old one: the models are built under the old ones, and then every subject in them is renamed. */
  readonly renames?: Iterable<readonly [before: string, after: string]>;
  /** Told how many events are read, and how many customers wait to be folded. */
  readonly onProgress?: (progress: { readonly events: number; readonly waiting: number }) => void;
  /** Gives up with the signal's reason. */
  readonly signal: AbortSignal;
}

/**
 * The digest of the read models that a log gives, built in a folder that is thrown away: nothing of the log's own folder is touched.
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
      const looking = pollStatus(projector, onProgress);
      try {
        await projector.catchUp();
      } finally {
        await looking.end();
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
  let under: Promise<unknown> = Promise.resolve();
  let waits = false;
  const timer = setInterval(() => {
    if (waits) return;
    waits = true;
    under = projector
      .status()
      .then(({ counters, dirty }) => onProgress?.({ events: counters.events, waiting: dirty }))
      // It is only looked: what fails is told by who builds.
      .catch(() => undefined)
      .finally(() => (waits = false));
  }, LOOK_MS);
  return {
    end: async () => {
      clearInterval(timer);
      await under;
    },
  };
}

/** The log until the signal: then whoever reads it is told to stop. */
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

/** Subjects stand in three tables that a digest covers. */
async function renameSubjects(database: Database, renames: Iterable<readonly [string, string]>): Promise<void> {
  const live = await liveSchema(database);
  if (live === null) throw new Error('No version of the read models is live.');
  await database.query('CREATE TABLE public.renamed (before text PRIMARY KEY, after text COLLATE "C" NOT NULL)');
  for (const pairs of batchesOf(renames))
    await database.query('INSERT INTO public.renamed SELECT * FROM jsonb_each_text($1::text::jsonb)', [
      JSON.stringify(Object.fromEntries(pairs)),
    ]);
  const to = (column: string) => `(SELECT after FROM public.renamed WHERE before = ${column})`;
  await database.query(`UPDATE ${live}.subjects SET subject_id = ${to('subject_id')}`);
  // A customer is told by the smallest of its subjects.
  await database.query(
    `UPDATE ${live}.customers c SET digest_id =
      (SELECT min(subject_id) FROM ${live}.subjects s WHERE s.customer_id = c.customer_id)`,
  );
  // A link stands with the smaller name first.
  await database.query(
    `UPDATE ${live}.links SET a = least(${to('a')}, ${to('b')}), b = greatest(${to('a')}, ${to('b')})`,
  );
}

/** All of them, as many at a time as go over in one statement: they are too many to be held twice. */
function* batchesOf<T>(all: Iterable<T>): Generator<readonly T[], void> {
  let helping: T[] = [];
  for (const each of all) {
    helping.push(each);
    if (helping.length < PAIRS_MAX) continue;
    yield helping;
    helping = [];
  }
  if (helping.length > 0) yield helping;
}
