import { randomBytes } from 'node:crypto';
import { chmodSync } from 'node:fs';
import { DatabaseSync, type DatabaseSyncInstance } from '@photostructure/sqlite';
import type { ApiKeyTable } from '../api-keys/api-key-row.js';
import { EarlierSubjectIds } from '../rekeying/earlier-subject-ids.js';
import { hashKeyCheckOf, resolveHashKey } from '../hash-key.js';
import { KeyCache } from '../key-cache.js';
import { KeyMaker, type MadeKeys } from './key-maker.js';
import { guarded } from './guarded-database.js';
import { copyKeyStoreInThread } from './key-copier.js';
import { asKeyStoreError } from './sqlite-errors.js';
import { KEY_STORE_PRAGMAS } from './pragmas.js';
import type { ClassKeyCount, DestroyedClassKeys } from '../class-keys.js';
import type { KeptHold, KeyHold } from '../holds.js';
import type { ClassYear } from '../sealed-text.js';
import {
  KeyHeldError,
  KeyStoreError,
  type Destroyed,
  type DestroyOptions,
  type KeyState,
  type KeyStoreFacts,
  type ListedKey,
  type SubjectKey,
} from '../key-store.js';
import { KeyMakerClient } from './key-maker-client.js';
import {
  EARLIER_HASH_KEYS,
  REKEYED_FROM,
  type Inheritance,
  type RekeyableKeyStore,
} from '../rekeying/rekeyable-key-store.js';
import { bytesOf, subjectKey } from '../subject-key.js';
import { migrateApiKeys } from './migrations.js';
import type { SessionTable } from '../sessions/session-row.js';
import { sqliteApiKeys } from './sqlite-api-keys.js';
import { sqliteSessions } from './sqlite-sessions.js';
import { HOLD_TABLES, SqliteHolds } from './sqlite-holds.js';
import { CLASS_KEY_TABLES, SqliteClassKeys } from './sqlite-class-keys.js';
import { WalSync } from './wal-sync.js';

const ID_BYTES = 16;
const SECRET_BYTES = 32;
/** Erased ids per page. */
const ERASED_PAGE = 10_000;
/** A request for this many new keys starts the thread that makes keys. */
const THREAD_FROM_KEYS = 64;

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
  -- One key per subject, or per quarantined body.
  CREATE TABLE IF NOT EXISTS keys (id BLOB PRIMARY KEY, secret BLOB NOT NULL) WITHOUT ROWID;
  -- A listed key is destroyed with any of the subjects that it is listed under.
  CREATE TABLE IF NOT EXISTS listed (subject_id BLOB NOT NULL, key_id BLOB NOT NULL, PRIMARY KEY (subject_id, key_id)) WITHOUT ROWID;
  -- When a key is destroyed at the latest (UTC milliseconds).
  CREATE TABLE IF NOT EXISTS expiring (key_id BLOB PRIMARY KEY, at INTEGER NOT NULL) WITHOUT ROWID;
  -- Ids that never get a key again.
  CREATE TABLE IF NOT EXISTS erased (id BLOB PRIMARY KEY) WITHOUT ROWID;
  -- Of these, the ids that were erased under an earlier hash key, as they are derived under the present one.
  CREATE TABLE IF NOT EXISTS erased_earlier (id BLOB PRIMARY KEY) WITHOUT ROWID;
${HOLD_TABLES}${CLASS_KEY_TABLES}`;

export interface SqliteKeyStoreOptions {
  /** The file, or `:memory:`. */
  readonly file: string;
  /** The hash key, where it is kept apart from the file. By default a new file gets one of its own and keeps it. */
  readonly hashKey?: Uint8Array;
}

/**
 * Opens the key store in a SQLite file that only its owner may read.
 *
 * What a call wrote is durable when it resolves (WAL, synchronous=FULL; new keys are synced off the event loop). Freed pages are
 * overwritten (secure_delete), and `destroy` empties the WAL, which may hold older images of a page, before it resolves.
 *
 * @throws KeyStoreError `other-hash-key` where the file was made under another hash key: every subject would get another id
 */
export function openSqliteKeyStore({ file, hashKey }: SqliteKeyStoreOptions): SqliteKeyStore {
  const db = guarded(openFile(file));
  try {
    if (file !== ':memory:') chmodSync(file, 0o600);
    db.exec(KEY_STORE_PRAGMAS);
    db.exec(SCHEMA);
    migrateApiKeys(db);
    return new SqliteKeyStore(db, adoptHashKey(db, hashKey), file === ':memory:' ? null : file);
  } catch (error) {
    db.close();
    throw asKeyStoreError(error);
  }
}

function openFile(file: string): DatabaseSyncInstance {
  try {
    return new DatabaseSync(file, { timeout: 5_000 });
  } catch (error) {
    throw asKeyStoreError(error);
  }
}

function factIn(db: DatabaseSyncInstance, name: string): Uint8Array | undefined {
  const row = db.prepare('SELECT value FROM facts WHERE name = ?').get(name) as { value: Uint8Array } | undefined;
  return row?.value;
}

/** The hash key of the file; a new file records it. */
function adoptHashKey(db: DatabaseSyncInstance, given: Uint8Array | undefined): Uint8Array {
  const { hashKey, newFacts } = resolveHashKey((name) => factIn(db, name), given);
  if (newFacts.length > 0) {
    const write = db.prepare('INSERT INTO facts (name, value) VALUES (?, ?)');
    db.exec('BEGIN IMMEDIATE');
    for (const [name, value] of newFacts) write.run(name, value);
    db.exec('COMMIT');
  }
  return hashKey;
}

function earlierSubjectIdsIn(db: DatabaseSyncInstance, hashKey: Uint8Array): EarlierSubjectIds | null {
  const hashKeys = factIn(db, EARLIER_HASH_KEYS);
  if (hashKeys === undefined) return null;
  const erased: Uint8Array[] = [];
  for (const { id } of db.prepare('SELECT id FROM erased_earlier ORDER BY id').iterate() as Iterable<{
    id: Uint8Array;
  }>)
    erased.push(id);
  return new EarlierSubjectIds(hashKeys, hashKey, Buffer.concat(erased));
}

/** The key store in one SQLite file. Made by `openSqliteKeyStore`. */
export class SqliteKeyStore implements RekeyableKeyStore, KeyStoreFacts {
  readonly hashKeyCheck: string;
  readonly place: string;
  readonly apiKeys: ApiKeyTable;
  readonly sessions: SessionTable;
  #earlier: EarlierSubjectIds | null;
  private readonly cache = new KeyCache();
  /** Keys that are written but not yet on the disk: `keysFor` resolves only after their sync. */
  private readonly undurable = new Map<string, Promise<void>>();
  private readonly statements;
  private readonly syncing: WalSync | null;
  private readonly maker: KeyMaker;
  private readonly holds: SqliteHolds;
  private readonly ofClasses: SqliteClassKeys;
  /** The thread that makes keys; null until the first large request has started it. */
  private makerThread: KeyMakerClient | null = null;
  private starting: Promise<void> | null = null;
  /** The copy that is being made; it never rejects. */
  private copying: Promise<void> = Promise.resolve();
  /** The number of `destroy` calls: an answer of the thread may be older than the last of them. */
  private erasures = 0;

  constructor(
    private readonly db: DatabaseSyncInstance,
    readonly hashKey: Uint8Array,
    /** Null in memory, where there is nothing to sync and no second connection. */
    private readonly file: string | null,
  ) {
    this.syncing = file === null ? null : new WalSync(`${file}-wal`);
    this.maker = new KeyMaker(db);
    this.hashKeyCheck = hashKeyCheckOf(hashKey).toString('hex');
    this.#earlier = earlierSubjectIdsIn(db, hashKey);
    this.place = file ?? 'in memory';
    this.apiKeys = sqliteApiKeys(db);
    this.sessions = sqliteSessions(db);
    this.holds = new SqliteHolds(db);
    this.ofClasses = new SqliteClassKeys(db);
    this.statements = {
      key: db.prepare('SELECT secret FROM keys WHERE id = ?'),
      insertKey: db.prepare('INSERT INTO keys (id, secret) VALUES (?, ?)'),
      deleteKey: db.prepare('DELETE FROM keys WHERE id = ?'),
      erased: db.prepare('SELECT 1 AS yes FROM erased WHERE id = ?'),
      forbid: db.prepare('INSERT OR IGNORE INTO erased (id) VALUES (?)'),
      list: db.prepare('INSERT OR IGNORE INTO listed (subject_id, key_id) VALUES (?, ?)'),
      listedUnder: db.prepare('SELECT key_id FROM listed WHERE subject_id = ?'),
      listedFor: db.prepare('SELECT subject_id FROM listed WHERE key_id = ?'),
      unlist: db.prepare('DELETE FROM listed WHERE subject_id = ?'),
      expire: db.prepare('INSERT OR IGNORE INTO expiring (key_id, at) VALUES (?, ?)'),
      unexpire: db.prepare('DELETE FROM expiring WHERE key_id = ?'),
      expired: db.prepare('SELECT key_id FROM expiring WHERE at <= ?'),
      countExpiring: db.prepare('SELECT count(*) AS n FROM expiring'),
    };
  }

  async keysFor(
    ids: readonly string[],
    options: { readonly create?: boolean } = {},
  ): Promise<ReadonlyMap<string, KeyState>> {
    const found = new Map<string, KeyState>();
    const missing = new Set<string>();
    for (const id of ids) {
      if (found.has(id) || missing.has(id)) continue;
      const state = options.create === true ? this.cache.get(id) : this.find(id);
      if (state !== undefined) found.set(id, state);
      else missing.add(id);
    }
    if (missing.size > 0 && options.create === true) await this.makeAll(missing, found);
    if (this.undurable.size > 0) for (const id of found.keys()) await this.undurable.get(id);
    return found;
  }

  /** Finds the keys of ids that are not cached, and makes the missing ones. */
  private async makeAll(ids: ReadonlySet<string>, found: Map<string, KeyState>): Promise<void> {
    const packed = packedIds(ids);
    const { erasures } = this;
    const inThread = this.thread(ids.size)?.make(packed);
    const made = inThread === undefined ? this.makeHere(ids, packed) : await inThread;
    const erased = new Set(made.erased);
    let at = 0;
    for (const id of ids) {
      // A concurrent request may have cached the key already; and an erasure since the request overrules the answer.
      const state =
        this.cache.get(id) ??
        (this.erasures !== erasures ? this.read(id) : undefined) ??
        (erased.has(at) ? 'erased' : subjectKey(id, made.secrets.subarray(at * SECRET_BYTES, (at + 1) * SECRET_BYTES)));
      this.cache.set(id, state);
      found.set(id, state);
      at += 1;
    }
  }

  private makeHere(ids: ReadonlySet<string>, packed: Uint8Array): MadeKeys {
    const [made] = this.withoutSync(() => this.maker.make([packed]));
    if (made === undefined) throw new Error('No keys were made.');
    this.makeDurable(ids);
    return made;
  }

  /** The thread that makes keys; starts it on a large request, and is null until it has started. */
  private thread(count: number): KeyMakerClient | null {
    if (this.makerThread?.hasEnded === true) {
      this.makerThread = null;
      this.starting = null;
    }
    if (this.makerThread === null && count >= THREAD_FROM_KEYS && this.file !== null)
      this.starting ??= KeyMakerClient.start(this.file).then(
        (thread) => void (this.makerThread = thread),
        // Without the thread, keys are made on the event loop.
        () => undefined,
      );
    return this.makerThread;
  }

  async createListed(keys: readonly ListedKey[]): Promise<readonly KeyState[]> {
    const states = this.transaction(() =>
      keys.map(({ id, listedUnder, keepUntil = null, classYear }): KeyState => {
        const known = this.read(id);
        if (known !== undefined) return known;
        if (listedUnder.some((subjectId) => this.read(subjectId) === 'erased')) return 'erased';
        for (const subjectId of listedUnder) this.statements.list.run(bytesOf(subjectId), bytesOf(id));
        if (keepUntil !== null) this.statements.expire.run(bytesOf(id), keepUntil);
        if (classYear !== undefined) this.ofClasses.add(id, classYear);
        return this.make(id);
      }),
    );
    return states;
  }

  async destroy(subjectIds: readonly string[], { bodies = [], recorded }: DestroyOptions = {}): Promise<Destroyed> {
    // A copy reads an older state of the file, which the WAL keeps as long as it is read.
    await this.copying;
    this.erasures += 1;
    const gone: string[] = [];
    const subjects = new Set(subjectIds);
    const counts = this.transaction(() => {
      const holds = recorded === true ? [] : this.holds.on(subjects);
      if (holds.length > 0) throw new KeyHeldError(holds);
      const [first] = subjects;
      const listed = new Set(bodies);
      let subjectKeys = 0;
      let listedKeys = 0;
      let listedHeld = 0;
      let forbidden = 0;
      for (const subjectId of subjects) {
        const id = bytesOf(subjectId);
        for (const { key_id } of this.statements.listedUnder.all(id) as { key_id: Uint8Array }[])
          listed.add(Buffer.from(key_id).toString('hex'));
        this.statements.unlist.run(id);
        this.statements.unexpire.run(id);
        subjectKeys += Number(this.statements.deleteKey.run(id).changes);
        forbidden += Number(this.statements.forbid.run(id).changes);
        gone.push(subjectId);
      }
      for (const keyId of listed) {
        if (subjects.has(keyId)) continue;
        if (this.holds.keeps(keyId)) {
          // Listed under an erased subject, it is destroyed when no hold keeps it any more.
          if (first !== undefined) this.statements.list.run(bytesOf(first), bytesOf(keyId));
          listedHeld += 1;
        } else {
          listedKeys += this.destroyListed(keyId);
          gone.push(keyId);
        }
      }
      return { subjectKeys, listedKeys, listedHeld, forbidden };
    });
    this.cache.destroyed(gone);
    this.emptyWal();
    return counts;
  }

  /** Within a transaction. */
  private destroyListed(keyId: string): number {
    const id = bytesOf(keyId);
    this.statements.forbid.run(id);
    this.statements.unexpire.run(id);
    this.ofClasses.remove(id);
    return Number(this.statements.deleteKey.run(id).changes);
  }

  async placeHold(hold: KeptHold): Promise<void> {
    this.transaction(() => this.holds.place(hold));
  }

  async liftHold(holdId: string): Promise<number> {
    await this.copying;
    this.erasures += 1;
    const [released, destroyed] = this.transaction(() => {
      const keyIds = this.holds.lift(holdId);
      return [keyIds, keyIds.reduce((count, keyId) => count + this.destroyListed(keyId), 0)] as const;
    });
    this.cache.destroyed(released);
    if (released.length > 0) this.emptyWal();
    return destroyed;
  }

  async holdsOn(ids: readonly string[]): Promise<readonly KeyHold[]> {
    return this.holds.on(ids);
  }

  async destroyExpired(now: number): Promise<number> {
    const due = this.statements.expired.all(now) as { readonly key_id: Uint8Array }[];
    const ids = due.map(({ key_id }) => Buffer.from(key_id).toString('hex')).filter((id) => !this.holds.keeps(id));
    return ids.length === 0 ? 0 : (await this.destroy(ids)).subjectKeys;
  }

  async countExpiring(): Promise<number> {
    return (this.statements.countExpiring.get() as { readonly n: number }).n;
  }

  async classKeys(): Promise<readonly ClassKeyCount[]> {
    return this.ofClasses.counts();
  }

  async destroyClassKeys(classYear: ClassYear, limit: number): Promise<number> {
    await this.copying;
    this.erasures += 1;
    const gone = this.transaction(() => {
      const released = this.ofClasses.release(classYear, limit);
      for (const keyId of released) this.destroyListed(keyId);
      return released;
    });
    this.cache.destroyed(gone);
    if (gone.length > 0) this.emptyWal();
    return gone.length;
  }

  async destroyedClassKeys(): Promise<readonly DestroyedClassKeys[]> {
    return this.ofClasses.destroyed();
  }

  async confirmDestroyed(destroyed: readonly DestroyedClassKeys[]): Promise<void> {
    this.transaction(() => {
      for (const each of destroyed) this.ofClasses.confirm(each);
    });
  }

  onDestroyed(listener: (ids: readonly string[]) => void): void {
    this.cache.onDestroyed(listener);
  }

  /**
   * Copies the store into another file, in a thread of its own, while it is used: with everything that was written before the call. An erasure waits
   * until the copy ends, so that it is in the next one.
   * @throws KeyStoreError
   */
  async copyTo(file: string): Promise<void> {
    if (this.file === null) throw new KeyStoreError('unavailable', 'A key store in memory has no file to copy.');
    await this.copying;
    const copied = copyKeyStoreInThread(this.file, file);
    this.copying = copied.catch(() => undefined);
    await copied;
  }

  async fact(name: string): Promise<Uint8Array | null> {
    return factIn(this.db, name) ?? null;
  }

  async recordFact(name: string, value: Uint8Array): Promise<void> {
    this.transaction(() => {
      this.db
        .prepare(
          'INSERT INTO facts (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value',
        )
        .run(name, value);
    });
  }

  /**
   * Folds the -wal file into keys.db by name, since closing would do it only when no prepared statement is left: a copy of keys.db alone is
   * then whole.
   */
  async close(): Promise<void> {
    await this.copying;
    await this.starting;
    await this.makerThread?.close();
    await this.syncing?.close();
    if (!this.db.isOpen) return;
    try {
      this.db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // On a full or failing disk the -wal file keeps what keys.db does not hold yet: the next start reads both.
    } finally {
      this.db.close();
    }
  }

  get earlier(): EarlierSubjectIds | null {
    return this.#earlier;
  }

  async *erasedIds(): AsyncGenerator<readonly string[], void> {
    const after = this.db.prepare('SELECT id FROM erased WHERE id > ? ORDER BY id LIMIT ?');
    for (let last = new Uint8Array(); ;) {
      const rows = after.all(last, ERASED_PAGE) as { readonly id: Uint8Array }[];
      const end = rows.at(-1);
      if (end === undefined) return;
      yield rows.map(({ id }) => Buffer.from(id).toString('hex'));
      last = new Uint8Array(end.id);
    }
  }

  async listedUnder(keyId: string): Promise<readonly string[]> {
    const rows = this.statements.listedFor.all(bytesOf(keyId)) as { readonly subject_id: Uint8Array }[];
    return rows.map((row) => Buffer.from(row.subject_id).toString('hex')).sort();
  }

  async replacedKey(): Promise<Uint8Array | null> {
    return factIn(this.db, REKEYED_FROM) ?? null;
  }

  async isEmpty(): Promise<boolean> {
    return this.db.prepare('SELECT 1 FROM keys UNION ALL SELECT 1 FROM erased LIMIT 1').get() === undefined;
  }

  async inherit({ check, hashKeys, erased }: Inheritance): Promise<void> {
    this.transaction(() => {
      const fact = this.db.prepare('INSERT INTO facts (name, value) VALUES (?, ?)');
      fact.run(EARLIER_HASH_KEYS, hashKeys);
      fact.run(REKEYED_FROM, check);
      for (const table of ['erased', 'erased_earlier']) {
        const name = this.db.prepare(`INSERT INTO ${table} (id) VALUES (?)`);
        for (const id of erased) name.run(id);
      }
    });
    this.#earlier = earlierSubjectIdsIn(this.db, this.hashKey);
  }

  /** Whether the thread that makes keys is running: the first large request starts it. */
  get makesInThread(): boolean {
    return this.makerThread !== null && !this.makerThread.hasEnded;
  }

  /** The connection to the file, in which other tables (the API keys) are kept too. */
  get database(): DatabaseSyncInstance {
    return this.db;
  }

  private find(id: string): KeyState | undefined {
    const cached = this.cache.get(id);
    if (cached !== undefined) return cached;
    const state = this.read(id);
    if (state !== undefined) this.cache.set(id, state);
    return state;
  }

  private read(id: string): KeyState | undefined {
    const bytes = bytesOf(id);
    const row = this.statements.key.get(bytes) as { secret: Uint8Array } | undefined;
    if (row !== undefined) return subjectKey(id, row.secret);
    return this.statements.erased.get(bytes) === undefined ? undefined : 'erased';
  }

  /** Syncs what was just written. Keys whose sync failed stay in `undurable`: every request for them fails. */
  private makeDurable(ids: ReadonlySet<string>): void {
    if (this.syncing === null) return;
    const durable = this.syncing.sync();
    for (const id of ids) this.undurable.set(id, durable);
    durable.then(
      () => {
        for (const id of ids) if (this.undurable.get(id) === durable) this.undurable.delete(id);
      },
      () => undefined,
    );
  }

  /** Runs work whose commit `makeDurable` syncs afterwards, off the event loop. */
  private withoutSync<T>(work: () => T): T {
    this.db.exec('PRAGMA synchronous=NORMAL');
    try {
      return work();
    } finally {
      this.db.exec('PRAGMA synchronous=FULL');
    }
  }

  private make(id: string): SubjectKey {
    const secret = randomBytes(32);
    this.statements.insertKey.run(bytesOf(id), secret);
    return subjectKey(id, secret);
  }

  /** The WAL may hold older images of pages: a destroyed key is gone only when the WAL is emptied too. */
  private emptyWal(): void {
    const row = this.db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get() as { busy: number } | undefined;
    if (row?.busy === 1)
      throw new KeyStoreError(
        'not-destroyed',
        'The keys are destroyed, but another process reads the key store, so old images of them remain in its WAL. Stop that process and erase again.',
      );
  }

  private transaction<T>(work: () => T): T {
    this.db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.db.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.db.isTransaction) this.db.exec('ROLLBACK');
      throw asKeyStoreError(error);
    }
  }
}

function packedIds(ids: ReadonlySet<string>): Uint8Array {
  // Not from the pool: a buffer that is sent to the thread needs memory of its own.
  const packed = Buffer.allocUnsafeSlow(ids.size * ID_BYTES);
  let at = 0;
  for (const id of ids) {
    if (id.length !== 2 * ID_BYTES || packed.write(id, at, 'hex') !== ID_BYTES) bytesOf(id);
    at += ID_BYTES;
  }
  return packed;
}
