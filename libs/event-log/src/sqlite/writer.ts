import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import { EventLogError } from '../port.js';
import type { LogIdentity } from '#platform';
import type { MovedEvent } from '../moving/moved-event.js';
import type { AppendItem, Expected, NewEvent, Verdict } from '../port.js';
import { receiptsOf } from '../receipt.js';
import { decideWhole, meets, rejectionOf, verdictOnFound, type Found } from '../append-rules.js';
import { compact } from './compact.js';
import { asEventLogError } from './failure.js';
import type { WriteRequest } from './log-writer.js';
import { identityOf, openForWriting, writeIdentity } from './schema.js';
import { SeenFile } from './seen-file.js';

/** Streams whose last revision is remembered; when there are more, all are forgotten and looked up again. */
const STREAMS_REMEMBERED_MAX = 100_000;

interface Stream {
  readonly id: number;
  lastRevision: number | null;
}

/** What became of a request: its verdicts, or why nothing of it was stored. */
export type WriteOutcome = { readonly verdicts: readonly Verdict[] } | { readonly error: unknown };

/**
 * The one writer of a log file, synchronous: takes a group of requests, gives positions, and commits them together.
 * States: between two commits it rests on what is committed; a commit that fails is rolled back, and what the writer
 * remembered of it is forgotten, so that the next one starts from the file.
 */
export class SqliteWriter {
  readonly #db: DatabaseSyncInstance;
  readonly #insert: StatementSyncInstance;
  readonly #find: StatementSyncInstance;
  readonly #streamId: StatementSyncInstance;
  readonly #lastRevision: StatementSyncInstance;
  readonly #addStream: StatementSyncInstance;
  readonly #sources: Dictionary;
  readonly #types: Dictionary;
  readonly #streams = new Map<string, Stream>();
  readonly #seen: SeenFile;
  #position = 0;
  #recordedAt = 0;

  constructor(readonly file: string) {
    const db = openForWriting(file);
    this.#db = db;
    try {
      this.#insert = db.prepare(`INSERT OR IGNORE INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
      this.#find = db.prepare(`SELECT position, content_hash FROM events WHERE source = ? AND id = ?`);
      this.#streamId = db.prepare(`SELECT id FROM streams WHERE name = ?`);
      this.#lastRevision = db.prepare(`SELECT max(revision) FROM events WHERE stream = ?`);
      this.#addStream = db.prepare(`INSERT INTO streams (name) VALUES (?)`);
      for (const statement of [this.#find, this.#streamId, this.#lastRevision]) statement.setReturnArrays(true);
      this.#sources = new Dictionary(db, 'sources');
      this.#types = new Dictionary(db, 'types');
      this.#startFromFile();
      // Not written here: what it says of a log that has lost its end is compared first.
      this.#seen = new SeenFile(file, identityOf(db)?.copyId ?? '');
    } catch (error) {
      db.close();
      throw asEventLogError(error, file);
    }
  }

  /** The highest position committed. */
  get position(): number {
    return this.#position;
  }

  /**
   * One commit for all requests: the verdicts of each, in order. Where that fails, each request gets a commit of its
   * own, so that one that cannot be stored (no room for it, say) does not take its neighbours with it.
   */
  commit(requests: readonly WriteRequest[]): WriteOutcome[] {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      const outcomes = requests.map((request): WriteOutcome => ({ verdicts: this.#answer(request) }));
      this.#db.exec('COMMIT');
      this.#seen.write(this.#position);
      return outcomes;
    } catch (error) {
      this.#forget();
      if (requests.length > 1) return requests.flatMap((request) => this.commit([request]));
      return [{ error: asEventLogError(error, this.file) }];
    }
  }

  /** Stores events of another log behind those that are there, as they were recorded, in one commit: all of them or none. */
  importEvents(events: readonly MovedEvent[]): void {
    try {
      this.#db.exec('BEGIN IMMEDIATE');
      for (const event of events) {
        if (event.recordedAt < this.#recordedAt)
          throw new EventLogError(
            'torn',
            `The event ${event.id} was recorded before the one that it follows in the log.`,
          );
        this.#recordedAt = event.recordedAt;
        const verdict = this.#each({ stream: event.stream, event });
        if (verdict.status !== 'accepted')
          throw new EventLogError(
            'torn',
            `The event ${event.id} of ${event.source} cannot be taken over: ${'reason' in verdict ? verdict.reason : verdict.status}.`,
          );
      }
      this.#db.exec('COMMIT');
      this.#seen.write(this.#position);
    } catch (error) {
      this.#forget();
      throw asEventLogError(error, this.file);
    }
  }

  /** Gives the log another identity: a move, or an operator who accepts a loss. */
  identify(identity: LogIdentity): void {
    try {
      writeIdentity(this.#db, identity);
      this.#seen.rename(identity.copyId, this.#position);
    } catch (error) {
      throw asEventLogError(error, this.file);
    }
  }

  /** Lets the file hold at most so many pages: as if the disk were no larger. */
  allowPages(pagesMax: number): void {
    this.#db.exec(`PRAGMA max_page_count = ${pagesMax}`);
  }

  /**
   * Folds the -wal file into the log by name, since closing would do it only when no prepared statement is left, and
   * those live until they are collected.
   */
  close(): void {
    if (!this.#db.isOpen) return;
    try {
      this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // On a full or failing disk the -wal file keeps what the log does not hold yet: the next start reads both.
    } finally {
      this.#db.close();
      this.#seen.close();
    }
  }

  #answer(request: WriteRequest): readonly Verdict[] {
    this.#recordedAt = Math.max(this.#recordedAt, request.now ?? Date.now());
    if (request.kind === 'whole') return this.#whole(request.items, request.expected);
    const verdicts = request.items.map((item) => this.#each(item));
    for (const draft of request.receipts)
      for (const receipt of receiptsOf(draft, request.items, verdicts)) {
        const verdict = this.#each(receipt);
        if (verdict.status === 'rejected') throw new Error(`The receipt ${draft.id} was rejected: ${verdict.reason}`);
      }
    return verdicts;
  }

  #whole(items: readonly AppendItem[], expected: Expected): readonly Verdict[] {
    const first = items[0];
    if (first === undefined) return [];
    const lastRevision = () => this.#known(first.stream)?.lastRevision ?? null;
    const verdicts = decideWhole(items, expected, lastRevision, ({ event }) => this.#lookUp(event));
    return verdicts ?? items.map((item) => this.#each(item));
  }

  #each(item: AppendItem): Verdict {
    const reason = rejectionOf(item);
    if (reason !== null) return { status: 'rejected', reason };
    const { event, stream: name, expected = 'any' } = item;
    let stream = this.#known(name);
    const plain = expected === 'any' && stream !== null && this.#types.has(event.type);
    if (!plain) {
      // Looked up first, so that an event that is not stored leaves no name behind.
      const found = this.#lookUp(event);
      if (found !== null) return verdictOnFound(found);
      const actual = stream?.lastRevision ?? null;
      if (!meets(expected, actual)) return { status: 'wrong-revision', expected, actual };
    }
    stream ??= this.#add(name);
    const position = this.#position + 1;
    const revision = stream.lastRevision === null ? 0 : stream.lastRevision + 1;
    const { changes } = this.#insert.run(
      position,
      stream.id,
      revision,
      this.#sources.idOf(event.source),
      compact(event.id),
      this.#types.idOf(event.type),
      event.schemaVersion,
      event.occurredAt,
      this.#recordedAt,
      event.contentHash,
      event.meta,
      event.data,
    );
    if (changes === 0) {
      const found = this.#lookUp(event);
      if (found !== null) return verdictOnFound(found);
      throw new EventLogError(
        'torn',
        `The event log ${this.file} took no event at position ${position}: its rows and its index disagree. ` +
          `Stop the engine and put back the newest copy of the file.`,
      );
    }
    this.#position = position;
    stream.lastRevision = revision;
    return { status: 'accepted', position, revision, recordedAt: this.#recordedAt };
  }

  #lookUp(event: NewEvent): Found {
    const source = this.#sources.known(event.source);
    if (source === null) return null;
    const row = this.#find.get(source, compact(event.id)) as [number, Uint8Array] | undefined;
    if (row === undefined) return null;
    return { position: row[0], sameContent: Buffer.compare(row[1], event.contentHash) === 0 };
  }

  #known(name: string): Stream | null {
    const remembered = this.#streams.get(name);
    if (remembered !== undefined) return remembered;
    const row = this.#streamId.get(compact(name)) as [number] | undefined;
    if (row === undefined) return null;
    const [lastRevision] = this.#lastRevision.get(row[0]) as [number | null];
    return this.#remember(name, { id: row[0], lastRevision });
  }

  #add(name: string): Stream {
    const { lastInsertRowid } = this.#addStream.run(compact(name));
    return this.#remember(name, { id: Number(lastInsertRowid), lastRevision: null });
  }

  #remember(name: string, stream: Stream): Stream {
    if (this.#streams.size >= STREAMS_REMEMBERED_MAX) this.#streams.clear();
    this.#streams.set(name, stream);
    return stream;
  }

  #forget(): void {
    this.#streams.clear();
    this.#sources.clear();
    this.#types.clear();
    try {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#startFromFile();
    } catch {
      // The file cannot be read either: the next commit fails by itself and says why.
    }
  }

  #startFromFile(): void {
    const row = this.#db.prepare('SELECT position, recorded_at FROM events ORDER BY position DESC LIMIT 1').get() as
      { position: number; recorded_at: number } | undefined;
    this.#position = row?.position ?? 0;
    this.#recordedAt = row?.recorded_at ?? Number.NEGATIVE_INFINITY;
  }
}

/** Names that occur again and again, by small numbers. */
class Dictionary {
  readonly #ids = new Map<string, number>();
  readonly #select: StatementSyncInstance;
  readonly #add: StatementSyncInstance;

  constructor(db: DatabaseSyncInstance, table: 'sources' | 'types') {
    this.#select = db.prepare(`SELECT id FROM ${table} WHERE name = ?`);
    this.#add = db.prepare(`INSERT INTO ${table} (name) VALUES (?)`);
  }

  has(name: string): boolean {
    return this.known(name) !== null;
  }

  known(name: string): number | null {
    const remembered = this.#ids.get(name);
    if (remembered !== undefined) return remembered;
    const row = this.#select.get(name) as { id: number } | undefined;
    if (row === undefined) return null;
    return this.#remember(name, row.id);
  }

  idOf(name: string): number {
    return this.known(name) ?? this.#remember(name, Number(this.#add.run(name).lastInsertRowid));
  }

  clear(): void {
    this.#ids.clear();
  }

  #remember(name: string, id: number): number {
    if (this.#ids.size >= 10_000) this.#ids.clear();
    this.#ids.set(name, id);
    return id;
  }
}
