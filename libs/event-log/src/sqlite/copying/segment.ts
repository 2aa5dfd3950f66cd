import { createHash } from 'node:crypto';
import { chmodSync, closeSync, fsyncSync, openSync, readSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { Instant } from '#contracts';
import type { LogIdentity } from '#platform';
import { EventLogError } from '../../port.js';
import { asEventLogError } from '../failure.js';
import { createLogFile, INDEXES, openForReading, SCHEMA_VERSION, TABLES, writeIdentity } from '../schema.js';
import type { SharedProgress } from './shared-progress.js';

/** "PERS": the file says of itself that it is a part of a copy, and not a log. */
const APPLICATION_ID = 0x50455253;
const ROWS_A_COMMIT = 10_000;
const POSITIONS_A_STATEMENT = 50_000;
const CHUNK_BYTES = 1024 * 1024;
const DICTIONARIES = ['sources', 'types', 'streams'] as const;

/** Where a segment ends: the next one begins behind it. */
export interface SegmentEnd {
  /** The highest position that it holds. */
  readonly position: number;
  readonly recordedAt: Instant;
  /** The content hash of the event at that position, in hex: another log has another event there. */
  readonly contentHash: string;
  /** The highest number of each dictionary. */
  readonly sources: number;
  readonly types: number;
  readonly streams: number;
}

/** A segment as it was written: a SQLite file with the events above a position, without indexes. It is never changed. */
export interface Segment {
  readonly after: number;
  readonly end: SegmentEnd;
  readonly events: number;
  readonly bytes: number;
  readonly sha256: string;
}

export const BEFORE_FIRST: SegmentEnd = {
  ...{ position: 0, recordedAt: 0, contentHash: '', sources: 0, types: 0, streams: 0 },
};

/**
 * Writes the events behind the end of another segment into a file, as they are in the log at one moment; the log may be written to in the meantime.
 * Null where it was stopped: then there is no file. A segment without events has no file either.
 * @throws EventLogError `torn` where the log cannot be read, or does not hold what the segment before ends with; `full` where the target's disk is
 */
export function writeSegment(file: string, to: string, before: SegmentEnd, progress: SharedProgress): Segment | null {
  const log = openForReading(file);
  try {
    log.exec('BEGIN');
    mustContinue(log, file, before);
    const end = endOf(log) ?? BEFORE_FIRST;
    const events = end.position - before.position;
    if (events === 0) return { after: before.position, end, events, bytes: 0, sha256: '' };
    progress.begin(events);
    try {
      if (!copyRows(log, to, { before, end, progress })) {
        rmSync(to, { force: true });
        return null;
      }
    } catch (error) {
      rmSync(to, { force: true });
      throw asCopyError(error, to);
    }
    return { after: before.position, end, events, ...fileDigest(to) };
  } catch (error) {
    throw asEventLogError(error, file);
  } finally {
    log.close();
  }
}

/** Whether the log still holds the event that the segment before ends with. */
function mustContinue(log: DatabaseSyncInstance, file: string, { position, contentHash }: SegmentEnd): void {
  if (position === 0) return;
  const found = log.prepare('SELECT hex(content_hash) AS hash FROM events WHERE position = ?').get(position) as
    { readonly hash: string } | undefined;
  if (found?.hash.toLowerCase() === contentHash) return;
  const head = endOf(log)?.position ?? 0;
  throw new EventLogError(
    'torn',
    head < position
      ? `The event log ${file} ends at position ${head}, and the backup holds ${position - head} more events: the log has lost its end. ` +
          'Keep this backup, and restore it; or back up into another folder.'
      : `The event log ${file} holds another event at position ${position} than the backup: they are not copies of one log. Back up into another folder.`,
  );
}

function endOf(log: DatabaseSyncInstance): SegmentEnd | null {
  const row = log
    .prepare(
      `SELECT position, recorded_at AS recordedAt, lower(hex(content_hash)) AS contentHash,
              ${DICTIONARIES.map((table) => `(SELECT max(id) FROM ${table}) AS ${table}`).join(', ')}
         FROM events ORDER BY position DESC LIMIT 1`,
    )
    .get() as SegmentEnd | undefined;
  return row === undefined ? null : { ...row };
}

/** False where it was stopped. */
function copyRows(
  log: DatabaseSyncInstance,
  to: string,
  {
    before,
    end,
    progress,
  }: { readonly before: SegmentEnd; readonly end: SegmentEnd; readonly progress: SharedProgress },
): boolean {
  rmSync(to, { force: true });
  const copy = new DatabaseSync(to);
  try {
    // A file that a crash cuts short is not named in the manifest, and written again.
    copy.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN');
    copy.exec(`${TABLES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION};`);
    for (const table of DICTIONARIES) {
      const insert = copy.prepare(`INSERT INTO ${table} (id, name) VALUES (?, ?)`);
      const rows = log.prepare(`SELECT id, name FROM ${table} WHERE id > ? ORDER BY id`);
      rows.setReturnArrays(true);
      for (const row of rows.iterate(before[table]) as Iterable<[number, string | Uint8Array]>) insert.run(...row);
    }
    const insert = copy.prepare('INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
    const rows = log.prepare('SELECT * FROM events WHERE position > ? AND position <= ? ORDER BY position');
    rows.setReturnArrays(true);
    let done = 0;
    for (const row of rows.iterate(before.position, end.position) as Iterable<(number | string | Uint8Array)[]>) {
      insert.run(...row);
      done += 1;
      if (done % ROWS_A_COMMIT !== 0) continue;
      copy.exec('COMMIT; BEGIN');
      progress.reach(done);
      if (progress.stopped) return false;
    }
    copy.exec('COMMIT');
    if (progress.stopped) return false;
    if (done !== end.position - before.position)
      throw new EventLogError(
        'torn',
        `The event log lacks ${end.position - before.position - done} events between the positions ${before.position} and ${end.position}: ` +
          'its file is damaged. Keep the last backup, and restore it.',
      );
  } finally {
    copy.close();
  }
  sync(to);
  progress.reach(end.position - before.position);
  return true;
}

/** A segment that is to be put together with others. */
export interface SegmentFile {
  readonly file: string;
  readonly after: number;
  readonly upTo: number;
}

/**
 * Makes a log of segments, in the order of their positions. False where it was stopped; then, and where it fails, the file is of no use.
 * @throws EventLogError `torn` where a segment is damaged, or does not follow the one before
 */
export function joinSegments(
  segments: readonly SegmentFile[],
  to: string,
  identity: LogIdentity,
  progress: SharedProgress,
): boolean {
  createLogFile(to);
  const log = new DatabaseSync(to);
  try {
    // Until it ends, no engine uses the file: what a crash leaves is deleted and made again.
    log.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536;');
    for (const name of ['source_id', 'stream_revision']) log.exec(`DROP INDEX ${name}`);
    progress.begin(segments.at(-1)?.upTo ?? 0);
    for (const segment of segments) if (!join(log, segment, progress)) return false;
    log.exec(INDEXES);
    writeIdentity(log, identity);
    const { events, position } = log
      .prepare('SELECT count(*) AS events, coalesce(max(position), 0) AS position FROM events')
      .get() as { readonly events: number; readonly position: number };
    if (events !== position || position !== (segments.at(-1)?.upTo ?? 0))
      throw new EventLogError(
        'torn',
        `The copy of the log holds ${events} events up to position ${position}: some are missing.`,
      );
    log.exec('PRAGMA synchronous = FULL; PRAGMA journal_mode = WAL; PRAGMA wal_checkpoint(TRUNCATE);');
  } catch (error) {
    throw asCopyError(error, to);
  } finally {
    log.close();
  }
  chmodSync(to, 0o600);
  sync(to);
  return true;
}

/** An error that concerns the copy: a full disk under it says nothing of the log. */
function asCopyError(error: unknown, to: string): unknown {
  const known = asEventLogError(error, to);
  if (!(known instanceof EventLogError) || known === error) return known;
  const message =
    known.code === 'full'
      ? `The disk under ${dirname(to)} is full: free some space there, and run the command again.`
      : `${to} cannot be written: ${(error as Error).message}.`;
  return new EventLogError(known.code, message, { cause: error });
}

function join(log: DatabaseSyncInstance, { file, after, upTo }: SegmentFile, progress: SharedProgress): boolean {
  log.prepare('ATTACH ? AS segment').run(file);
  try {
    for (const table of DICTIONARIES)
      log.exec(`INSERT INTO main.${table} (id, name) SELECT id, name FROM segment.${table} ORDER BY id`);
    const insert = log.prepare(
      'INSERT INTO main.events SELECT * FROM segment.events WHERE position > ? AND position <= ? ORDER BY position',
    );
    for (let from = after; from < upTo; from += POSITIONS_A_STATEMENT) {
      const last = Math.min(upTo, from + POSITIONS_A_STATEMENT);
      const { changes } = insert.run(from, last);
      if (Number(changes) !== last - from)
        throw new EventLogError(
          'torn',
          `${file} lacks ${last - from - Number(changes)} events between the positions ${from} and ${last}.`,
        );
      progress.reach(last);
      if (progress.stopped) return false;
    }
    return true;
  } finally {
    log.exec('DETACH segment');
  }
}

/** The size of a file and the SHA-256 of its bytes. */
export function fileDigest(path: string): { readonly bytes: number; readonly sha256: string } {
  const file = openSync(path, 'r');
  try {
    const hash = createHash('sha256');
    const chunk = Buffer.allocUnsafe(CHUNK_BYTES);
    for (let read = readSync(file, chunk); read > 0; read = readSync(file, chunk)) hash.update(chunk.subarray(0, read));
    return { bytes: statSync(path).size, sha256: hash.digest('hex') };
  } finally {
    closeSync(file);
  }
}

function sync(path: string): void {
  const file = openSync(path, 'r');
  fsyncSync(file);
  closeSync(file);
}
