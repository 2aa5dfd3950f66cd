import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { openDatabase, type Database } from '#database';
import { memoryLog } from '#testing';
import { describeOnPostgres, openStore, type OpenedStore } from '#testing/stores';
import { appendAll, day } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import { Projector, type ProjectorOptions } from './projector.js';

const SEED = 11;
const NOW = day(520);
const clock = { now: () => NOW };

interface Ended {
  readonly builds: number;
  readonly warnings: readonly string[];
  readonly versions: readonly { readonly version: number; readonly status: string }[];
}

describeOnPostgres('several projectors that start together on an empty database beside a large log', (offer) => {
  let store: OpenedStore;
  const log = memoryLog({ clock });
  const children: ChildProcess[] = [];
  const databases: Database[] = [];
  const projectors: Projector[] = [];
  beforeAll(async () => {
    store = await openStore(offer.name);
    await appendAll(log, world(SEED, 400, 6), 1_000);
  }, 120_000);
  beforeEach(() => store.wipe());
  afterEach(async () => {
    for (const child of children.splice(0)) if (child.exitCode === null) child.kill('SIGKILL');
    for (const projector of projectors.splice(0)) await projector.stop();
    for (const database of databases.splice(0)) await database.close();
  });
  afterAll(() => store.stop());

  const start = () => {
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=source', '--import', '#from-source'],
        join(import.meta.dirname, '../testdata/first-fill-child.ts'),
        ...[store.url ?? '', String(SEED), String(NOW)],
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    children.push(child);
    const said = text(child.stdout);
    const ended = once(child, 'exit').then(async () => JSON.parse((await said) || 'null') as Ended | null);
    return { child, ended };
  };

  /** Waits until the build of the second version is at its customers. */
  const atCustomers = async () => {
    for (;;) {
      const [row] = await store.database
        .query<{ phase: string; folded: number }>(
          "SELECT build->>'phase' AS phase, (build->>'folded')::int AS folded FROM rm_2.checkpoint",
        )
        .catch(() => []);
      if (row?.phase === 'customers' && row.folded > 0) return;
      await new Promise((wake) => setTimeout(wake, 2));
    }
  };

  const open = async (options: Partial<ProjectorOptions>) => {
    const database = await openDatabase({ kind: 'postgres', url: store.url ?? '' });
    databases.push(database);
    const projector = await Projector.open({ database, log, clock, ...options });
    projectors.push(projector);
    return projector;
  };

  /** The read models are those that one alone makes by following the log, and no message was written twice. */
  const expectAsAlone = async () => {
    expect(await store.database.query('SELECT customer_id, reason, detail FROM rm_2.parked')).toEqual([]);
    const repeated = 'SELECT customer_id, publication FROM perennial.outbox GROUP BY 1, 2 HAVING count(*) > 1';
    expect(await store.database.query(repeated)).toEqual([]);
    const { models } = await (await open({ buildFrom: Infinity })).digest();
    await store.wipe();
    const alone = await open({ buildFrom: Infinity });
    await alone.catchUp();
    expect(models).toEqual((await alone.digest()).models);
  };

  const VERSIONS = [
    { version: 1, status: 'old' },
    { version: 2, status: 'live' },
  ];

  it('in step with one another, take none of the other’s rows for a fault of a customer, and count nothing twice', async () => {
    const both = await Promise.all([1, 2].map(() => open({ buildFrom: 100, foldBatchSize: 5 })));
    for (const one of both) one.start();
    const { position: head } = await log.head();
    for (const one of both)
      while ((await one.status()).position < head) await new Promise((wake) => setTimeout(wake, 5));
    for (const one of both) {
      expect((await one.versions()).map(({ version, status }) => ({ version, status }))).toEqual(VERSIONS);
    }
    for (const one of both) await one.stop();
    await expectAsAlone();
  }, 300_000);

  it('build one version between them, of every customer once, though one is killed in the middle and started again', async () => {
    const [first, second] = [start(), start()];
    await atCustomers();
    first.child.kill('SIGKILL');
    await first.ended;
    const again = await start().ended;
    const other = await second.ended;
    for (const one of [again, other]) expect(one).toMatchObject({ versions: VERSIONS, warnings: [] });
    await expectAsAlone();
  }, 300_000);
});
