import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import type { Database } from '#database';
import type { Digest } from '../versions/digest.js';
import { Projector } from './projector.js';
import { openDatabase } from '#database';
import { day, appendAll } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import { describeOnPostgres, openStore, type OpenedStore } from '#testing/stores';

const SEED = 11;
const NOW = day(600);
const clock = { now: () => NOW };

describeOnPostgres('several projectors', (offer) => {
  let store: OpenedStore;
  let log: EventLog;
  let children: ChildProcess[] = [];
  let databases: Database[] = [];

  beforeAll(async () => {
    store = await openStore(offer.name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    log = memoryLog({ clock });
    await appendAll(log, world(SEED));
  });
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    for (const database of databases.splice(0)) await database.close();
    children = [];
    databases = [];
  });

  const open = async (): Promise<Projector> => {
    const database = await openDatabase({ kind: 'postgres', url: store.url ?? '' });
    databases.push(database);
    return Projector.open({ database, log, clock, pageSize: 50 });
  };

  /** Another process that indexes, and stops in the middle of its first page. */
  const holding = async (idleMs = 60_000): Promise<ChildProcess> => {
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=source', '--import', '#from-source'],
        join(import.meta.dirname, '../testdata/indexer-child.ts'),
        ...[store.url ?? '', String(SEED), String(NOW), String(idleMs)],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    children.push(child);
    const ended = once(child, 'exit').then(() => Promise.reject(new Error('The other process ended.')));
    ended.catch(() => undefined);
    await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended]);
    return child;
  };

  /** Runs a projector beside the one that holds the lock; it must not get past it. */
  const standingBy = async (): Promise<Projector> => {
    const second = await open();
    second.start();
    for (let look = 0; look < 10; look++) {
      expect(await second.status()).toMatchObject({ position: 0, failure: null });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    return second;
  };

  const untilIndexed = async (projector: Projector): Promise<Digest> => {
    const { position } = await log.head();
    while ((await projector.status()).position < position) await new Promise((resolve) => setTimeout(resolve, 20));
    const digest = await projector.digest();
    await projector.stop();
    return digest;
  };

  /** What one projector alone makes of the same log. */
  const alone = async (): Promise<string> => {
    await store.wipe();
    const projector = await open();
    return (await projector.digest()).overall;
  };

  it('the stand-by takes over from one that was killed in the middle of a page', async () => {
    const child = await holding();
    const second = await standingBy();
    child.kill('SIGKILL');
    const { overall } = await untilIndexed(second);
    expect(overall).toBe(await alone());
  });

  it('the stand-by takes over from one that hangs, once the server has ended its transaction', async () => {
    const child = await holding(2_000);
    child.kill('SIGSTOP');
    const second = await open();
    second.start();
    const { overall } = await untilIndexed(second);
    expect(overall).toBe(await alone());
  });

  it('take turns when both index, and publish each stage change once', async () => {
    const both = await Promise.all([open(), open()]);
    for (const projector of both) projector.start();
    const digests = await Promise.all(both.map(untilIndexed));
    const repeated = await store.database.query(
      'SELECT customer_id, publication FROM perennial.outbox GROUP BY 1, 2 HAVING count(*) > 1',
    );
    expect(repeated).toEqual([]);
    expect(digests[0]?.overall).toBe(digests[1]?.overall);
    expect(digests[0]?.overall).toBe(await alone());
  });

  it('eight that start at once on an empty database make one version between them', async () => {
    const eight = await Promise.all(Array.from({ length: 8 }, open));
    expect(new Set(await Promise.all(eight.map(async (one) => (await one.status()).version)))).toEqual(new Set([1]));
    expect(await store.database.query('SELECT version, status FROM perennial.versions')).toEqual([
      { version: 1, status: 'live' },
    ]);
    const numbers = await store.database.query<{ number: number }>('SELECT number FROM perennial.migrations');
    expect(new Set(numbers.map(({ number }) => number)).size).toBe(numbers.length);
    const digests = await Promise.all(eight.map((one) => one.digest()));
    expect(new Set(digests.map(({ overall }) => overall)).size).toBe(1);
  });
});
