import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { LogIdentity } from '#platform';
import { newLogIdentity } from '#platform/threads';
import { EventLogError } from '../port.js';
import { asEventLogError } from './failure.js';

/** "PERN": the file says of itself whose it is. */
const APPLICATION_ID = 0x5045524e;
/** The version of the tables below. A later one migrates; an older program rejects a newer file. */
export const SCHEMA_VERSION = 1;

/**
 * Names stand once, in dictionaries; ids and stream names in their compact form. `source_id` decides "once, for ever",
 * over the whole log; `stream_revision` finds a stream's events, in order, and holds that no revision is given twice.
 * `data` stands last, so that a reader that does not want it does not follow its overflow pages.
 */
export const TABLES = `
  CREATE TABLE sources (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE types (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
  CREATE TABLE streams (id INTEGER PRIMARY KEY, name ANY NOT NULL UNIQUE) STRICT;
  CREATE TABLE events (
    position INTEGER PRIMARY KEY,
    stream INTEGER NOT NULL,
    revision INTEGER NOT NULL,
    source INTEGER NOT NULL,
    id ANY NOT NULL,
    type INTEGER NOT NULL,
    schema_version INTEGER NOT NULL,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    content_hash BLOB NOT NULL,
    meta TEXT NOT NULL,
    data TEXT NOT NULL
  ) STRICT;
`;
export const INDEXES = `
  CREATE UNIQUE INDEX source_id ON events (source, id);
  CREATE UNIQUE INDEX stream_revision ON events (stream, revision);
`;

/**
 * Which log this is, in a table of its own: a program that knows nothing of it reads the rest all the same. A log of such a program gets its
 * identity when it is first opened for writing.
 */
const IDENTITY = `
  CREATE TABLE IF NOT EXISTS identity (one INTEGER PRIMARY KEY CHECK (one = 1), log_id TEXT NOT NULL, copy_id TEXT NOT NULL) STRICT;
`;

/** What makes an acknowledged append survive a power cut, and what keeps the writer quick between two syncs. */
export const WRITER_PRAGMAS = `
  PRAGMA synchronous = FULL;
  PRAGMA wal_autocheckpoint = 4000;
  PRAGMA journal_size_limit = 67108864;
  PRAGMA cache_size = -65536;
`;

/** Opens the log's file for its writer; makes it where there is none. */
export function openForWriting(file: string): DatabaseSyncInstance {
  try {
    if (existsSync(file)) mustBeWhole(file);
    else createLogFile(file);
    const db = new DatabaseSync(file, { timeout: 5_000 });
    try {
      db.exec(WRITER_PRAGMAS);
      mustBeOurs(db, file);
      if (identityOf(db) === null) writeIdentity(db, newLogIdentity());
    } catch (error) {
      db.close();
      throw error;
    }
    return db;
  } catch (error) {
    throw asEventLogError(error, file);
  }
}

/** The identity in the file; null where a program that knows of none wrote it. */
export function identityOf(db: DatabaseSyncInstance): LogIdentity | null {
  const known = db.prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'identity'").get();
  if (known === undefined) return null;
  const row = db.prepare('SELECT log_id, copy_id FROM identity').get() as
    { readonly log_id: string; readonly copy_id: string } | undefined;
  return row === undefined ? null : { logId: row.log_id, copyId: row.copy_id };
}

export function writeIdentity(db: DatabaseSyncInstance, { logId, copyId }: LogIdentity): void {
  db.exec(IDENTITY);
  db.prepare(
    'INSERT INTO identity (one, log_id, copy_id) VALUES (1, ?, ?) ON CONFLICT (one) DO UPDATE SET log_id = excluded.log_id, copy_id = excluded.copy_id',
  ).run(logId, copyId);
}

/** The identity of a log's file that may be open elsewhere; null where it has none yet. The file is only read. */
export function identityOfFile(file: string): LogIdentity | null {
  const db = openForReading(file);
  try {
    return identityOf(db);
  } finally {
    db.close();
  }
}

/** Opens the log's file for reading; it must be there. */
export function openForReading(file: string): DatabaseSyncInstance {
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
    try {
      db.exec('PRAGMA cache_size = -32768; PRAGMA mmap_size = 0;');
      mustBeOurs(db, file);
    } catch (error) {
      db.close();
      throw error;
    }
    return db;
  } catch (error) {
    throw asEventLogError(error, file);
  }
}

/**
 * A new log is made under another name and moved into place whole, so that a kill in between leaves no half of one,
 * and an empty file under the log's own name can only be a loss.
 */
export function createLogFile(file: string): void {
  if (existsSync(`${file}-wal`) && statSync(`${file}-wal`).size > 0)
    throw new EventLogError(
      'torn',
      `The event log ${file} is missing, but its -wal file is there: put the file back beside it, ` +
        `or move the -wal file away if a new log is wanted.`,
    );
  const draft = `${file}.new`;
  for (const end of ['', '-wal', '-shm', '-journal']) rmSync(draft + end, { force: true });
  const db = new DatabaseSync(draft);
  try {
    db.exec('PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;');
    db.exec(
      `BEGIN; ${TABLES} ${INDEXES} PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`,
    );
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } finally {
    db.close();
  }
  renameSync(draft, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

function mustBeWhole(file: string): void {
  if (statSync(file).size > 0) return;
  throw new EventLogError(
    'torn',
    `The event log ${file} is empty, which no start of the engine leaves behind: put back its newest copy, ` +
      `or delete the file if a new log is wanted.`,
  );
}

function mustBeOurs(db: DatabaseSyncInstance, file: string): void {
  const application = pragma(db, 'application_id');
  if (application !== APPLICATION_ID)
    throw new EventLogError('torn', `The file ${file} is a database, but not an event log: name another file.`);
  const version = pragma(db, 'user_version');
  if (version !== SCHEMA_VERSION)
    throw new EventLogError(
      'wrong-version',
      `The event log ${file} has version ${version}, this program reads version ${SCHEMA_VERSION}: ` +
        `start the program that wrote it, or a newer one.`,
    );
}

function pragma(db: DatabaseSyncInstance, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get() as Record<string, number>;
  return row[name] ?? 0;
}
