import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { anyPostgres, type TestPostgres } from '../../../../test/services/postgres.js';
import { PERMISSIONS } from '#platform';
import { ApiKeys } from '../api-keys/api-keys.js';
import type { KeyState } from '../key-store.js';
import { KEY_MIGRATIONS } from './migrations.js';
import { openPostgresKeyStore } from '../open-keys.js';
import type { PostgresKeyStore } from './postgres-key-store.js';
import { Sealer } from '../sealer.js';
import { ROWS_OF_0_1, SECRET_OF_0_1 } from '../testdata/keys-of-0-1.js';
import { startAuthenticating } from '../testdata/start-authenticating.js';
import { id, keyStoreSuite, type KeyStorePlace } from '../testdata/key-store-suite.js';

jest.setTimeout(120_000);

const offer = anyPostgres();
const [suite, title] =
  offer.missing === null
    ? [describe, `the key store in ${offer.name}`]
    : [describe.skip, `the key store in PostgreSQL (skipped: ${offer.missing})`];

/** A pool beside the store's. Its connections may still be closing after it reports its end, and the server may end before them. */
function secondPool(connectionString: string): pg.Pool {
  return new pg.Pool({ connectionString, max: 2 }).on('error', () => undefined);
}

/** The tables as releases before 0.2 made them, which kept no list of steps. */
const TABLES_OF_0_1 = `
  CREATE SCHEMA perennial_keys;
  CREATE TABLE IF NOT EXISTS perennial_keys.facts (name text PRIMARY KEY, value bytea NOT NULL);
  CREATE TABLE IF NOT EXISTS perennial_keys.keys (id bytea PRIMARY KEY, secret bytea) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 0);
  CREATE TABLE IF NOT EXISTS perennial_keys.listed (
    subject_id bytea NOT NULL, key_id bytea NOT NULL, PRIMARY KEY (subject_id, key_id));
  CREATE TABLE IF NOT EXISTS perennial_keys.erasures (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, id bytea NOT NULL);
  CREATE TABLE IF NOT EXISTS perennial_keys.erased_earlier (id bytea PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS perennial_keys.api_keys (
    id text PRIMARY KEY, name text NOT NULL, hash bytea NOT NULL, permissions jsonb NOT NULL,
    created_at timestamptz(3) NOT NULL, revoked_at timestamptz(3));
`;

suite(title, () => {
  let server: TestPostgres;
  let admin: pg.Pool;
  let url: string;
  const opened: PostgresKeyStore[] = [];

  const open = async (hashKey?: Uint8Array): Promise<PostgresKeyStore> => {
    const store = await openPostgresKeyStore({ url, ...(hashKey === undefined ? {} : { hashKey }) });
    opened.push(store);
    return store;
  };
  const clear = async (): Promise<void> => {
    for (const store of opened.splice(0)) await store.close();
    await admin.query('DROP SCHEMA IF EXISTS perennial_keys CASCADE');
  };

  beforeAll(async () => {
    server = await offer.start();
    admin = secondPool(server.url);
    // A role of its own, as in production.
    const { rows } = await admin.query<{ db: string }>('SELECT current_database() AS db');
    await admin.query(`CREATE ROLE key_keeper_${process.pid} LOGIN PASSWORD 'k'`);
    await admin.query(`GRANT CREATE ON DATABASE ${rows[0]?.db} TO key_keeper_${process.pid}`);
    await admin.query(`CREATE ROLE model_keeper_${process.pid} LOGIN PASSWORD 'm'`);
    url = as('key_keeper', 'k');
  });
  afterAll(async () => {
    await clear();
    for (const role of ['key_keeper', 'model_keeper']) {
      await admin.query(`DROP OWNED BY ${role}_${process.pid}`);
      await admin.query(`DROP ROLE ${role}_${process.pid}`);
    }
    await admin.end();
    await server.stop();
  });
  const as = (role: string, password: string): string => {
    const address = new URL(server.url);
    address.username = `${role}_${process.pid}`;
    address.password = password;
    return address.href;
  };

  const place: KeyStorePlace = { open, clear };
  keyStoreSuite('as any key store', () => place);

  describe('shared by several processes', () => {
    let one: PostgresKeyStore;
    let two: PostgresKeyStore;
    beforeAll(async () => {
      [one, two] = await Promise.all([open(), open()]);
    });
    afterAll(clear);

    it('opens twice at once on an empty database, under one hash key', () => {
      expect(Buffer.from(one.hashKey)).toEqual(Buffer.from(two.hashKey));
    });

    it('makes one key for a subject that both processes meet for the first time at the same moment', async () => {
      for (let round = 0; round < 20; round += 1) {
        const ids = Array.from({ length: 200 }, (_, n) => id(1_000 + round * 1_000 + n));
        const [a, b] = await Promise.all([
          one.keysFor(ids, { create: true }),
          two.keysFor([...ids].reverse(), { create: true }),
        ]);
        for (const each of ids) expect(a.get(each)).toEqual(b.get(each));
        expect(a.size).toBe(200);
      }
    });

    it('gives no key, new or cached, once another process has erased the subject', async () => {
      const ids = [id(1), id(2)];
      await one.keysFor(ids, { create: true });
      const cached = await two.keysFor(ids, { create: true });
      expect(cached.get(id(1))).not.toBe('erased');
      const told: string[] = [];
      two.onDestroyed((gone) => told.push(...gone));
      await one.destroy([id(1)]);
      const after = await two.keysFor(ids, { create: true });
      expect(after.get(id(1))).toBe('erased');
      expect(after.get(id(2))).toEqual(cached.get(id(2)));
      expect(told).toEqual([id(1)]);
    });

    it('forgets in an idle process what another one has erased', async () => {
      const sealer = new Sealer(two);
      const key = (await two.keysFor([id(3)], { create: true })).get(id(3)) as Exclude<KeyState, 'erased'>;
      const first = sealer.sealIdentifier(key, 'jane');
      await one.destroy([id(3)]);
      // No call reaches this process: it polls.
      while (sealer.sealIdentifier(key, 'jane') === first) await new Promise((wake) => setTimeout(wake, 50));
      expect((await two.keysFor([id(3)])).get(id(3))).toBe('erased');
    });

    it('never gives a key after an erasure has ended, for any timing of the two', async () => {
      for (let round = 0; round < 30; round += 1) {
        const ids = Array.from({ length: 30 }, (_, n) => id(100_000 + round * 100 + n));
        const doomed = ids.filter((_, n) => n % 3 === 0);
        const erasing = one.destroy(doomed);
        const meanwhile = Array.from({ length: 6 }, () => two.keysFor(ids, { create: true }));
        await erasing;
        const after = await two.keysFor(ids, { create: true });
        expect(doomed.filter((each) => after.get(each) !== 'erased')).toEqual([]);
        await Promise.all(meanwhile);
        // What the concurrent calls read is not cached either.
        const again = await two.keysFor(ids);
        expect(doomed.filter((each) => again.get(each) !== 'erased')).toEqual([]);
        expect(again.size).toBe(30);
      }
    });

    it('lists no key under a subject that is being erased: it is rejected, or destroyed with the subject', async () => {
      for (let round = 0; round < 30; round += 1) {
        const subject = id(200_000 + round);
        const bodies = Array.from({ length: 5 }, (_, n) => ({
          id: id(300_000 + round * 10 + n),
          listedUnder: [subject, id(200_500)],
        }));
        const making = bodies.map((each) => two.createListed([each]));
        const destroyed = one.destroy([subject]);
        await Promise.all([...making, destroyed]);
        const states = await two.createListed(bodies);
        expect(states).toEqual(bodies.map(() => 'erased'));
      }
    });

    it('accepts an API key created by another process, and rejects one revoked there, at the next poll', async () => {
      const clock = { now: () => 1_700_000_000_000 };
      const here = await ApiKeys.open(one.apiKeys, clock);
      const there = await ApiKeys.open(two.apiKeys, clock);
      const admins = await Promise.all([here.createAdminOnce(), there.createAdminOnce()]);
      expect(admins.filter((key) => key !== null)).toHaveLength(1);
      const { key, record, stored } = here.create('web shop', ['publish']);
      await stored;
      while (there.authenticate(key) === null) await new Promise((wake) => setTimeout(wake, 50));
      // Each process reads the other's keys within about a second: here, the admin key that was created there.
      while (here.list().length < 2) await new Promise((wake) => setTimeout(wake, 50));
      // When a key was last used is written once a minute, and read with the next poll.
      const listed = (keys: ApiKeys) => keys.list().map(({ lastUsedAt: _, ...rest }) => rest);
      expect(listed(there)).toEqual(listed(here));
      await there.revoke(record.id);
      while (here.authenticate(key) !== null) await new Promise((wake) => setTimeout(wake, 50));
    });
  });

  describe('during a move under another hash key', () => {
    const move = async (moving: 'replaced' | 'made'): Promise<PostgresKeyStore> => {
      const store = await openPostgresKeyStore({ url, moving });
      opened.push(store);
      return store;
    };
    const cut = (who: 'perennial keys' | 'perennial move'): Promise<unknown> =>
      admin.query('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1', [who]);
    afterEach(clear);

    it('lets no engine start on keys that are being replaced, until the move has closed them', async () => {
      await (await open()).close();
      const moving = await move('replaced');
      await expect(open()).rejects.toMatchObject({
        code: 'in-use',
        message: expect.stringMatching(/A move holds the keys in the database .*: no engine may use them/),
      });
      await expect(move('replaced')).rejects.toMatchObject({ message: expect.stringContaining('Another move') });
      await moving.close();
      await open();
    });

    it('lets no move lock the keys of an engine, however many engines share them and however idle they are', async () => {
      const [one, two] = [await open(), await open()];
      const rejection = { code: 'in-use', message: expect.stringContaining('stop it first') };
      for (const moving of ['replaced', 'made'] as const) await expect(move(moving)).rejects.toMatchObject(rejection);
      await one.close();
      await expect(move('replaced')).rejects.toMatchObject(rejection);
      await two.close();
      await move('replaced');
    });

    it('gives an engine no key while a move holds the lock that it lost with its connections, and serves it again afterwards', async () => {
      const engine = await open();
      await engine.keysFor([id(1)], { create: true });
      let moving: PostgresKeyStore | null = null;
      // Within a second the engine acquires its lock again: then this attempt was too late.
      while (moving === null) {
        await cut('perennial keys');
        moving = await move('replaced').catch(() => null);
      }
      await expect(engine.keysFor([id(1)])).rejects.toMatchObject({ code: 'in-use' });
      await expect(engine.destroy([id(1)])).rejects.toMatchObject({ code: 'in-use' });
      await moving.close();
      expect((await engine.keysFor([id(1)])).get(id(1))).not.toBe('erased');
      await expect(move('replaced')).rejects.toMatchObject({ code: 'in-use' });
    });

    it('fails a move whose connections were cut, since an engine may have run in the meantime', async () => {
      await (await open()).close();
      const moving = await move('replaced');
      await cut('perennial move');
      const asking = async (): Promise<string> => {
        for (;;) {
          const said = await moving.keysFor([id(1)]).catch((error: Error) => error.message);
          if (typeof said === 'string' && said.includes('locked the keys')) return said;
        }
      };
      expect(await asking()).toContain('broke');
      await open();
    });

    it('discards what an abandoned move wrote, and nothing that was stored before it', async () => {
      const held = async (): Promise<unknown> =>
        (await admin.query('SELECT count(*)::int AS n FROM perennial_keys.facts')).rows[0];
      const made = await move('made');
      await made.inherit({ check: Buffer.alloc(16), hashKeys: Buffer.alloc(32), erased: [Buffer.alloc(16, 1)] });
      await made.close();
      await expect(open()).rejects.toMatchObject({ code: 'unproven' });
      const again = await move('made');
      await again.discard();
      expect(await held()).not.toEqual({ n: 0 });
      await again.close();
      await clear();

      const other = await move('made');
      await other.inherit({ check: Buffer.alloc(16), hashKeys: Buffer.alloc(32), erased: [Buffer.alloc(16, 1)] });
      await other.discard();
      expect(await held()).toEqual({ n: 0 });
      await other.close();
      const engine = await open();
      expect(engine.earlier).toBeNull();
      expect((await engine.keysFor(['01'.repeat(16)])).size).toBe(0);
    });
  });

  it('goes on with the keys of a release that kept no list of steps', async () => {
    const before = await open();
    const key = (await before.keysFor([id(1)], { create: true })).get(id(1));
    const { rows } = await admin.query<{ name: string; value: Buffer }>('SELECT name, value FROM perennial_keys.facts');
    const { rows: keys } = await admin.query<{ id: Buffer; secret: Buffer }>(
      'SELECT id, secret FROM perennial_keys.keys',
    );
    await clear();
    const owner = secondPool(url);
    await owner.query(TABLES_OF_0_1);
    for (const { name, value } of rows)
      await owner.query('INSERT INTO perennial_keys.facts (name, value) VALUES ($1, $2)', [name, value]);
    for (const each of keys)
      await owner.query('INSERT INTO perennial_keys.keys (id, secret) VALUES ($1, $2)', [each.id, each.secret]);
    for (const row of ROWS_OF_0_1)
      await owner.query('INSERT INTO perennial_keys.api_keys VALUES ($1, $2, $3, $4, to_timestamp($5))', [
        ...[row.id, row.name, createHash('sha256').update(SECRET_OF_0_1).digest(), JSON.stringify(row.permissions)],
        row.createdAt,
      ]);
    await owner.end();
    const after = await open();
    expect((await after.keysFor([id(1)])).get(id(1))).toEqual(key);
    // API keys keep what they could do, except that only the admin key of the first start administers keys.
    const apiKeys = await ApiKeys.open(after.apiKeys, { now: () => 9_000_000 });
    for (const row of ROWS_OF_0_1) {
      const principal = apiKeys.authenticate(`pk_${row.id}_${SECRET_OF_0_1}`);
      expect([...(principal?.permissions ?? [])].sort()).toEqual([...(row.afterwards ?? PERMISSIONS)].sort());
    }
    const applied = await admin.query('SELECT number, name FROM perennial_keys.migrations');
    expect(applied.rows).toEqual(KEY_MIGRATIONS.map(({ number, name }) => ({ number, name })));
    await clear();
  });

  it('rejects a key in every process within a second or so of its revocation, and lets it in within a second of its creation', async () => {
    const store = await open();
    const apiKeys = await ApiKeys.open(store.apiKeys, { now: () => Date.now() });
    const child = startAuthenticating(url);
    try {
      const { key, record, stored } = apiKeys.create('till', ['publish']);
      await stored;
      const blocked = apiKeys.create('desk', ['read']);
      await blocked.stored;
      await child.until(key, 'in');
      await child.until(blocked.key, 'in');
      await apiKeys.revoke(record.id);
      await apiKeys.block(`key:${blocked.record.id}`, 'local');
      await child.until(key, 'out');
      await child.until(blocked.key, 'out');
    } finally {
      child.stop();
    }
    await clear();
  });

  it('is closed to the role of the read models', async () => {
    await open();
    const models = secondPool(as('model_keeper', 'm'));
    await expect(models.query('SELECT * FROM perennial_keys.keys')).rejects.toMatchObject({ code: '42501' });
    await models.end();
    await clear();
  });

  it('opens a schema that another role made for it, without the right to make one', async () => {
    await admin.query(`CREATE SCHEMA perennial_keys AUTHORIZATION model_keeper_${process.pid}`);
    const store = await openPostgresKeyStore({ url: as('model_keeper', 'm') });
    expect((await store.keysFor([id(1)], { create: true })).size).toBe(1);
    await store.close();
    await clear();
  });

  it('reports that its database cannot be reached, without the password', async () => {
    const gone = openPostgresKeyStore({ url: 'postgres://me:hunter2@127.0.0.1:1/keys' });
    await expect(gone).rejects.toMatchObject({ code: 'unavailable' });
    await expect(gone).rejects.not.toThrow(/hunter2/);
  });

  it('reports that its connections were cut, keeps nothing unfinished, and continues afterwards', async () => {
    const store = await open();
    await store.keysFor([id(1)], { create: true });
    const cut = async (): Promise<void> => {
      await admin.query(
        `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'perennial keys'`,
      );
    };
    let rejected = 0;
    for (let round = 0; round < 10; round += 1) {
      const ids = Array.from({ length: 100 }, (_, n) => id(round * 1_000 + n));
      const asking = store.keysFor(ids, { create: true });
      await cut();
      await asking.catch((error: unknown) => {
        rejected += 1;
        expect(error).toMatchObject({ code: 'unavailable' });
      });
      let found = new Map() as ReadonlyMap<string, KeyState>;
      while (found.size < 100) found = await store.keysFor(ids, { create: true }).catch(() => found);
      expect(await store.keysFor(ids)).toEqual(found);
    }
    expect(rejected).toBeLessThanOrEqual(10);
    await clear();
  });
});
