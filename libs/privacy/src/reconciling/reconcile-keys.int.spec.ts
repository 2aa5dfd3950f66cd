import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openSqliteLog, type EventLog } from '#event-log';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler } from '#ingestion';
import { openKeyStoreOf, Sealer, type SqliteKeyStore } from '#keys';
import { memoryLog, orderPlaced } from '#testing';
import { eraseSubjects } from '../erasure/erase-subjects.js';
import { checkFolder } from './prepare-folder.js';
import { prepareStores } from './prepare-stores.js';
import { recordMark } from './reconcile-keys.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const SQLITE = { kind: 'sqlite' } as const;

interface Opened {
  readonly log: EventLog;
  readonly keys: SqliteKeyStore;
  readonly announced: readonly string[];
  close(): Promise<void>;
}

describe('the stores of a data folder', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-stores-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const file = (name: string): string => join(folder, name);
  const settings = () => ({
    dataDir: folder,
    eventLog: SQLITE,
    keysUrl: null,
    hashKey: null,
    policy: { kind: 'built-in' as const, name: 'retail' as const },
  });

  /** As a start of the engine: what it says, and an error where it does not start. */
  const start = async (): Promise<Opened> => {
    checkFolder(settings(), true);
    const keys = openKeyStoreOf(folder);
    const log = await openSqliteLog({ file: file('log.db'), clock: { now: () => NOW }, writing: 'here' });
    const announced: string[] = [];
    const close = async (): Promise<void> => {
      await log.close();
      await keys.close();
    };
    try {
      const announce = (line: string): void => void announced.push(line);
      await prepareStores({ log, keys, now: NOW, announce, config: settings(), ownsFolder: true });
    } catch (error) {
      await close();
      throw error;
    }
    return {
      log,
      keys,
      announced,
      async close() {
        await recordMark(log, keys);
        await close();
      },
    };
  };
  const publish = async ({ log, keys }: Opened, ...users: string[]): Promise<(string | undefined)[]> => {
    const ingestion = new Ingestion({ log, sealer: new Sealer(keys) });
    const items = users.map((user, n) => ({
      document: orderPlaced({
        id: `${user}-${n}-${(publications += 1)}`,
        identifiers: [{ namespace: 'userId', value: user }],
      }),
    }));
    const { results } = await new IngestTouchpointsHandler(ingestion).execute(new IngestTouchpoints(items, NOW));
    return results.map(({ outcome }) => outcome);
  };
  let publications = 0;
  const subjectOf = ({ keys }: Opened, user: string): string => new Sealer(keys).subjectIdOf('userId', user);
  const erase = (opened: Opened, user: string) =>
    eraseSubjects(opened, { subjectIds: [subjectOf(opened, user)], customerId: null, by: 'me' }, NOW);

  it('applies the erasures of the log again to keys from a backup: no erased person comes back', async () => {
    let engine = await start();
    await publish(engine, 'erika', 'paul');
    await engine.close();
    copyFileSync(file('keys.db'), file('backup'));
    engine = await start();
    await erase(engine, 'erika');
    await engine.close();
    copyFileSync(file('backup'), file('keys.db'));

    engine = await start();
    const [erika, paul] = [subjectOf(engine, 'erika'), subjectOf(engine, 'paul')];
    const states = await engine.keys.keysFor([erika, paul]);
    expect(states.get(erika)).toBe('erased');
    expect(states.get(paul)).not.toBe('erased');
    expect(engine.announced.join('\n')).toMatch(/applied to it again \(1 subject\).*older copy/);
    expect(await publish(engine, 'erika')).toEqual(['suppressed']);
    await engine.close();

    // The second time there is nothing to apply.
    engine = await start();
    expect(engine.announced).toEqual([]);
    await engine.close();
  });

  it('applies all that repeated erasures of one person destroyed, also those that ran at once', async () => {
    let engine = await start();
    await publish(engine, 'erika');
    const bodies = ['a', 'b', 'c', 'd'].map((digit) => digit.repeat(32));
    await engine.keys.keysFor(bodies, { create: true });
    await engine.close();
    copyFileSync(file('keys.db'), file('backup'));
    engine = await start();
    const { log, keys } = engine;
    const request = { subjectIds: [subjectOf(engine, 'erika')], customerId: null, by: 'me' };
    const eraseBodies = (...quarantineIds: string[]) =>
      eraseSubjects({ log, keys }, { ...request, quarantineIds }, NOW);
    await eraseBodies(bodies[0] as string);
    await Promise.all(bodies.slice(1, 3).map((body) => eraseBodies(body)));
    const last = await eraseBodies(...bodies);
    const { position } = await log.head();
    // The same again: nothing is left to record.
    for (const some of [bodies, bodies.slice(1, 2), []])
      expect(await eraseBodies(...some)).toMatchObject({ position: last.position, erasedAt: last.erasedAt });
    expect((await log.head()).position).toBe(position);
    await engine.close();
    copyFileSync(file('backup'), file('keys.db'));

    engine = await start();
    const states = await engine.keys.keysFor([...request.subjectIds, ...bodies]);
    expect([...states].flatMap(([id, state]) => (state === 'erased' ? [] : [id]))).toEqual([]);
    expect(states.size).toBe(5);
    await engine.close();
  });

  it('reports keys that are older than the log: subjects that it knows have no key', async () => {
    let engine = await start();
    await publish(engine, 'erika');
    await engine.close();
    copyFileSync(file('keys.db'), file('backup'));
    engine = await start();
    await publish(engine, 'paul', 'mary');
    await engine.close();
    copyFileSync(file('backup'), file('keys.db'));

    engine = await start();
    expect(engine.announced.join('\n')).toMatch(/key store is older than the event log: 2 subjects/);
    await engine.close();
    // It is said again until the newest copy is back.
    engine = await start();
    expect(engine.announced.join('\n')).toMatch(/older than the event log: 2 subjects/);
    await engine.close();
  });

  it('rejects a log that is shorter than an engine with these keys has seen it, with the number of missing events', async () => {
    let engine = await start();
    await publish(engine, 'erika');
    await engine.close();
    copyFileSync(file('log.db'), file('backup'));
    engine = await start();
    await publish(engine, 'paul', 'mary');
    const { position } = await engine.log.head();
    await engine.close();
    copyFileSync(file('backup'), file('log.db'));

    const missing = position - 3;
    await expect(start()).rejects.toMatchObject({
      name: 'StoreMismatchError',
      code: 'log-shorter',
      message: expect.stringContaining(`${missing} events are missing`),
    });

    // An operator accepts the loss: the log is another copy from then on.
    const log = await openSqliteLog({ file: file('log.db'), writing: 'here' });
    await log.becomeAnotherCopy();
    await log.close();
    await (await start()).close();
  });

  it('rejects a log that holds another event where these keys have seen one', async () => {
    let engine = await start();
    await publish(engine, 'erika');
    await engine.close();
    copyFileSync(file('log.db'), file('backup'));
    engine = await start();
    await publish(engine, 'paul');
    await engine.close();
    copyFileSync(file('backup'), file('log.db'));
    const log = await openSqliteLog({ file: file('log.db'), writing: 'here' });
    for (const n of [1, 2, 3, 4])
      await log.append('other', 'any', [
        {
          ...{ source: 's', id: `${n}`, type: 'order-placed', schemaVersion: 1, occurredAt: NOW },
          ...{ contentHash: new Uint8Array(16), meta: '{}', data: '{}' },
        },
      ]);
    await log.close();
    await expect(start()).rejects.toMatchObject({ code: 'log-differs' });
  });

  it('takes a missing log beside keys for a loss, not for a first start, and creates nothing', async () => {
    const engine = await start();
    await publish(engine, 'erika');
    await engine.close();
    rmSync(file('log.db'));
    rmSync(file('log.json'));
    await expect(start()).rejects.toMatchObject({
      code: 'log-missing',
      message: expect.stringMatching(/keys\.db holds/),
    });
    expect(existsSync(file('log.db'))).toBe(false);
  });

  it('takes missing keys beside a log for a loss', async () => {
    await (await start()).close();
    rmSync(file('keys.db'));
    await expect(start()).rejects.toMatchObject({ code: 'keys-missing' });
    expect(existsSync(file('keys.db'))).toBe(false);
  });

  it('rejects the log of another folder, with both identities', async () => {
    const engine = await start();
    await publish(engine, 'erika');
    const { logId } = await engine.log.identity();
    await engine.close();
    const first = folder;
    folder = mkdtempSync(join(tmpdir(), 'perennial-stores-'));
    const other = await start();
    const { logId: otherId } = await other.log.identity();
    await other.close();
    copyFileSync(join(folder, 'log.db'), join(first, 'log.db'));
    rmSync(folder, { recursive: true });
    folder = first;
    const rejection = start();
    await expect(rejection).rejects.toMatchObject({ code: 'other-log' });
    await expect(rejection).rejects.toThrow(new RegExp(`${logId.slice(0, 12)}.*${otherId.slice(0, 12)}`));
    // Keys alone, without the record of the folder, say the same.
    rmSync(file('log.json'));
    await expect(start()).rejects.toThrow(/The keys belong to another event log/);
  });

  it('names the server where the log of the folder was last, without user and password', async () => {
    await (await start()).close();
    const place = 'esdb://log.example:2113?tls=true#main';
    writeFileSync(file('log.json'), JSON.stringify({ logId: 'a'.repeat(32), copyId: 'b'.repeat(32), place }));
    await expect(start()).rejects.toMatchObject({
      code: 'log-elsewhere',
      message: expect.stringContaining(`EVENT_LOG='${place}'`),
    });
  });

  it('creates nothing for a command that only reads', () => {
    expect(() => checkFolder(settings(), false)).toThrow(/nothing to query, and nothing was created/);
    expect(() => checkFolder({ ...settings(), dataDir: file('absent') }, false)).toThrow(/nothing to query/);
    expect(existsSync(file('absent'))).toBe(false);
  });

  it('is a first start where a first start was killed before it had a log', async () => {
    await openKeyStoreOf(folder).close();
    await (await start()).close();
  });

  it('gives identities to stores of an earlier version, which are not rewritten', async () => {
    const engine = await start();
    await publish(engine, 'erika');
    await engine.close();
    const { DatabaseSync } = await import('@photostructure/sqlite');
    for (const [name, sql] of [
      ['log.db', 'DROP TABLE identity'],
      ['keys.db', "DELETE FROM facts WHERE name LIKE 'log-%'"],
    ] as const) {
      const db = new DatabaseSync(file(name));
      db.exec(sql);
      db.close();
    }
    rmSync(file('log.json'));
    const again = await start();
    expect((await again.log.head()).position).toBe(3);
    expect(again.announced).toEqual([]);
    expect(JSON.parse(readFileSync(file('log.json'), 'utf8'))).toEqual({
      ...(await again.log.identity()),
      place: 'sqlite',
    });
    await again.close();
  });

  it('is whole in its files after a clean stop: keys.db alone is a copy of the keys', async () => {
    const engine = await start();
    await publish(engine, 'erika');
    const erika = subjectOf(engine, 'erika');
    await engine.close();
    for (const name of ['keys.db-wal', 'log.db-wal'])
      expect(existsSync(file(name)) ? statSync(file(name)).size : 0).toBe(0);
    const copy = mkdtempSync(join(tmpdir(), 'perennial-stores-'));
    copyFileSync(file('keys.db'), join(copy, 'keys.db'));
    const keys = openKeyStoreOf(copy);
    expect((await keys.keysFor([erika])).get(erika)).toMatchObject({ id: erika });
    await keys.close();
    rmSync(copy, { recursive: true });
  });
});

describe('a log and the hash key that it was written under', () => {
  const given = (check: string) => {
    const facts = new Map<string, Uint8Array>();
    return {
      ...{ hashKey: new Uint8Array(32), hashKeyCheck: check },
      ...{ keysFor: async () => new Map(), createListed: async () => [] },
      destroy: async () => ({ subjectKeys: 0, listedKeys: 0, listedHeld: 0, forbidden: 0 }),
      ...{ placeHold: async () => undefined, liftHold: async () => 0, holdsOn: async () => [] },
      ...{ destroyExpired: async () => 0, countExpiring: async () => 0 },
      ...{ onDestroyed: () => undefined, close: async () => undefined },
      ...{ classKeys: async () => [], destroyClassKeys: async () => 0 },
      ...{ destroyedClassKeys: async () => [], confirmDestroyed: async () => undefined },
      fact: async (name: string) => facts.get(name) ?? null,
      recordFact: async (name: string, value: Uint8Array) => void facts.set(name, value),
    };
  };
  const [FIRST, SECOND] = ['1'.repeat(32), '2'.repeat(32)];
  const config = {
    dataDir: '/nowhere',
    eventLog: SQLITE,
    policy: { kind: 'built-in' as const, name: 'retail' as const },
  };
  const prepare = (log: EventLog, check: string) =>
    prepareStores({ log, keys: given(check), now: NOW, announce: () => undefined, config, ownsFolder: false });

  /** As a server that remembers recent event ids only, after its restart: every append is accepted that meets its expectation. */
  const forgetful = (log: EventLog): EventLog => {
    let n = 0;
    const renamed = <E extends { readonly id: string }>(event: E): E => ({ ...event, id: `${event.id} ${(n += 1)}` });
    return new Proxy(log, {
      get(target, name) {
        if (name === 'append')
          return (stream: string, expected: never, events: never[]) =>
            target.append(stream, expected, events.map(renamed));
        if (name === 'appendMany')
          return (items: { event: never }[], receipts: never) =>
            target.appendMany(items.map((item) => ({ ...item, event: renamed(item.event) })) as never, receipts);
        const value = Reflect.get(target, name) as unknown;
        return typeof value === 'function' ? (value.bind(target) as unknown) : value;
      },
    });
  };

  it('is rejected by a log whose server forgot the ids, and nothing is written', async () => {
    const log = forgetful(memoryLog({ clock: { now: () => NOW } }));
    await prepare(log, FIRST);
    const before = await log.head();
    await expect(prepare(log, SECOND)).rejects.toMatchObject({ code: 'other-hash-key' });
    expect(await log.head()).toEqual(before);
    await prepare(log, FIRST);
    expect(await log.head()).toEqual(before);
  });

  it('is adopted by one of two engines that start at once', async () => {
    const log = forgetful(memoryLog({ clock: { now: () => NOW } }));
    const outcomes = await Promise.allSettled([prepare(log, FIRST), prepare(log, SECOND)]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(await log.head()).toMatchObject({ position: 1 });
  });

  it('is no hash key of a log that two engines with different keys have written to: both are named', async () => {
    const log = memoryLog({ clock: { now: () => NOW } });
    await prepare(log, FIRST);
    await log.append('privacy', 'any', [
      {
        ...{
          source: 'perennial/privacy',
          id: 'hash-key again',
          type: 'hash-key-adopted',
          schemaVersion: 1,
          occurredAt: NOW,
        },
        ...{ contentHash: Buffer.from(SECOND, 'hex'), meta: '{}', data: JSON.stringify({ check: SECOND }) },
      },
    ]);
    for (const check of [FIRST, SECOND]) {
      await expect(prepare(log, check)).rejects.toMatchObject({ code: 'two-hash-keys' });
      await expect(prepare(log, check)).rejects.toThrow(new RegExp(`${FIRST}.*${SECOND}`));
    }
  });
});
