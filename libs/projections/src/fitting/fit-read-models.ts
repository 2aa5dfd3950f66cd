import type { Instant } from '#contracts';
import type { Database, Row } from '#database';
import { checkMark, fingerprintOf, type EventLog } from '#event-log';
import { compareIdentity, identityText, StoreMismatchError, type LogIdentity, type PublicationMemory } from '#platform';
import { migrate } from '../versions/migrate.js';
import { archiveSchemas } from './archive-schemas.js';

export interface Fitting {
  readonly database: Database;
  readonly log: Pick<EventLog, 'identity' | 'head' | 'at' | 'counts'>;
  readonly now: Instant;
  /** Whether this process keeps the read models: only such a one archives others, and records whose they are. */
  readonly keeps: boolean;
  /** Absent where nothing outside the database remembers what was published. */
  readonly memory?: PublicationMemory;
  /** A sentence for the operator. */
  readonly announce: (line: string) => void;
}

/** What a database holds of its log. */
interface Recorded {
  /** Null in a database of an earlier version. */
  readonly identity: LogIdentity | null;
  readonly checkpoint: Checkpoint | null;
}

interface Checkpoint {
  readonly position: number;
  readonly recordedAt: Instant;
  readonly fingerprint: string | null;
}

const HOLDER = 'The read models';

/**
 * Compares the read models with the log, at every start, before anything is read from them or written to them. Read models of another log are
 * rejected; those of another copy of this log are archived, and others built; a log that is shorter than they are, or another one, is rejected.
 * Where read models are begun although some were kept before, publication begins a new epoch.
 * @throws StoreMismatchError
 */
export async function fitReadModels({ database, log, now, keeps, memory, announce }: Fitting): Promise<void> {
  const identity = await log.identity();
  const recorded = await readRecorded(database);
  let epoch = 0;
  if (recorded !== null) {
    const fits =
      recorded.identity === null
        ? 'same'
        : compareIdentity(
            recorded.identity,
            identity,
            HOLDER,
            'Give the DATA_DIR or the POSTGRES_URL that belongs to this log, or an empty one.',
          );
    if (fits === 'other-copy') {
      if (!keeps) throw otherCopy(recorded.identity as LogIdentity, identity);
      const suffix = await database.transaction((tx) => archiveSchemas(tx, now), { long: true });
      announce(
        `The read models were made from another copy of this event log, so that their positions are not valid: they were archived (schemas …${suffix}) and are rebuilt ` +
          `from the ${(await log.head()).position} ${log.counts === 'bytes' ? 'bytes' : 'events'} of this one.`,
      );
      epoch = now;
    } else if (recorded.checkpoint !== null) await checkCheckpoint(log, recorded.checkpoint);
  } else if (keeps && (await memory?.wereKept()) === true) {
    epoch = now;
    announce(
      'There are no read models of this event log here, and some were kept before: they are rebuilt. What was published is lost with them, ' +
        'so the current state of each customer is published once more, as a resync.',
    );
  }
  if (!keeps) return;
  await migrate(database);
  await database.query(
    `INSERT INTO perennial.log_identity (log_id, copy_id, epoch, resynced) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING`,
    [identity.logId, identity.copyId, epoch, epoch === 0],
  );
  // Revisions of profiles go up for ever: those of the epochs before are lower.
  if (epoch > 0) await database.query(`SELECT setval('perennial.customer_revisions', $1::bigint)`, [epoch]);
  await memory?.noteKept();
}

/** What the live read models have seen of the log, for a health check: the problem, or null. */
export async function checkpointProblem(
  { database, log }: Pick<Fitting, 'database' | 'log'>,
  schema: string,
): Promise<StoreMismatchError | null> {
  const [row] = await database.query(`SELECT * FROM ${schema}.checkpoint`);
  if (row === undefined) return null;
  try {
    await checkCheckpoint(log, checkpointIn(row));
    return null;
  } catch (error) {
    if (error instanceof StoreMismatchError) return error;
    throw error;
  }
}

async function checkCheckpoint(log: Fitting['log'], checkpoint: Checkpoint): Promise<void> {
  const { position, recordedAt } = checkpoint;
  if (position === 0) return;
  // Read models of an earlier version know when the event was recorded, and not what it said.
  const fingerprint = checkpoint.fingerprint ?? (await fingerprintByTime(log, checkpoint));
  await checkMark(log, { position, recordedAt, fingerprint }, HOLDER);
}

async function fingerprintByTime(log: Fitting['log'], { position, recordedAt }: Checkpoint): Promise<string> {
  const event = await log.at(position);
  return event !== null && event.recordedAt <= recordedAt ? fingerprintOf(event) : '';
}

/** Null where no read models were ever kept in the database. */
async function readRecorded(database: Database): Promise<Recorded | null> {
  const [found] = await database.query<{ identity: boolean; versions: boolean }>(
    `SELECT to_regclass('perennial.log_identity') IS NOT NULL AS identity, to_regclass('perennial.versions') IS NOT NULL AS versions`,
  );
  if (found?.versions !== true) return null;
  const [recorded] = found.identity
    ? await database.query<{ log_id: string; copy_id: string }>('SELECT log_id, copy_id FROM perennial.log_identity')
    : [];
  const [live] = await database.query<{ schema_name: string }>(
    "SELECT schema_name FROM perennial.versions WHERE status = 'live'",
  );
  const [row] = live === undefined ? [] : await database.query(`SELECT * FROM ${live.schema_name}.checkpoint`);
  if (recorded === undefined && live === undefined) return null;
  return {
    identity: recorded === undefined ? null : { logId: recorded.log_id, copyId: recorded.copy_id },
    checkpoint: row === undefined ? null : checkpointIn(row),
  };
}

function checkpointIn(row: Row): Checkpoint {
  return {
    position: Number(row['position']),
    recordedAt: (row['recorded_at'] as Instant | null) ?? Number.NaN,
    fingerprint: (row['fingerprint'] as string | null | undefined) ?? null,
  };
}

function otherCopy(recorded: LogIdentity, identity: LogIdentity): StoreMismatchError {
  return new StoreMismatchError(
    'other-copy',
    `The read models were made from another copy of this event log (${identityText(recorded)}; this is ${identityText(identity)}), and this process does not keep them: ` +
      'start the projector first, which archives them and rebuilds them.',
  );
}
