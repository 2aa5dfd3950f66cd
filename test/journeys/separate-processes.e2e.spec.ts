import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { STREAMS } from '#contracts';
import { openEventStoreLog } from '#event-log';
import { openDatabase } from '#database';
import { openIdTable } from '#projections';
import { anyEventStore, type EventStoreServer } from '../services/eventstore/server.js';
import { anyPostgres, type TestPostgres } from '../services/postgres.js';
import {
  request,
  rejectionOf,
  sharedSettings,
  startApp,
  until,
  type HttpResponse,
  type RunningApp,
} from './processes.js';

jest.setTimeout(600_000);

const offer = anyPostgres();
const [suite, title] =
  offer.missing === null
    ? [describe, `the engine as several processes, on ${offer.name} and ${anyEventStore().name}`]
    : [describe.skip, `the engine as several processes (skipped: ${offer.missing})`];

const CUSTOMERS = 50;
const EVENTS = 10_000;
const BATCH = 100;
/** So long the outage goes on once it was noticed: batches fail, and are published again. */
const AFTER_NOTICED_MS = 2_000;

const visit = (id: string, user: string, time: string): Record<string, unknown> => ({
  id,
  source: 'site',
  type: 'site-visited',
  time,
  channel: 'web',
  identifiers: [{ namespace: 'userId', value: user }],
  data: { url: 'https://shop.example/' },
});
const order = (id: string, user: string, time: string): Record<string, unknown> => ({
  ...visit(id, user, time),
  source: 'shop',
  type: 'order-placed',
  data: { orderId: id, currency: 'EUR', lines: [{ sku: 'A-1', category: 'books', quantity: 1, unitPriceMinor: 1990 }] },
});

suite(title, () => {
  let postgres: TestPostgres;
  let eventStore: EventStoreServer;
  let env: Record<string, string>;
  let api: RunningApp;
  let ingestion: RunningApp;
  let projector: RunningApp;
  let relay: RunningApp;
  let admin: string;
  const running = new Set<RunningApp>();

  const start = async (name: string, more: Record<string, string> = {}): Promise<RunningApp> => {
    const app = await startApp(name, { ...env, ...more });
    running.add(app);
    return app;
  };
  const publish = (...documents: unknown[]): Promise<HttpResponse> =>
    request(ingestion, admin, 'POST', '/v1/touchpoints', documents);
  const query = (name: string, params: Record<string, string>): Promise<HttpResponse> =>
    request(api, admin, 'GET', `/v1/query/${name}?${new URLSearchParams(params).toString()}`);
  const caughtUp = (): Promise<HttpResponse> =>
    until(
      () => request(api, admin, 'GET', '/v1/projections/status'),
      ({ status, body }) => status === 200 && body.lag === 0 && body.dirty === 0,
    );

  /** Cuts the log off until intake reports that it is not ready, and a little longer. Resolves with whether it did. */
  const cutOff = async (): Promise<boolean> => {
    eventStore.cutOff();
    const noticed = await until(
      () => request(ingestion, admin, 'GET', '/health/ready'),
      ({ status }) => status === 503,
    ).then(
      () => true,
      () => false,
    );
    await sleep(AFTER_NOTICED_MS);
    await eventStore.restore();
    return noticed;
  };

  beforeAll(async () => {
    [postgres, eventStore] = await Promise.all([offer.start(), anyEventStore().start()]);
    env = sharedSettings(eventStore, postgres);
    // All at once, on empty stores: each creates what it needs, without conflicts.
    [api, ingestion, projector, relay] = await Promise.all([
      start('api'),
      start('intake'),
      start('projector'),
      start('relay'),
    ]);
    admin = /shown only this once: (\S+)/.exec(api.printed())?.[1] ?? '';
  });
  afterAll(async () => {
    for (const app of running) if (app.process.exitCode === null) await app.kill();
    await eventStore.stop();
    await postgres.stop();
  });

  it('does not start as one of several processes on embedded stores, which have one owner', async () => {
    const { code, stderr } = await rejectionOf('intake', { KEYS_URL: postgres.url });
    expect(code).toBe(1);
    expect(stderr).toMatch(/EVENT_LOG names an embedded store, and intake is one process of several/);
    expect(stderr).toMatch(/POSTGRES_URL names an embedded store/);
    expect(stderr).not.toMatch(/KEYS_URL/);
  });

  it('is live, ready and measured in each of its processes', async () => {
    for (const app of [api, ingestion, projector, relay]) {
      expect(await request(app, '', 'GET', '/health/live')).toMatchObject({ status: 200, body: { status: 'live' } });
      await until(
        () => request(app, '', 'GET', '/health/ready'),
        ({ status }) => status === 200,
      );
      const metrics = await until(
        () => request(app, admin, 'GET', '/metrics'),
        ({ status }) => status === 200,
      );
      expect(metrics.body).toContain('process_resident_memory_bytes');
    }
    expect(relay.printed()).toContain('KAFKA_BROKERS is off');
  });

  it('accepts touchpoints in one process, and shows and explains them in another', async () => {
    await until(
      () => publish(visit('v-1', 'ann', '2026-01-05T10:00:00Z')),
      ({ status }) => status < 300,
    );
    expect(await publish(order('o-1', 'ann', '2026-01-06T10:00:00Z'))).toMatchObject({ body: { accepted: 1 } });
    expect(await publish(order('o-1', 'ann', '2026-01-06T10:00:00Z'))).toMatchObject({ body: { duplicate: 1 } });
    const known = await until(
      () => query('customer', { identifier: 'userId:ann' }),
      ({ status, body }) => status === 200 && body.rows[0]?.stage === 'retention',
    );
    expect(known.body.rows[0]).toMatchObject({ orders: 1 });
    const why = await query('explain', { identifier: 'userId:ann', 'as-of': '2026-01-07T00:00:00Z' });
    expect(why.status).toBe(200);
    expect(JSON.stringify(why.body.rows)).toContain('onboarding');
  });

  it('rebuilds and verifies in the projector what the api requests', async () => {
    for (const kind of ['rebuild', 'verify']) {
      expect((await request(api, admin, 'POST', `/v1/projections/${kind}`)).status).toBe(202);
      const job = await until(
        () => request(api, admin, 'GET', '/v1/projections/jobs/current'),
        ({ body }) => body.state !== 'running',
      );
      expect(job.body).toMatchObject({ kind, state: 'done' });
      if (kind === 'verify') expect(job.body.result).toMatchObject({ equal: true });
    }
  });

  it('continues after the projector was killed and started again', async () => {
    await projector.kill();
    expect(await publish(order('o-2', 'ben', '2026-01-08T10:00:00Z'))).toMatchObject({ body: { accepted: 1 } });
    projector = await start('projector');
    await until(
      () => query('customer', { identifier: 'userId:ben' }),
      ({ status, body }) => status === 200 && body.rows[0]?.stage === 'retention',
    );
  });

  it('loses nothing, duplicates nothing and keeps the order when the log is cut off during ten thousand appends', async () => {
    const visits = Array.from({ length: EVENTS }, (_, n) =>
      visit(`flood-${n}`, `crowd-${n % CUSTOMERS}`, new Date(Date.UTC(2026, 0, 10) + n * 60_000).toISOString()),
    );
    const cutAt = (EVENTS * 3) / 10;
    let restored: Promise<boolean> | null = null;
    for (let at = 0; at < visits.length; at += BATCH) {
      if (at === cutAt) restored = cutOff();
      // The channel publishes a batch again until every event has its outcome.
      for (;;) {
        const answer = await publish(...visits.slice(at, at + BATCH)).catch(() => null);
        if (answer !== null && answer.status < 300) {
          expect(answer.body.accepted + answer.body.duplicate).toBe(BATCH);
          break;
        }
        await sleep(200);
      }
    }
    // Otherwise the outage was not noticed, and this test proved nothing.
    expect(await restored).toBe(true);
    await caughtUp();

    const database = await openDatabase({ kind: 'postgres', url: postgres.url });
    const log = await openEventStoreLog({
      connectionString: eventStore.connectionString,
      ids: await openIdTable(database),
    });
    const seen: string[] = [];
    const lastOf = new Map<string, number>();
    const outOfOrder: string[] = [];
    for await (const page of log.readAll(0))
      for (const { stream, id } of page) {
        if (!id.startsWith('flood-')) continue;
        seen.push(id);
        const n = Number(id.slice('flood-'.length));
        if (n <= (lastOf.get(stream) ?? -1)) outOfOrder.push(`${stream} ${id}`);
        lastOf.set(stream, n);
      }
    await log.close();
    await database.close();
    expect(seen).toHaveLength(EVENTS);
    expect(new Set(seen).size).toBe(EVENTS);
    expect(outOfOrder).toEqual([]);
    expect([...lastOf.keys()].every((stream) => stream.startsWith(STREAMS.subject('')))).toBe(true);
    const crowd = await query('customer', { identifier: 'userId:crowd-7' });
    expect(crowd.body.rows[0]).toMatchObject({ touchpoints: EVENTS / CUSTOMERS });
  });

  it('counts what the log holds: received = accepted + duplicate + quarantined + suppressed', async () => {
    const { body } = await query('outcomes', {});
    const site = body.rows.filter((row: { source: string }) => row.source === 'site');
    const sum = (field: string): number =>
      site.reduce((all: number, row: Record<string, number>) => all + (row[field] ?? 0), 0);
    expect(sum('accepted')).toBe(EVENTS + 1);
    expect(sum('received')).toBe(sum('accepted') + sum('duplicate') + sum('quarantined') + sum('suppressed'));
  });

  it('has a second indexer that stands by, and takes over', async () => {
    const other = await start('projector', { PROJECTOR_ROLE: 'both' });
    await publish(order('o-3', 'cleo', '2026-01-09T10:00:00Z'));
    await until(
      () => query('customer', { identifier: 'userId:cleo' }),
      ({ status, body }) => status === 200 && body.rows[0]?.orders === 1,
    );
    await projector.kill();
    await publish(order('o-4', 'dora', '2026-01-09T10:00:00Z'));
    await until(
      () => query('customer', { identifier: 'userId:dora' }),
      ({ status, body }) => status === 200 && body.rows[0]?.orders === 1,
    );
    projector = other;
    await caughtUp();
    expect((await request(api, admin, 'POST', '/v1/projections/verify')).status).toBe(202);
    const job = await until(
      () => request(api, admin, 'GET', '/v1/projections/jobs/current'),
      ({ body }) => body.state !== 'running',
    );
    expect(job.body).toMatchObject({ state: 'done', result: { equal: true } });
  });

  it('counts one of two events that two intakes accept with one id at the same moment, for two customers', async () => {
    const second = await start('intake');
    const rounds = Array.from({ length: 20 }, (_, n) => n);
    const racing = (user: string, n: number): Record<string, unknown> => ({
      ...order(`race-${n}`, `${user}-${n}`, '2026-01-09T10:00:00Z'),
      source: 'race',
    });
    for (const n of rounds)
      await Promise.all([
        publish(racing('left', n)),
        request(second, admin, 'POST', '/v1/touchpoints', [racing('right', n)]),
      ]);
    await caughtUp();
    const ordersOf = async (user: string): Promise<number> => {
      const { status, body } = await query('customer', { identifier: `userId:${user}` });
      return status === 200 ? (body.rows[0]?.orders ?? 0) : 0;
    };
    for (const n of rounds) expect([n, (await ordersOf(`left-${n}`)) + (await ordersOf(`right-${n}`))]).toEqual([n, 1]);
    const { body } = await query('outcomes', {});
    const [race] = body.rows.filter((row: { source: string }) => row.source === 'race');
    expect(race).toMatchObject({ received: 40, accepted: 20 });
    expect(race.duplicate + race.quarantined).toBe(20);
    expect(await second.stop()).toBe(0);
  });

  it('erases a customer in every process at once', async () => {
    await publish(visit('e-1', 'eve', '2026-01-09T10:00:00Z'));
    await caughtUp();
    const erased = await request(ingestion, admin, 'POST', '/v1/erasures', { identifier: 'userId:eve' });
    expect(erased).toMatchObject({ status: 200, body: { subjects: 1, subjectKeysDestroyed: 1 } });
    const second = await start('intake');
    const again = await request(second, admin, 'POST', '/v1/touchpoints', [
      visit('e-2', 'eve', '2026-01-09T11:00:00Z'),
    ]);
    expect(again.body).toMatchObject({ suppressed: 1, accepted: 0 });
    expect(await second.stop()).toBe(0);
  });

  it('stops on its signal after finishing what it began', async () => {
    const last = Array.from({ length: 500 }, (_, n) => visit(`last-${n}`, 'zoe', '2026-01-11T10:00:00Z'));
    const publishing = publish(...last);
    await sleep(20);
    const codes = await Promise.all([ingestion.stop(), relay.stop()]);
    const answer = await publishing.catch(() => null);
    expect(codes).toEqual([0, 0]);
    // The request was either rejected, or accepted and answered in full.
    if (answer !== null && answer.status < 300) expect(answer.body.accepted).toBe(500);
    expect(await projector.stop()).toBe(0);
    expect(await api.stop()).toBe(0);
  });
});
