import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { applyMigrations, LOCKS, PoolWatch, waitForLock, waitForSharedLock, type Row } from '#database';
import { StoreWatch } from '#platform';
import type { ApiKeyTable } from '../api-keys/api-key-row.js';
import { postgresApiKeys } from './postgres-api-keys.js';
import { postgresSessions } from './postgres-sessions.js';
import type { SessionTable } from '../sessions/session-row.js';
import { EarlierSubjectIds } from '../rekeying/earlier-subject-ids.js';
import { hashKeyCheckOf, resolveHashKey } from '../hash-key.js';
import { KeyCache } from '../key-cache.js';
import { KEY_MIGRATIONS } from './migrations.js';
import { KeyStoreLock } from './key-store-lock.js';
import { asKeyStoreError, translated } from './postgres-errors.js';
import type { KeptHold, KeyHold } from '../holds.js';
import type { ClassKeyCount, DestroyedClassKeys } from '../class-keys.js';
import type { ClassYear } from '../sealed-text.js';
import {
  addClassKeys,
  classKeyCounts,
  confirmClassKeys,
  destroyedClassKeys,
  releaseClassKeys,
} from './postgres-class-keys.js';
import { holdsOn, keptOf, liftHold, placeHold } from './postgres-holds.js';
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
import {
  EARLIER_HASH_KEYS,
  REKEYED_FROM,
  type Inheritance,
  type RekeyableKeyStore,
} from '../rekeying/rekeyable-key-store.js';
import { bytesOf, subjectKey } from '../subject-key.js';

/** How often an idle process polls for keys that other processes destroyed. */
const POLL_MS = 1_000;
const CONNECT_MS_MAX = 5_000;
const STATEMENT_MS_MAX = 30_000;

/** Application names: they let an operator tell an engine from a move in the server's list of connections. */
const ENGINE = 'perennial keys';
const MOVE = 'perennial move';

/** The fact that is recorded while a move makes the keys: no engine may use them yet. */
const UNPROVEN = 'unproven';

/** Rows per statement. */
const ROWS_MAX = 10_000;

const FETCH = `
  SELECT NULL::bigint AS n, id, secret FROM perennial_keys.keys WHERE id = ANY($2::bytea[])
  UNION ALL SELECT n, id, NULL FROM perennial_keys.erasures WHERE n > $1 ORDER BY n`;
const FETCH_OR_MAKE = `
  WITH made AS (
    INSERT INTO perennial_keys.keys (id, secret) SELECT * FROM unnest($2::bytea[], $3::bytea[])
    ON CONFLICT (id) DO NOTHING RETURNING id, secret)
  SELECT NULL::bigint AS n, id, secret FROM made
  UNION ALL SELECT NULL, id, secret FROM perennial_keys.keys WHERE id = ANY($2::bytea[])
  UNION ALL SELECT n, id, NULL FROM perennial_keys.erasures WHERE n > $1 ORDER BY n`;
const ERASED = `
  SELECT id FROM perennial_keys.keys WHERE secret IS NULL AND id > $1 ORDER BY id LIMIT ${ROWS_MAX}`;
const INHERIT = [
  'INSERT INTO perennial_keys.keys (id, secret) SELECT id, NULL FROM unnest($1::bytea[]) AS t(id)',
  'INSERT INTO perennial_keys.erased_earlier (id) SELECT * FROM unnest($1::bytea[])',
];
const FACT = 'INSERT INTO perennial_keys.facts (name, value) VALUES ($1, $2)';
const POLL = 'SELECT n, id, NULL::bytea AS secret FROM perennial_keys.erasures WHERE n > $1 ORDER BY n';
/** Empties every table, the hash key included. */
const EMPTY = `TRUNCATE ${['facts', 'keys', 'listed', 'expiring', 'erasures', 'erased_earlier', 'api_keys', 'blocked_principals', 'holds', 'held', 'class_keys', 'class_keys_destroyed'].map((table) => `perennial_keys.${table}`).join()}`;
const READ = 'SELECT NULL::bigint AS n, id, secret FROM perennial_keys.keys WHERE id = ANY($1::bytea[])';
const MAKE_LISTED = `
  WITH listing AS (
    INSERT INTO perennial_keys.listed (key_id, subject_id) SELECT * FROM unnest($3::bytea[], $4::bytea[])
    ON CONFLICT DO NOTHING)
  INSERT INTO perennial_keys.keys (id, secret) SELECT * FROM unnest($1::bytea[], $2::bytea[]) ON CONFLICT DO NOTHING`;
const EXPIRE = `
  INSERT INTO perennial_keys.expiring (key_id, at) SELECT * FROM unnest($1::bytea[], $2::timestamptz[])
  ON CONFLICT DO NOTHING`;
/** Removes the secret of a key, or records the erasure of an id that had none; an id that was erased before stays as it is. */
const FORBID = `
  INSERT INTO perennial_keys.keys AS k (id, secret) SELECT id, NULL FROM unnest($1::bytea[]) AS t(id) ORDER BY id
  ON CONFLICT (id) DO UPDATE SET secret = NULL WHERE k.secret IS NOT NULL
  RETURNING id, (xmax = 0) AS had_none`;

export interface PostgresKeyStoreOptions {
  /** The address of the database, with a role that owns the keys and nothing else. */
  readonly url: string;
  /** The hash key, where it is kept apart from the database. By default a new store gets one of its own and keeps it. */
  readonly hashKey?: Uint8Array;
  /** Most connections. Default 4. */
  readonly connections?: number;
  /** Who is told of waiting for the database; by default nothing is logged. */
  readonly watch?: StoreWatch;
  /**
   * For a move under another hash key, which holds the keys exclusively until it closes them. `replaced`: the old keys, which must exist. `made`: the
   * new keys, which need neither exist nor be proven.
   */
  readonly moving?: 'replaced' | 'made';
}

interface KeyRow {
  readonly n: string | null;
  readonly id: Buffer;
  readonly secret: Buffer | null;
}

/**
 * Opens the key store in a PostgreSQL database, in the schema `perennial_keys`, which is made where it is missing.
 *
 * A key is durable when it is given. Several processes may open the store. A destroyed key leaves the database's files when its table is
 * vacuumed (in autovacuum's next round) and the write-ahead log is recycled: copies of both are copies of keys.
 *
 * @throws KeyStoreError `other-hash-key` where the keys were made under another hash key, `unavailable` where the database cannot be reached
 */
export async function openKeysOnServer(options: PostgresKeyStoreOptions): Promise<PostgresKeyStore> {
  const connection = {
    connectionString: options.url,
    connectionTimeoutMillis: CONNECT_MS_MAX,
    keepAlive: true,
    application_name: options.moving === undefined ? ENGINE : MOVE,
    options: `-c TimeZone=UTC -c synchronous_commit=on -c statement_timeout=${STATEMENT_MS_MAX}`,
  };
  const place = placeOf(options.url);
  const lock = await KeyStoreLock.acquire({ connection, place, by: options.moving === undefined ? 'engine' : 'move' });
  const pool = new pg.Pool({ ...connection, max: options.connections ?? 4 });
  const watch = options.watch ?? StoreWatch.silent();
  const wait = watch.of({ store: 'keys', work: 'query', subject: 'The database of the keys' });
  const poolWatch = new PoolWatch({ pool, connection, wait, ending: watch.ending });
  // The pool replaces a connection that broke while idle; the next statement reports what is wrong.
  pool.on('error', () => undefined);
  try {
    const prepared = await inTransaction(pool, (client) => prepare(client, place, options));
    return new PostgresKeyStore(pool, place, prepared, { lock, poolWatch });
  } catch (error) {
    poolWatch.close();
    await pool.end();
    await lock.release();
    throw error;
  }
}

/** The database, for people: without the password. */
function placeOf(url: string): string {
  const { host, pathname } = new URL(url);
  return `the database ${decodeURIComponent(pathname.slice(1))} at ${host}`;
}

interface Prepared {
  readonly hashKey: Uint8Array;
  /** The number of the last erasure so far. */
  readonly lastErasure: number;
  readonly earlier: EarlierSubjectIds | null;
  readonly proven: boolean;
  /** Whether the store was empty before. */
  readonly fresh: boolean;
}

/** Makes the schema where it is missing, and resolves the hash key. */
async function prepare(
  client: pg.PoolClient,
  place: string,
  { hashKey: given, moving }: PostgresKeyStoreOptions,
): Promise<Prepared> {
  const found = await client.query<{ keys: boolean }>(`SELECT to_regclass('perennial_keys.facts') IS NOT NULL AS keys`);
  if (moving === 'replaced' && found.rows[0]?.keys !== true)
    throw new KeyStoreError('missing', `No keys were found in ${place}: name the database that holds them.`);
  const transaction = {
    query: async (sql: string, params: readonly unknown[] = []) => (await client.query<Row>(sql, [...params])).rows,
    exec: async (sql: string) => void (await client.query(sql)),
  };
  await applyMigrations(transaction, { schema: 'perennial_keys', lock: LOCKS.keyTables, steps: KEY_MIGRATIONS });
  const { rows } = await client.query<{ name: string; value: Buffer }>('SELECT name, value FROM perennial_keys.facts');
  const facts = new Map(rows.map(({ name, value }) => [name, value]));
  if (moving !== 'made' && facts.has(UNPROVEN))
    throw new KeyStoreError(
      'unproven',
      `A move that has not finished is making the keys in ${place}: run the same \`perennial move --rekey\` again.`,
    );
  const hashKey = await adoptHashKey(client, facts, given);
  const last = await client.query<{ n: string }>('SELECT coalesce(max(n), 0) AS n FROM perennial_keys.erasures');
  const earlier = await earlierSubjectIds(client, facts.get(EARLIER_HASH_KEYS), hashKey);
  const proven = facts.has(REKEYED_FROM) && !facts.has(UNPROVEN);
  return { hashKey, lastErasure: Number(last.rows[0]?.n ?? 0), earlier, proven, fresh: !facts.has('version') };
}

async function earlierSubjectIds(
  client: pg.PoolClient,
  hashKeys: Uint8Array | undefined,
  hashKey: Uint8Array,
): Promise<EarlierSubjectIds | null> {
  if (hashKeys === undefined) return null;
  const erased = await client.query<{ id: Buffer }>('SELECT id FROM perennial_keys.erased_earlier ORDER BY id');
  return new EarlierSubjectIds(hashKeys, hashKey, Buffer.concat(erased.rows.map(({ id }) => id)));
}

/** The hash key of the store; a new store records it. */
async function adoptHashKey(
  client: pg.PoolClient,
  facts: ReadonlyMap<string, Buffer>,
  given: Uint8Array | undefined,
): Promise<Uint8Array> {
  const { hashKey, newFacts } = resolveHashKey((name) => facts.get(name), given);
  for (const [name, value] of newFacts) await client.query(FACT, [name, Buffer.from(value)]);
  return hashKey;
}

/**
 * The key store in PostgreSQL, shared by several processes. Made by `openKeysOnServer`.
 *
 * Keys are cached, but none is given from the cache alone: every call reads, in its one round trip, what was destroyed since the last
 * call. So an erasure in one process binds all others as soon as it is committed, and no message can get lost.
 */
export class PostgresKeyStore implements RekeyableKeyStore, KeyStoreFacts {
  readonly hashKey: Uint8Array;
  readonly hashKeyCheck: string;
  /** The API keys, kept in the same database. */
  readonly apiKeys: ApiKeyTable;
  /** The sessions of browsers, kept there too. */
  readonly sessions: SessionTable;
  private readonly lock: KeyStoreLock;
  private readonly poolWatch: PoolWatch;
  private readonly cache = new KeyCache();
  private readonly polling: NodeJS.Timeout;
  private closed: Promise<void> | null = null;

  /** The number of the last erasure that this process knows of. */
  private lastErasure: number;
  #earlier: EarlierSubjectIds | null;
  #proven: boolean;
  private readonly fresh: boolean;

  constructor(
    private readonly pool: pg.Pool,
    readonly place: string,
    { hashKey, lastErasure, earlier, proven, fresh }: Prepared,
    { lock, poolWatch }: { readonly lock: KeyStoreLock; readonly poolWatch: PoolWatch },
  ) {
    this.lock = lock;
    this.poolWatch = poolWatch;
    this.hashKey = hashKey;
    this.lastErasure = lastErasure;
    this.#earlier = earlier;
    this.#proven = proven;
    this.fresh = fresh;
    this.hashKeyCheck = hashKeyCheckOf(hashKey).toString('hex');
    this.apiKeys = postgresApiKeys(pool, POLL_MS);
    this.sessions = postgresSessions(pool);
    // An idle process forgets destroyed keys too. A failed poll is logged, and reported by the next call and the health check.
    const poll = (): void =>
      void this.poll().then(
        () => poolWatch.settled(undefined),
        (error: unknown) => poolWatch.settled(error),
      );
    this.polling = setInterval(poll, POLL_MS);
    this.polling.unref();
  }

  async keysFor(
    ids: readonly string[],
    options: { readonly create?: boolean } = {},
  ): Promise<ReadonlyMap<string, KeyState>> {
    const found = new Map<string, KeyState>();
    const missing = new Set<string>();
    for (const id of ids) {
      const cached = this.cache.get(id);
      if (cached === undefined) missing.add(id);
      else found.set(id, cached);
    }
    if (found.size + missing.size === 0) return found;
    const create = options.create === true;
    await this.fetch([...missing].sort(), create, found);
    // A key that another process was inserting at the same moment was neither made nor read: it exists now.
    const raced = (): string[] => [...missing].filter((id) => !found.has(id)).sort();
    if (create) for (let left = raced(); left.length > 0; left = raced()) await this.fetch(left, create, found);
    return found;
  }

  async createListed(keys: readonly ListedKey[]): Promise<readonly KeyState[]> {
    if (keys.length === 0) return [];
    await this.lock.ensureHeld();
    return inTransaction(this.pool, async (client) => {
      await client.query(`SELECT ${waitForSharedLock(LOCKS.erasure)}`);
      const involved = new Set(keys.flatMap(({ id, listedUnder }) => [id, ...listedUnder]));
      const known = statesOf((await client.query<KeyRow>(READ, [bytesOfAll(involved)])).rows);
      const making = keys.filter(
        ({ id, listedUnder }) => !known.has(id) && !listedUnder.some((subjectId) => known.get(subjectId) === 'erased'),
      );
      if (making.length > 0) {
        const ids = [...new Set(making.map(({ id }) => id))].sort();
        const listed = making.flatMap(({ id, listedUnder }) => listedUnder.map((subjectId) => ({ id, subjectId })));
        await client.query(MAKE_LISTED, [
          bytesOfAll(ids),
          ids.map(() => randomBytes(32)),
          bytesOfAll(listed.map(({ id }) => id)),
          bytesOfAll(listed.map(({ subjectId }) => subjectId)),
        ]);
        const expiring = making.filter((key) => typeof key.keepUntil === 'number');
        if (expiring.length > 0)
          await client.query(EXPIRE, [
            bytesOfAll(expiring.map(({ id }) => id)),
            expiring.map(({ keepUntil }) => new Date(keepUntil as number)),
          ]);
        await addClassKeys(
          client,
          making.flatMap(({ id, classYear }) => (classYear === undefined ? [] : [{ id, classYear }])),
        );
        for (const [id, state] of statesOf((await client.query<KeyRow>(READ, [bytesOfAll(ids)])).rows))
          known.set(id, state);
      }
      return keys.map(({ id }) => known.get(id) ?? 'erased');
    });
  }

  async destroy(
    subjectIds: readonly string[],
    { bodies: named = [], recorded }: DestroyOptions = {},
  ): Promise<Destroyed> {
    const subjects = [...new Set(subjectIds)].sort();
    await this.lock.ensureHeld();
    const destroyed = await inTransaction(this.pool, async (client) => {
      await client.query(`SELECT ${waitForLock(LOCKS.erasure)}`);
      const holds = recorded === true ? [] : await holdsOn(client, subjects);
      if (holds.length > 0) throw new KeyHeldError(holds);
      const { rows: listed } = await client.query<{ key_id: Buffer }>(
        'DELETE FROM perennial_keys.listed WHERE subject_id = ANY($1::bytea[]) RETURNING key_id',
        [bytesOfAll(subjects)],
      );
      const bodies = new Set([...named, ...listed.map(({ key_id }) => key_id.toString('hex'))]);
      for (const subjectId of subjects) bodies.delete(subjectId);
      const kept = await keptOf(client, bytesOfAll(bodies));
      for (const keyId of kept) bodies.delete(keyId);
      // Listed under an erased subject, such a key is destroyed when no hold keeps it any more.
      if (kept.size > 0 && subjects[0] !== undefined)
        await client.query(
          'INSERT INTO perennial_keys.listed (subject_id, key_id) SELECT $1, * FROM unnest($2::bytea[]) ON CONFLICT DO NOTHING',
          [bytesOf(subjects[0]), bytesOfAll(kept)],
        );
      const rows = await forbid(client, bytesOfAll([...subjects, ...bodies]));
      const ofSubjects = rows.filter(({ id }) => !bodies.has(id.toString('hex')));
      return {
        subjectKeys: ofSubjects.filter(({ had_none }) => !had_none).length,
        listedKeys: rows.filter(({ id, had_none }) => !had_none && bodies.has(id.toString('hex'))).length,
        listedHeld: kept.size,
        forbidden: ofSubjects.length,
      };
    });
    await this.poll();
    return destroyed;
  }

  async placeHold(hold: KeptHold): Promise<void> {
    await this.lock.ensureHeld();
    await inTransaction(this.pool, (client) => placeHold(client, hold));
  }

  async liftHold(holdId: string): Promise<number> {
    await this.lock.ensureHeld();
    const destroyed = await inTransaction(this.pool, async (client) => {
      const rows = await forbid(client, await liftHold(client, holdId));
      return rows.filter(({ had_none }) => !had_none).length;
    });
    if (destroyed > 0) await this.poll();
    return destroyed;
  }

  async holdsOn(ids: readonly string[]): Promise<readonly KeyHold[]> {
    return translated(holdsOn(this.pool, ids));
  }

  async destroyExpired(now: number): Promise<number> {
    const { rows } = await translated(
      this.pool.query<{ key_id: Buffer }>('SELECT key_id FROM perennial_keys.expiring WHERE at <= $1', [new Date(now)]),
    );
    const keyIds = rows.map(({ key_id }) => key_id);
    const kept = await translated(keptOf(this.pool, keyIds));
    const due = keyIds.map((keyId) => keyId.toString('hex')).filter((keyId) => !kept.has(keyId));
    return due.length === 0 ? 0 : (await this.destroy(due)).subjectKeys;
  }

  async countExpiring(): Promise<number> {
    const { rows } = await translated(
      this.pool.query<{ n: number }>('SELECT count(*)::int AS n FROM perennial_keys.expiring'),
    );
    return rows[0]?.n ?? 0;
  }

  async classKeys(): Promise<readonly ClassKeyCount[]> {
    return translated(classKeyCounts(this.pool));
  }

  async destroyClassKeys(classYear: ClassYear, limit: number): Promise<number> {
    await this.lock.ensureHeld();
    const destroyed = await inTransaction(this.pool, async (client) => {
      const ids = await releaseClassKeys(client, classYear, limit);
      await forbid(client, ids);
      return ids.length;
    });
    if (destroyed > 0) await this.poll();
    return destroyed;
  }

  async destroyedClassKeys(): Promise<readonly DestroyedClassKeys[]> {
    return translated(destroyedClassKeys(this.pool));
  }

  async confirmDestroyed(destroyed: readonly DestroyedClassKeys[]): Promise<void> {
    await this.lock.ensureHeld();
    await translated(confirmClassKeys(this.pool, destroyed));
  }

  onDestroyed(listener: (ids: readonly string[]) => void): void {
    this.cache.onDestroyed(listener);
  }

  /** Reads what was destroyed since the last call, by this process or another. */
  async poll(): Promise<void> {
    await this.lock.ensureHeld();
    const { rows } = await translated(
      this.pool.query<KeyRow>({ name: 'keys-poll', text: POLL, values: [this.lastErasure] }),
    );
    this.applyErasures(rows);
  }

  async fact(name: string): Promise<Uint8Array | null> {
    const { rows } = await translated(
      this.pool.query<{ value: Buffer }>('SELECT value FROM perennial_keys.facts WHERE name = $1', [name]),
    );
    return rows[0]?.value ?? null;
  }

  async recordFact(name: string, value: Uint8Array): Promise<void> {
    await this.lock.ensureHeld();
    await translated(
      this.pool.query(`${FACT} ON CONFLICT (name) DO UPDATE SET value = excluded.value`, [name, Buffer.from(value)]),
    );
  }

  close(): Promise<void> {
    clearInterval(this.polling);
    this.apiKeys.close();
    this.closed ??= this.pool.end().then(() => {
      this.poolWatch.close();
      return this.lock.release();
    });
    return this.closed;
  }

  get earlier(): EarlierSubjectIds | null {
    return this.#earlier;
  }

  async *erasedIds(): AsyncGenerator<readonly string[], void> {
    for (let last: Buffer = Buffer.alloc(0); ;) {
      const { rows } = await translated(this.pool.query<{ id: Buffer }>(ERASED, [last]));
      const end = rows.at(-1);
      if (end === undefined) return;
      yield rows.map(({ id }) => id.toString('hex'));
      last = end.id;
    }
  }

  async listedUnder(keyId: string): Promise<readonly string[]> {
    const { rows } = await translated(
      this.pool.query<{ subject_id: Buffer }>(
        'SELECT subject_id FROM perennial_keys.listed WHERE key_id = $1 ORDER BY subject_id',
        [bytesOf(keyId)],
      ),
    );
    return rows.map(({ subject_id }) => subject_id.toString('hex'));
  }

  async replacedKey(): Promise<Uint8Array | null> {
    const { rows } = await translated(
      this.pool.query<{ value: Buffer }>('SELECT value FROM perennial_keys.facts WHERE name = $1', [REKEYED_FROM]),
    );
    return rows[0]?.value ?? null;
  }

  async isEmpty(): Promise<boolean> {
    const { rows } = await translated(this.pool.query('SELECT 1 FROM perennial_keys.keys LIMIT 1'));
    return rows.length === 0;
  }

  /** After this no engine may use these keys until `prove`. */
  async inherit({ check, hashKeys, erased }: Inheritance): Promise<void> {
    await this.lock.ensureHeld();
    this.#earlier = await inTransaction(this.pool, async (client) => {
      await client.query(FACT, [UNPROVEN, Buffer.of(1)]);
      await client.query(FACT, [EARLIER_HASH_KEYS, Buffer.from(hashKeys)]);
      await client.query(FACT, [REKEYED_FROM, Buffer.from(check)]);
      for (let at = 0; at < erased.length; at += ROWS_MAX)
        for (const insert of INHERIT) await client.query(insert, [erased.slice(at, at + ROWS_MAX)]);
      return earlierSubjectIds(client, hashKeys, this.hashKey);
    });
  }

  /** Whether a move made these keys and finished. */
  get proven(): boolean {
    return this.#proven;
  }

  /** Records that the move which made the keys has finished: an engine may use them. */
  async prove(): Promise<void> {
    await this.lock.ensureHeld();
    await translated(this.pool.query('DELETE FROM perennial_keys.facts WHERE name = $1', [UNPROVEN]));
    this.#proven = true;
  }

  /** Empties the store, where it was empty before it was opened. */
  async discard(): Promise<void> {
    if (this.fresh) await translated(this.pool.query(EMPTY));
  }

  /** One round trip: these keys, and what was destroyed in the meantime, which overrules the cache. */
  private async fetch(ids: readonly string[], create: boolean, found: Map<string, KeyState>): Promise<void> {
    await this.lock.ensureHeld();
    const before = this.lastErasure;
    const values: unknown[] = [before, bytesOfAll(ids)];
    if (create) values.push(ids.map(() => randomBytes(32)));
    const text = create ? FETCH_OR_MAKE : FETCH;
    const { rows } = await translated(
      this.pool.query<KeyRow>({ name: create ? 'keys-fetch-or-make' : 'keys-fetch', text, values }),
    );
    // Where another call learned of erasures first, this answer may be older than they are: it is used but not cached.
    const overtaken = this.lastErasure !== before;
    for (const [id, state] of statesOf(rows.filter(({ n }) => n === null))) {
      found.set(id, state);
      if (!overtaken) this.cache.set(id, state);
    }
    for (const id of this.applyErasures(rows)) if (found.has(id)) found.set(id, 'erased');
  }

  private applyErasures(rows: readonly KeyRow[]): readonly string[] {
    const gone: string[] = [];
    for (const { n, id } of rows) {
      if (n === null) continue;
      gone.push(id.toString('hex'));
      this.lastErasure = Math.max(this.lastErasure, Number(n));
    }
    this.cache.destroyed(gone);
    return gone;
  }
}

function statesOf(rows: readonly KeyRow[]): Map<string, KeyState> {
  const states = new Map<string, KeyState>();
  for (const { id, secret } of rows) {
    const name = id.toString('hex');
    states.set(name, secret === null ? 'erased' : (subjectKey(name, secret) satisfies SubjectKey));
  }
  return states;
}

/** Destroys these keys within a transaction, and forbids new ones. Resolves with those that were not forbidden before. */
async function forbid(
  client: pg.PoolClient,
  ids: readonly Buffer[],
): Promise<readonly { readonly id: Buffer; readonly had_none: boolean }[]> {
  if (ids.length === 0) return [];
  const { rows } = await client.query<{ id: Buffer; had_none: boolean }>(FORBID, [ids]);
  await client.query('DELETE FROM perennial_keys.expiring WHERE key_id = ANY($1::bytea[])', [ids]);
  await client.query('DELETE FROM perennial_keys.class_keys WHERE key_id = ANY($1::bytea[])', [ids]);
  await client.query('INSERT INTO perennial_keys.erasures (id) SELECT * FROM unnest($1::bytea[])', [
    rows.map(({ id }) => id),
  ]);
  return rows;
}

function bytesOfAll(ids: Iterable<string>): Buffer[] {
  return Array.from(ids, bytesOf);
}

async function inTransaction<T>(pool: pg.Pool, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await translated(pool.connect());
  let broken: Error | undefined;
  const onError = (error: Error): void => {
    broken = error;
  };
  client.on('error', onError);
  try {
    await client.query('BEGIN');
    const result = await work(client);
    await client.query('COMMIT');
    return result;
  } catch (error) {
    await client.query('ROLLBACK').catch((failed: unknown) => {
      broken ??= failed as Error;
    });
    throw asKeyStoreError(error);
  } finally {
    client.off('error', onError);
    client.release(broken);
  }
}
