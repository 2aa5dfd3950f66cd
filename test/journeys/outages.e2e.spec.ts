import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startEngine, type Engine } from '../engine.js';
import type { Launched } from '../launch.js';
import { Cable } from '../services/eventstore/cable.js';
import {
  startFakeServerProcess,
  type EventStoreServer,
  type OwnServer,
} from '../services/eventstore/fake-server-process.js';
import { anyPostgres, type TestPostgres } from '../services/postgres.js';
import { request, sharedSettings, startApp, until } from './processes.js';

jest.setTimeout(300_000);

const LOGGED = { LOG_LEVEL: 'info', LOG_FORMAT: 'json' };

/** The ways in which a server stays away, and how each is ended. */
const OUTAGES: Readonly<
  Record<
    string,
    { begin(server: EventStoreServer, own: OwnServer): unknown; end(server: EventStoreServer, own: OwnServer): unknown }
  >
> = {
  down: { begin: (server) => server.cutOff(), end: (server) => server.restore() },
  frozen: { begin: (_, own) => own.freeze(), end: (_, own) => own.thaw() },
  'rejecting every read': { begin: (_, own) => own.rejectReads(), end: (_, own) => own.answerReads() },
};

const order = (id: string): object => ({
  ...{ id, source: 'shop', type: 'order-placed', time: '2026-01-06T10:00:00Z', channel: 'web' },
  identifiers: [{ namespace: 'userId', value: 'ann' }],
  data: { orderId: id, currency: 'EUR', totalMinor: 1990 },
});

function logged({ printed }: Launched): readonly { readonly msg: string; readonly cause?: string }[] {
  return printed()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as { msg: string; cause?: string });
}

const failures = (app: Launched) =>
  logged(app).filter(({ msg }) =>
    /^(?:Appending to|Reading|Following) the event log failed, and tries again\.$/.test(msg),
  );
const recoveries = (app: Launched) =>
  logged(app).filter(({ msg }) => /^(?:Appending to|Reading|Following) the event log works again\.$/.test(msg));

/** Ends a process that waits: it ends by itself, in an orderly way, and not because its time is over. */
async function endsAtOnce(app: Launched): Promise<void> {
  // With what it printed, which says why where it ends otherwise.
  expect([await app.stop(), app.printed()]).toEqual([0, expect.not.stringContaining('did not stop in time')]);
  expect(logged(app).at(-1)).toMatchObject({ msg: 'stopped' });
}

describe.each(Object.entries(OUTAGES))('the engine while its EventStoreDB is %s', (name, outage) => {
  const dataDir = mkdtempSync(join(tmpdir(), 'perennial-outage-'));
  let eventStore: EventStoreServer;
  let own: OwnServer;
  let engine: Engine;
  beforeAll(async () => {
    eventStore = await startFakeServerProcess();
    own = eventStore.own as OwnServer;
    engine = await startEngine(dataDir, { EVENT_LOG: eventStore.connectionString, ...LOGGED });
    expect((await engine.request('POST', '/v1/touchpoints', [order('o-1')])).body).toMatchObject({ accepted: 1 });
    await until(
      () => engine.request('GET', '/v1/projections/status'),
      ({ body }) => body.lag === 0 && body.dirty === 0,
    );
  });
  afterAll(async () => {
    await engine.kill();
    await eventStore.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('logs the cause, counts the failures, and logs when it is over', async () => {
    await outage.begin(eventStore, own);
    const sent = engine.request('POST', '/v1/touchpoints', [order('o-2')]);
    await until(
      async () => failures(engine),
      ({ length }) => length > 0,
    );
    expect(failures(engine)[0]?.cause).toMatch(/\S/);
    await until(
      () => engine.request('GET', '/metrics'),
      ({ body }) => /perennial_store_failures_total\{store="event-log",work="\w+"\} [1-9]/.test(body as string),
    );
    await outage.end(eventStore, own);
    expect((await sent).body).toMatchObject({ accepted: 1 });
    await until(
      async () => recoveries(engine),
      ({ length }) => length > 0,
    );
  });

  if (name === 'rejecting every read')
    it('is not ready when the projector has failed for long, and says why', async () => {
      await outage.begin(eventStore, own);
      const { body } = await until(
        () => engine.request('GET', '/health/ready'),
        ({ status, body }) => status === 503 && / the event log has failed for /.test(body.checks.projections.detail),
      );
      expect(body.checks.projections).toMatchObject({ ok: false });
      await outage.end(eventStore, own);
      await until(
        () => engine.request('GET', '/health/ready'),
        ({ status }) => status === 200,
      );
    });

  it('ends at once, also while requests wait', async () => {
    const before = failures(engine).length;
    await outage.begin(eventStore, own);
    const sent = engine.request('POST', '/v1/touchpoints', [order('o-3')]).catch(() => null);
    await until(
      async () => failures(engine),
      ({ length }) => length > before,
    );
    await endsAtOnce(engine);
    expect([null, 503]).toContain((await sent)?.status ?? null);
  });

  it('ends an import of the command line at once, and says where it can go on', async () => {
    await outage.end(eventStore, own);
    const file = join(dataDir, 'visits.csv');
    writeFileSync(
      file,
      `id,user,time\n${Array.from({ length: 50_000 }, (_, n) => `v-${n},u-${n % 500},2026-01-06T10:00:00Z\n`).join('')}`,
    );
    const mapping = join(dataDir, 'visits.mapping.json');
    writeFileSync(
      mapping,
      JSON.stringify({
        ...{ source: '/site', id: { columns: ['id'] }, type: { value: 'site-visited' }, channel: { value: 'web' } },
        occurredAt: { column: 'time' },
        ...{ identifiers: [{ namespace: 'userId', column: 'user' }], data: { url: { value: 'https://a.example/' } } },
      }),
    );
    const before = await own.count();
    const child = spawn(
      process.execPath,
      [resolve('dist/apps/cli/src/main.js'), 'import', file, '--mapping', mapping],
      {
        env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: dataDir, EVENT_LOG: eventStore.connectionString },
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    await until(
      () => own.count(),
      (count) => count > before + 1_000 || child.exitCode !== null,
    );
    expect([child.exitCode, printed]).toEqual([null, expect.any(String)]);
    await outage.begin(eventStore, own);
    await until(
      async () => printed,
      (text) => /the event log failed, and tries again/.test(text),
    );
    child.kill('SIGTERM');
    expect([await ended, printed]).toEqual([6, expect.stringMatching(/it continues from there/)]);
    await outage.end(eventStore, own);
  });
});

const offer = anyPostgres();
const [suite, title] =
  offer.missing === null
    ? [describe, `processes on ${offer.name} that wait for a store`]
    : [describe.skip, `processes that wait for a store (skipped: ${offer.missing})`];

suite(title, () => {
  let postgres: TestPostgres;
  let database: Cable;
  let eventStore: EventStoreServer;
  let own: OwnServer;
  let env: Record<string, string>;
  beforeAll(async () => {
    postgres = await offer.start();
    eventStore = await startFakeServerProcess();
    own = eventStore.own as OwnServer;
    const url = new URL(postgres.url);
    database = await Cable.to({ host: url.hostname, port: Number(url.port) });
    url.host = `127.0.0.1:${database.port}`;
    env = { ...sharedSettings(eventStore, { url: url.href }), ...LOGGED };
  });
  afterEach(async () => {
    // A frozen server carries out no order.
    own.thaw();
    await eventStore.restore();
    await own.answerReads();
    database.cutOff();
    await database.restore();
  });
  afterAll(async () => {
    database.cutOff();
    await eventStore.stop();
    await postgres.stop();
  });

  for (const app of ['projector', 'intake'])
    it.each(Object.entries(OUTAGES))(`${app} ends at once while EventStoreDB is %s`, async (_, outage) => {
      const running = await startApp(app, env);
      await until(
        () => request(running, '', 'GET', '/health/ready'),
        ({ status }) => status === 200,
      );
      await outage.begin(eventStore, own);
      await until(
        async () => {
          void request(running, '', 'GET', '/health/ready').catch(() => null);
          return failures(running);
        },
        ({ length }) => length > 0,
      );
      await endsAtOnce(running);
    });

  it.each(['projector', 'intake'])('%s says that PostgreSQL does not answer, and ends at once', async (app) => {
    const running = await startApp(app, env);
    await until(
      () => request(running, '', 'GET', '/health/ready'),
      ({ status }) => status === 200,
    );
    database.freeze();
    await until(
      async () => logged(running).map(({ msg }) => msg),
      (messages) =>
        messages.some((msg) => /^The database of the (?:read models|keys) failed, and tries again\.$/.test(msg)),
    );
    await endsAtOnce(running);
  });
});
