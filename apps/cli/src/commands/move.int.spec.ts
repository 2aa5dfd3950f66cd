import { copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import pg from 'pg';
import { openSqliteLog, type EventLog } from '#event-log';
import { EraseCustomer, EraseCustomerHandler, type HashKeyChanged } from '#privacy';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog, type IngestItem } from '#ingestion';
import {
  ApiKeys,
  openPostgresKeyStore,
  openSqliteKeyStore,
  Sealer,
  type KeyStore,
  type RekeyableKeyStore,
} from '#keys';
import { LOCAL_PRINCIPAL } from '#platform';
import { ONE_IS_ENOUGH } from '#testing';
import { FakeServer } from '../../../../test/services/eventstore/fake-server.js';
import { anyPostgres, type TestPostgres } from '../../../../test/services/postgres.js';
import { CliError } from '../exit-codes.js';
import { moveCommand } from './move.js';

// Stores are opened, and read models built.
jest.setTimeout(300_000);

const NOW = Date.UTC(2026, 0, 31, 12);
const folder = mkdtempSync(join(tmpdir(), 'perennial-move-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string): string => join(folder, name);
const sqlite = (name: string): string => `sqlite:${at(name)}`;

interface Moved {
  readonly code: number;
  /** What the command wrote to the terminal. */
  readonly output: string;
}

/** The command as on the command line, run in this process. */
const move = (...args: string[]): Promise<Moved> => moveUntil(null, args);

/** The same, with a Ctrl-C, or another action, as soon as it writes this text. */
async function moveUntil(ending: string | null, args: readonly string[], then?: () => void): Promise<Moved> {
  let output = '';
  let ended = false;
  const stop = new AbortController();
  const writing = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    output += String(text);
    if (ended || ending === null || !output.includes(ending)) return true;
    ended = true;
    if (then === undefined) stop.abort();
    else then();
    return true;
  });
  const session = {
    clock: { now: () => Date.now() },
    stderr: { write: (text: string) => (output += text) },
    signal: stop.signal,
  };
  try {
    await moveCommand(session)
      .exitOverride()
      .parseAsync([...args], { from: 'user' });
    return { code: Number(process.exitCode), output };
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    return { code: error.exitCode, output: output + error.message };
  } finally {
    writing.mockRestore();
    process.exitCode = undefined;
  }
}

const openLog = (name: string): Promise<EventLog> => openSqliteLog({ file: join(at(name), 'log.db'), writing: 'here' });
const keysIn = (name: string): RekeyableKeyStore => openSqliteKeyStore({ file: join(at(name), 'keys.db') });

const order = (id: string, ...people: string[]) => ({
  document: {
    ...{ id, source: 'shop', type: 'order-placed', time: '2026-01-30T11:00:00Z', channel: 'web' },
    identifiers: people.map((value) => ({ namespace: value.includes('@') ? 'email' : 'userId', value })),
    data: { orderId: id, currency: 'EUR', totalMinor: 100 },
  },
});
const ORDERS = [
  order('1', 'ann', 'ann@shop.example'),
  order('2', 'bob'),
  order('3', 'cleo'),
  order('4', 'ann', 'dan'),
  { document: { nonsense: 'of bob', userId: 'bob' } },
];

const ingest = (log: EventLog, keys: KeyStore, items: readonly IngestItem[]) =>
  new IngestTouchpointsHandler(new Ingestion({ log, sealer: new Sealer(keys) })).execute(
    new IngestTouchpoints(items, NOW),
  );
const erase = (log: EventLog, keys: KeyStore, userId: string) => {
  const { identities, sealer } = new Ingestion({ log, sealer: new Sealer(keys) });
  const clock = { now: () => NOW };
  const handler = new EraseCustomerHandler({
    log,
    keys,
    identities,
    sealer,
    database: null,
    clock,
    approvals: ONE_IS_ENOUGH,
  });
  const identifiers = [{ namespace: 'userId', value: userId }];
  return handler.execute(new EraseCustomer({ identifiers, customerId: null }, { ...LOCAL_PRINCIPAL, id: 'me' }));
};

/** The outcomes of the orders when they are sent again, and of new orders. */
async function outcomes(name: string, keys: KeyStore): Promise<(string | undefined)[]> {
  const log = await openLog(name);
  const { results } = await ingest(log, keys, [...ORDERS, order('new of ann', 'ann'), order('new of bob', 'bob')]);
  await log.close();
  return results.map(({ outcome }) => outcome);
}
const AGAIN = ['duplicate', 'suppressed', 'duplicate', 'duplicate', 'suppressed', 'accepted', 'suppressed'];

/** Four customers, one of them erased, and events that could not be read. */
async function live(name: string, keys: KeyStore): Promise<void> {
  mkdirSync(at(name), { recursive: true });
  const log = await openLog(name);
  await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, NOW);
  await ingest(log, keys, ORDERS);
  await erase(log, keys, 'bob');
  await log.close();
}

async function changesIn(name: string): Promise<HashKeyChanged[]> {
  const log = await openLog(name);
  const changes: HashKeyChanged[] = [];
  for await (const page of log.read('privacy'))
    for (const { type, data } of page)
      if (type === 'hash-key-changed') changes.push(JSON.parse(data) as HashKeyChanged);
  await log.close();
  return changes;
}

const offer = anyPostgres();
const [suite, title] =
  offer.missing === null
    ? [describe, `with the keys in ${offer.name}`]
    : [describe.skip, `with the keys in PostgreSQL (skipped: ${offer.missing})`];

describe('perennial move --rekey', () => {
  suite(title, () => {
    let server: TestPostgres;
    let eventstore: FakeServer;
    const databases = new Map<string, string>();
    /** The address of a database of this name. */
    const database = async (name: string): Promise<string> => {
      const known = databases.get(name);
      if (known !== undefined) return known;
      const client = new pg.Client(server.url);
      await client.connect();
      const own = `${name}_${process.pid}`;
      await client.query(`CREATE DATABASE ${own}`);
      await client.end();
      const url = new URL(server.url);
      url.pathname = `/${own}`;
      databases.set(name, url.href);
      return url.href;
    };

    beforeAll(async () => {
      server = await offer.start();
      eventstore = await FakeServer.start();
      const keys = await openPostgresKeyStore({ url: await database('old') });
      await live('old', keys);
      const apiKeys = await ApiKeys.open(keys.apiKeys, { now: () => NOW });
      const { record, stored } = apiKeys.create('web shop', ['publish']);
      await stored;
      await apiKeys.revoke(record.id);
      await keys.close();
    });
    afterAll(async () => {
      await eventstore.stop();
      const client = new pg.Client(server.url);
      await client.connect();
      for (const url of databases.values())
        await client.query(`DROP DATABASE ${new URL(url).pathname.slice(1)} WITH (FORCE)`);
      await client.end();
      await server.stop();
    });

    it('goes to a server, the keys from a database to another, and back to a file with its keys: the same people, and who was erased stays erased', async () => {
      const [oldUrl, newUrl] = [await database('old'), await database('new')];
      const command = ['--from', sqlite('old'), '--to', eventstore.connectionString, '--rekey', '--by', 'ticket 7'];
      const there = await move(...command, '--old-keys', oldUrl, '--new-keys', newUrl);
      expect(there).toMatchObject({ code: 0, output: expect.stringMatching(/read models +[0-9a-f]{32} +equal/) });
      expect(there.output).toMatch(/on record +hash-key-changed, by ticket 7: 5 subjects, 1 of them erased/);
      const keys = await openPostgresKeyStore({ url: newUrl });
      expect((await keys.apiKeys.readAll()).keys).toMatchObject([{ name: 'web shop', revokedAt: expect.any(Number) }]);
      await keys.close();
      // Done again it adds nothing, and what it output stands.
      const again = await move(...command, '--old-keys', oldUrl, '--new-keys', newUrl, '--no-models');
      expect(again).toMatchObject({ code: 0, output: expect.stringContaining(' 0 copied') });

      const back = ['--from', eventstore.connectionString, '--to', sqlite('back'), '--rekey', '--no-models'];
      expect(await move(...back, '--old-keys', newUrl)).toMatchObject({ code: 0 });
      const ownKeys = keysIn('back');
      expect(await outcomes('back', ownKeys)).toEqual(AGAIN);
      await ownKeys.close();

      // An auditor sees both changes, each from the key of the one before, and neither shows which subject became which.
      const changes = await changesIn('back');
      expect(changes).toMatchObject([
        { by: 'ticket 7', subjects: 5, erased: 1, command: 'perennial move --rekey' },
        { by: 'local', subjects: 5, erased: 1, formerCheck: changes[0]?.check },
      ]);
      expect(changes[1]?.events).toBe((changes[0]?.events ?? 0) + 1);
      // The first mapping was keyed with the key that was given up: it is hashed again.
      const [first] = await changesOnServer(eventstore);
      expect(first).toMatchObject({ by: 'ticket 7' });
      expect(changes[0]?.mapping).not.toBe(first?.mapping);
    });

    it('goes from a database to a file, and from a file to a database', async () => {
      const to = ['--to', sqlite('to-file'), '--rekey', '--no-models'];
      expect(await move('--from', sqlite('old'), ...to, '--old-keys', await database('old'))).toMatchObject({
        code: 0,
      });
      const newUrl = await database('from_file');
      const from = ['--from', sqlite('to-file'), '--to', sqlite('from-file'), '--rekey', '--no-models'];
      expect(await move(...from, '--new-keys', newUrl)).toMatchObject({ code: 0 });
      expect(existsSync(join(at('from-file'), 'keys.db'))).toBe(false);
      const keys = await openPostgresKeyStore({ url: newUrl });
      expect(await outcomes('from-file', keys)).toEqual(AGAIN);
      await keys.close();
    });

    it('leaves keys that are not proven to no engine, and an engine’s keys to the engine', async () => {
      const [oldUrl, newUrl] = [await database('old'), await database('unproven')];
      const command = ['--from', sqlite('old'), '--to', sqlite('half'), '--rekey', '--old-keys', oldUrl];
      const half = await moveUntil('except for the subject ids', [...command, '--new-keys', newUrl]);
      expect(half).toMatchObject({ code: 6, output: expect.stringContaining('it continues from there') });
      expect(await changesIn('half')).toEqual([]);
      await expect(openPostgresKeyStore({ url: newUrl })).rejects.toMatchObject({ code: 'unproven' });
      const other = await move(...command, '--no-models');
      expect(other).toMatchObject({ code: 3, output: expect.stringContaining('an earlier run used other options') });
      expect(existsSync(join(at('half'), 'keys.db.new'))).toBe(false);
      expect(await move(...command, '--new-keys', newUrl, '--no-models')).toMatchObject({ code: 0 });

      const engine = await openPostgresKeyStore({ url: newUrl });
      const used = ['--from', sqlite('half'), '--to', sqlite('used'), '--rekey', '--old-keys', newUrl];
      expect(await move(...used)).toMatchObject({ code: 4, output: expect.stringContaining('stop it first') });
      await engine.close();
    });

    it('lets no engine start on the old keys, nor on the new ones, while it runs', async () => {
      const [oldUrl, newUrl] = [await database('old'), await database('during')];
      const starts: Promise<unknown>[] = [];
      const command = ['--from', sqlite('old'), '--to', sqlite('during'), '--rekey', '--old-keys', oldUrl];
      // The read models of both are still to be built then.
      const moved = await moveUntil('except for the subject ids', [...command, '--new-keys', newUrl], () => {
        for (const url of [oldUrl, newUrl]) starts.push(openPostgresKeyStore({ url }).catch((error: unknown) => error));
      });
      expect(moved).toMatchObject({ code: 0 });
      const rejection = { code: 'in-use', message: expect.stringMatching(/A move holds the keys in the database/) };
      expect(await Promise.all(starts)).toMatchObject([rejection, rejection]);
      for (const url of [oldUrl, newUrl]) await (await openPostgresKeyStore({ url })).close();
    });

    it('deletes the new keys that it created where it is rejected before anything is copied', async () => {
      const [oldUrl, newUrl] = [await database('old'), await database('refused')];
      const keys = await openPostgresKeyStore({ url: oldUrl });
      writeFileSync(at('old-hash-key'), Buffer.from(keys.hashKey).toString('hex'));
      await keys.close();
      const admin = new pg.Client(newUrl);
      await admin.connect();
      const command = ['--from', sqlite('old'), '--rekey', '--new-keys', newUrl, '--no-models'];
      const rejected: [string[], string][] = [
        [['--to', sqlite('free'), '--old-keys', await database('new')], 'does not belong to it'],
        [['--to', sqlite('free'), '--old-keys', oldUrl, '--new-hash-key', at('old-hash-key')], 'give another'],
        [['--to', sqlite('to-file'), '--old-keys', oldUrl], 'holds something else'],
      ];
      for (const [args, output] of rejected) {
        expect(await move(...command, ...args)).toMatchObject({ code: 3, output: expect.stringContaining(output) });
        const { rows } = await admin.query(
          'SELECT (SELECT count(*) FROM perennial_keys.facts)::int + (SELECT count(*) FROM perennial_keys.keys)::int AS left',
        );
        expect([output, rows]).toEqual([output, [{ left: 0 }]]);
      }
      await admin.end();
      expect(await move(...command, '--to', sqlite('free'), '--old-keys', oldUrl)).toMatchObject({ code: 0 });
    });

    it('reports what is wrong with an address, without the password', async () => {
      const oldUrl = await database('old');
      const wrong: [string[], number, string][] = [
        [['--old-keys', await database('empty')], 3, 'No keys were found in the database empty'],
        [['--old-keys', 'postgres://me:hunter2@127.0.0.1:1/keys'], 4, 'the database keys at 127.0.0.1:1'],
        [['--old-keys', 'mysql://me:hunter2@127.0.0.1:1/keys'], 2, 'must be the location of keys'],
        [['--old-keys', oldUrl, '--new-keys', oldUrl], 2, 'a database of their own'],
        [[], 3, 'KEYS_URL'],
        // Another log's keys.
        [['--old-keys', await database('new')], 3, 'does not belong to it'],
      ];
      for (const [args, code, output] of wrong) {
        const ran = await move('--from', sqlite('old'), '--to', sqlite('unwritten'), '--rekey', ...args);
        expect([args, ran.code, ran.output]).toEqual([args, code, expect.stringContaining(output)]);
        expect(ran.output).not.toContain('hunter2');
        expect(existsSync(join(at('unwritten'), 'log.db'))).toBe(false);
      }
    });
  });

  describe('with the keys in a folder', () => {
    beforeAll(async () => {
      mkdirSync(at('plain'), { recursive: true });
      const keys = keysIn('plain');
      await live('plain', keys);
      await keys.close();
    });
    let number = 0;
    /** A copy of that house, which may be lived in. */
    const house = (): string => {
      const name = `plain-${(number += 1)}`;
      mkdirSync(at(name));
      for (const file of ['log.db', 'keys.db']) copyFileSync(join(at('plain'), file), join(at(name), file));
      return name;
    };
    const command = (from: string, to: string): string[] => [
      ...['--from', sqlite(from), '--to', sqlite(to), '--rekey', '--no-models'],
    ];
    const lived: KeyStore[] = [];
    afterEach(async () => {
      for (const keys of lived.splice(0)) await keys.close();
    });
    const eraseIn = async (name: string, person: string): Promise<void> => {
      const keys = keysIn(name);
      lived.push(keys);
      const log = await openLog(name);
      await erase(log, keys, person);
      await log.close();
    };

    it('cannot follow with what came to the old log after the move', async () => {
      const from = house();
      expect(await move(...command(from, 'followed'))).toMatchObject({ code: 0 });
      const keys = keysIn(from);
      const log = await openLog(from);
      await ingest(log, keys, [order('late', 'cleo')]);
      await log.close();
      await keys.close();
      const late = await move(...command(from, 'followed'));
      expect(late).toMatchObject({ code: 3, output: expect.stringContaining('the old log has grown since') });
    });

    it('rejects new keys that list a subject as erased which the old keys do not', async () => {
      const from = house();
      expect(await move(...command(from, 'known'))).toMatchObject({ code: 0 });
      await eraseIn('known', 'cleo');
      const again = await move(...command(from, 'known'));
      expect(again).toMatchObject({
        code: 3,
        output: expect.stringMatching(/subject .* is erased in the new key store/),
      });
    });

    it('rejects new keys that miss a subject which was erased since they were created', async () => {
      const from = house();
      expect(await move(...command(from, 'unknown'))).toMatchObject({ code: 0 });
      await eraseIn(from, 'cleo');
      const again = await move(...command(from, 'unknown'));
      expect(again).toMatchObject({
        code: 3,
        output: expect.stringContaining('was erased since the new keys were made'),
      });
    });

    it('does not restore an API key that was revoked after the move', async () => {
      const from = house();
      const open = async (name: string) => {
        const keys = keysIn(name);
        lived.push(keys);
        return ApiKeys.open(keys.apiKeys, { now: () => NOW });
      };
      const { record, stored } = (await open(from)).create('shop', ['publish']);
      await stored;
      for (const store of lived.splice(0)) await store.close();
      expect(await move(...command(from, 'revoked'))).toMatchObject({ code: 0 });
      await (await open('revoked')).revoke(record.id);
      for (const store of lived.splice(0)) await store.close();
      expect(await move(...command(from, 'revoked'))).toMatchObject({ code: 0 });
      expect((await open('revoked')).list()).toMatchObject([{ id: record.id, revokedAt: NOW }]);
    });

    it('leaves no new keys behind where the target holds another log', async () => {
      const occupied = house();
      const newKeys = at('not-left-behind');
      const rejected = await move(...command('plain', occupied), '--new-keys', newKeys);
      expect(rejected).toMatchObject({ code: 3, output: expect.stringContaining('holds something else') });
      expect(existsSync(join(newKeys, 'keys.db.new'))).toBe(false);
    });

    it('names the option for a hash key that is kept apart, and copies such keys without it', async () => {
      mkdirSync(at('apart'));
      const hashKey = Buffer.alloc(32, 7);
      writeFileSync(at('hash-key'), hashKey.toString('hex'));
      const keys = openSqliteKeyStore({ file: join(at('apart'), 'keys.db'), hashKey });
      await live('apart', keys);
      await keys.close();
      const asked = await move(...command('apart', 'apart-rekeyed'));
      expect(asked).toMatchObject({ code: 3, output: expect.stringContaining('--old-hash-key FILE') });
      expect(await move(...command('apart', 'apart-rekeyed'), '--old-hash-key', at('hash-key'))).toMatchObject({
        code: 0,
      });
      const plain = ['--from', sqlite('apart'), '--to', sqlite('apart-copied'), '--no-models'];
      expect(await move(...plain, '--keys')).toMatchObject({ code: 0 });
      const copied = openSqliteKeyStore({ file: join(at('apart-copied'), 'keys.db'), hashKey });
      expect(await outcomes('apart-copied', copied)).toEqual(AGAIN);
      await copied.close();
    });

    it('explains how to copy from a server to a server', async () => {
      const servers = ['--from', 'esdb://127.0.0.1:1?tls=false', '--to', 'kurrentdb://127.0.0.1:2?tls=false'];
      const keys = ['--old-keys', at('plain'), '--new-keys', at('by-way')];
      const way = await move(...servers, '--rekey', ...keys);
      expect(way).toMatchObject({ code: 2, output: expect.stringContaining('with --rekey on one of the two') });
    });

    it('accepts --by only with --rekey, and only with a text', async () => {
      const plain = ['--from', sqlite('plain'), '--to', sqlite('by')];
      expect(await move(...plain, '--by', 'me')).toMatchObject({ code: 2 });
      expect(await move(...plain, '--rekey', '--by', '')).toMatchObject({ code: 2 });
    });
  });
});

async function changesOnServer({ connectionString }: FakeServer): Promise<HashKeyChanged[]> {
  const plain = ['--from', connectionString, '--to', sqlite('looked-at'), '--no-models'];
  expect(await move(...plain)).toMatchObject({ code: 0 });
  return changesIn('looked-at');
}
