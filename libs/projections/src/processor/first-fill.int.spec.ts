import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openEventStoreLog, openSqliteLog, MemoryIdTable, type EventLog } from '#event-log';
import { openStore, type OpenedStore } from '#testing/stores';
import { FakeServer } from '../../../../test/services/eventstore/fake-server.js';
import { openIdTable } from '../indexing/event-ids/id-table.js';
import { appendAll, day, order } from '../testdata/touchpoints.js';
import { world } from '../testdata/world.js';
import type { BuildProgress } from '../versions/build/build-run.js';
import { Projector, type ProjectorOptions } from './projector.js';

const CLOCK = { now: () => day(520) };
let files = 0;

describe('a process that starts with empty read models', () => {
  let store: OpenedStore;
  const temporaryFolder = mkdtempSync(join(tmpdir(), 'perennial-first-fill-'));
  beforeAll(async () => {
    store = await openStore('pglite');
  }, 120_000);
  afterAll(async () => {
    await store.stop();
    rmSync(temporaryFolder, { recursive: true });
  });
  beforeEach(() => store.wipe());

  const open = (log: EventLog, options: Partial<ProjectorOptions> = {}): Promise<Projector> =>
    Projector.open({ database: store.database, log, clock: CLOCK, temporaryFolder, pageSize: 20, ...options });
  const sqlite = async (): Promise<EventLog> => {
    const log = await openSqliteLog({ file: join(temporaryFolder, `${(files += 1)}.db`), clock: CLOCK });
    closing.push(() => log.close());
    return log;
  };
  /** What stands published: who follows an unordered log has published and retracted more on the way. */
  const published = () =>
    store.database.query(
      `SELECT customer_id, kind, cycle, stage, phase, entered_at, at, historical FROM perennial.published
        WHERE NOT retracted AND kind <> 'retracted' ORDER BY customer_id, at, kind, cycle, stage, phase`,
    );
  const closing: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });

  it('beside a large log builds them from the whole of it, tells how far it is, and then follows', async () => {
    const log = await sqlite();
    const items = world(7, 12, 20);
    await appendAll(log, items);
    const followed = await open(log, { buildFrom: Infinity });
    await followed.catchUp();
    expect((await followed.versions()).map(({ version, status }) => ({ version, status }))).toEqual([
      { version: 1, status: 'live' },
    ]);
    const { models } = await followed.digest();
    const told = await published();

    await store.wipe();
    const lines: string[] = [];
    const logger = { info: (_: object, line: string) => lines.push(line), warn: () => {}, error: () => {} };
    const built = await open(log, { buildFrom: 200, logger });
    const progress: BuildProgress[] = [];
    await built.catchUp({ onProgress: (one) => progress.push(one) });
    expect((await built.versions()).find(({ status }) => status === 'live')).toMatchObject({ version: 2 });
    expect((await built.digest()).models).toEqual(models);
    expect(await published()).toEqual(told);
    expect(lines[0]).toBe(`The read models are empty: they are built from about ${items.length} events.`);
    expect(progress.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['links', 'customers', 'switching']));
    expect(progress.find(({ phase }) => phase === 'links')).toMatchObject({ total: items.length, items: items.length });

    // From then on page by page, however much comes.
    await appendAll(
      log,
      Array.from({ length: 300 }, (_, at) => order({ userId: `new-${at}` }, day(500), `N${at}`)),
    );
    await built.catchUp();
    expect((await built.versions()).at(-1)).toMatchObject({ version: 2, status: 'live' });
    expect(await built.verify()).toMatchObject({ equal: true });
  }, 120_000);

  it('beside a small log follows it, and goes on so when much comes at once', async () => {
    const log = await sqlite();
    await appendAll(log, [order({ userId: 'anna' }, day(3), 'A1')]);
    const projector = await open(log, { buildFrom: 200 });
    projector.start();
    while ((await projector.status()).lag > 0) await new Promise((wake) => setTimeout(wake, 5));
    await projector.stop();
    await appendAll(log, world(7, 12, 20));
    await projector.catchUp();
    expect((await projector.versions()).map(({ version }) => version)).toEqual([1]);
  }, 120_000);

  it('beside a large log on a server reads each of its events once, repeated event ids found on the way', async () => {
    const server = await FakeServer.start();
    closing.push(() => server.stop());
    const { connectionString } = server;
    const timeouts = { attemptMs: 30_000, silenceMs: 60_000 };
    const writer = await openEventStoreLog({ connectionString, ids: new MemoryIdTable(), timeouts });
    const items = world(7, 12, 20);
    await appendAll(writer, items);
    await writer.close();
    const ours = () => server.log.events.filter(({ stream }) => stream.startsWith('perennial.subject-'));
    // Of a server that has forgotten them, some are stored twice.
    server.log.forgetIds();
    for (const event of ours().slice(0, 30)) server.log.append(event.stream, 'any', [event]);
    expect(ours()).toHaveLength(items.length + 30);
    const ids = await openIdTable(store.database);
    const log = await openEventStoreLog({ connectionString, ids, timeouts });
    closing.push(() => log.close());
    const written = server.log.events.filter(({ stream }) => stream.startsWith('perennial.')).length;
    server.sent.subscription = 0;
    const projector = await open(log, { ids, buildFrom: 100 });
    projector.start();
    while ((await projector.status()).lag > 0) await new Promise((wake) => setTimeout(wake, 5));
    await projector.stop();
    expect((await projector.versions()).find(({ status }) => status === 'live')).toMatchObject({ version: 2 });
    expect(server.sent.subscription).toBe(written);
    expect((await store.database.query('SELECT 1 FROM perennial.duplicates')).length).toBe(30);
    expect(await projector.verify()).toMatchObject({ equal: true });
  }, 120_000);
});
