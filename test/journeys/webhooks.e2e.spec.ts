import { createHmac } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { openDatabase } from '#database';
import { runCli } from '../../apps/cli/src/testdata/run-cli.js';
import { startEngine, type Engine } from '../engine.js';
import { anyEventStore, type EventStoreServer } from '../services/eventstore/server.js';
import { anyPostgres, type TestPostgres } from '../services/postgres.js';
import { request, sharedSettings, startApp, until, type RunningApp } from './processes.js';

jest.setTimeout(300_000);

interface Request {
  readonly id: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

describe('a channel without Kafka, which receives messages by webhook', () => {
  let folder: string;
  let engine: Engine;
  let server: Server;
  let hook: string;
  let webhook: { id: string; secret: string };
  const received: Request[] = [];
  let onRequest: (request: Request) => Promise<number> = () => Promise.resolve(204);
  const published: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-webhooks-'));
    engine = await startEngine(folder);
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { headers } = request;
        const one = { id: String(headers['webhook-id']), headers, body: Buffer.concat(chunks).toString('utf8') };
        received.push(one);
        void onRequest(one).then((status) => response.writeHead(status).end());
      });
    });
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/perennial`;
  });
  afterAll(async () => {
    await engine.kill();
    server.closeAllConnections();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const buys = async (user: string): Promise<void> => {
    const id = `o-${published.length}`;
    published.push(id);
    const { body } = await engine.request('POST', '/v1/touchpoints', [
      {
        ...{
          id,
          source: 'shop',
          type: 'order-placed',
          channel: 'web',
          data: { orderId: id, currency: 'EUR', totalMinor: 5 },
        },
        identifiers: [{ namespace: 'userId', value: user }],
      },
    ]);
    expect(body).toMatchObject({ accepted: 1 });
  };
  const webhookStatus = () => engine.request('GET', `/v1/webhooks/${webhook.id}`).then(({ body }) => body);
  const quiet = () => until(webhookStatus, ({ pending, lagSeconds }) => pending === 0 && lagSeconds === 0);

  it('is registered, and shown its secret once', async () => {
    const made = await engine.request('POST', '/v1/webhooks', { url: hook, feeds: ['perennial.stage-changes'] });
    expect(made).toMatchObject({ status: 201, body: { url: hook, status: 'active', pending: 0 } });
    webhook = made.body;
    expect(webhook.secret).toMatch(/^whsec_/);
    const { body: listed } = await engine.request('GET', '/v1/webhooks');
    expect(listed).toHaveLength(1);
    expect(JSON.stringify(listed)).not.toContain(webhook.secret);
  });

  it.each([
    ['an address of the cloud’s own', { url: 'https://169.254.169.254/latest' }],
    ['a private network', { url: 'https://10.0.0.1/' }],
    ['http to the world', { url: 'http://hooks.example/' }],
    ['no URL', { url: 'hooks' }],
    ['an unknown feed', { url: 'https://hooks.example/', feeds: ['perennial.secrets'] }],
    ['nothing at all', undefined],
  ])('is rejected with %s', async (_, body) => {
    const rejected = await engine.request('POST', '/v1/webhooks', body);
    expect(rejected).toMatchObject({ status: 422, body: { errors: [{ hint: expect.any(String) }] } });
  });

  it('is not accessible to an API key without the permission operate', async () => {
    const { body } = await engine.request('POST', '/v1/keys', { name: 'marketing', permissions: ['read'] });
    for (const [method, path] of [
      ['GET', '/v1/webhooks'],
      ['POST', '/v1/webhooks'],
      ['DELETE', `/v1/webhooks/${webhook.id}`],
    ] as const)
      expect((await engine.request(method, path, undefined, { authorization: `Bearer ${body.key}` })).status).toBe(403);
  });

  it('receives what happens, with a signature that it can verify', async () => {
    await buys('ann');
    await until(
      () => Promise.resolve(received.length),
      (count) => count > 0,
    );
    const [{ id, headers, body }] = received as [Request];
    const text = `${id}.${String(headers['webhook-timestamp'])}.${body}`;
    const key = Buffer.from(webhook.secret.slice('whsec_'.length), 'base64');
    expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(text).digest('base64')}`);
    expect(JSON.parse(body)).toMatchObject({ kind: 'entered', stage: 'retention', phase: 'onboarding' });
    await quiet();
  });

  it('receives the same message again, with the same id, when the engine is killed between the response and recording it', async () => {
    const before = received.length;
    let killed: Promise<void> | null = null;
    // The engine is killed before it can record the response.
    onRequest = async () => {
      killed ??= engine.kill();
      await killed;
      return 204;
    };
    await buys('ben');
    await until(
      () => Promise.resolve(engine.process.signalCode),
      (signal) => signal === 'SIGKILL',
    );
    const lost = received.slice(before).map(({ id }) => id);
    expect(lost).toHaveLength(1);
    onRequest = () => Promise.resolve(204);
    engine = await startEngine(folder);
    await until(
      () => Promise.resolve(received.length),
      (count) => count > before + 1,
    );
    expect(received.slice(before).map(({ id }) => id)).toEqual([...lost, ...lost]);
    await quiet();
  });

  it('is retried while it is unavailable, through a restart of the engine, and its status shows it', async () => {
    const before = received.length;
    onRequest = () => Promise.resolve(503);
    await buys('cleo');
    const away = await until(webhookStatus, ({ failures }) => failures > 0);
    expect(away).toMatchObject({ status: 'active', lastStatus: 503, lastReason: 'answered 503', pending: 1 });
    const { body: deliveries } = await engine.request('GET', `/v1/webhooks/${webhook.id}/deliveries?limit=5`);
    expect(deliveries).toMatchObject([
      { id: received.at(-1)?.id, feed: 'perennial.stage-changes', attempts: expect.any(Number) },
    ]);
    const { body: metrics } = await engine.request('GET', '/metrics');
    expect(metrics).toContain(`perennial_webhooks_pending{endpoint="${webhook.id}"} 1`);
    expect(metrics).toMatch(new RegExp(`perennial_webhooks_lag_seconds\\{endpoint="${webhook.id}"\\} \\d`));
    expect(await engine.stop()).toBe(0);
    onRequest = () => Promise.resolve(200);
    engine = await startEngine(folder);
    await quiet();
    expect(new Set(received.slice(before).map(({ id }) => id)).size).toBe(1);
  });

  it('keeps messages that the endpoint rejects as dead letters, and replays them on request', async () => {
    onRequest = () => Promise.resolve(410);
    await buys('dora');
    await until(webhookStatus, ({ status }) => status === 'gone');
    const { body: dead } = await engine.request('GET', `/v1/webhooks/${webhook.id}/dead-letters`);
    expect(dead).toMatchObject([{ lastStatus: 410, deadAt: expect.any(String) }]);
    const before = received.length;
    onRequest = () => Promise.resolve(200);
    const active = await engine.request('PATCH', `/v1/webhooks/${webhook.id}`, { status: 'active' });
    expect(active).toMatchObject({ status: 200, body: { status: 'active' } });
    const replayed = await engine.request('POST', `/v1/webhooks/${webhook.id}/dead-letters/replays`);
    expect(replayed).toMatchObject({ status: 200, body: { replayed: 1 } });
    await until(
      () => Promise.resolve(received.length),
      (count) => count > before,
    );
    expect(received.at(-1)?.id).toBe(dead[0].id);
    await quiet();
  });

  it('receives messages again on a replay by the command line, from a position or an instant on', async () => {
    const replayed = (from: number) =>
      received.slice(from).filter(({ headers }) => headers['perennial-replay'] !== undefined);
    const ids = new Set(received.map(({ id }) => id));
    for (const args of [
      ['--from-position', '0'],
      ['--from', '2000-01-01T00:00:00Z'],
    ]) {
      const before = received.length;
      const { code, stdout, stderr } = await runCli(folder, ['webhooks', 'replay', webhook.id, ...args]);
      expect([code, stderr]).toEqual([0, '']);
      expect(JSON.parse(stdout)).toMatchObject({ id: webhook.id, status: 'active', replay: { fromPosition: 0 } });
      await until(webhookStatus, ({ replay, pending }) => replay === null && pending === 0);
      expect(new Set(replayed(before).map(({ id }) => id))).toEqual(ids);
    }
    const listed = await runCli(folder, ['webhooks', 'list']);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ id: webhook.id, missed: 0, missedFrom: null, replay: null }]);
    const missed = await runCli(folder, ['webhooks', 'replay', webhook.id]);
    expect([missed.code, missed.stderr]).toEqual([3, expect.stringContaining('The endpoint missed nothing')]);
    const path = `/v1/webhooks/${webhook.id}/replays`;
    for (const body of [{ fromPosition: -1 }, { from: 'yesterday' }, { fromPosition: 1, from: '2026-01-01T00:00:00Z' }])
      expect(await engine.request('POST', path, body)).toMatchObject({ status: 422, body: { errors: [{}] } });
  });

  it('rotates its secret without missing a message, and is deleted', async () => {
    const rotated = await engine.request('POST', `/v1/webhooks/${webhook.id}/secrets`);
    expect(rotated).toMatchObject({ status: 201, body: { formerUntil: expect.any(String) } });
    const before = received.length;
    await buys('erin');
    await until(
      () => Promise.resolve(received.length),
      (count) => count > before,
    );
    expect(String(received.at(-1)?.headers['webhook-signature']).split(' ')).toHaveLength(2);
    await quiet();
    expect((await engine.request('DELETE', `/v1/webhooks/${webhook.id}`)).status).toBe(200);
    for (const [method, path] of [
      ['GET', ''],
      ['DELETE', ''],
      ['GET', '/deliveries'],
      ['POST', '/secrets'],
      ['POST', '/dead-letters/replays'],
      ['POST', '/replays'],
    ] as const)
      expect((await engine.request(method, `/v1/webhooks/${webhook.id}${path}`)).status).toBe(404);
    expect((await engine.request('GET', '/v1/webhooks/%00')).status).toBe(404);
  });
});

const offer = anyPostgres();
const { missing } = offer;

(missing === null ? describe : describe.skip)(
  `webhooks of the relay in a process of its own${missing === null ? '' : ` (skipped: ${missing})`}`,
  () => {
    let postgres: TestPostgres;
    let eventStore: EventStoreServer;
    let env: Record<string, string>;
    const running: RunningApp[] = [];
    const received: string[] = [];
    let server: Server;
    let onRequest: () => Promise<number> = () => Promise.resolve(204);

    const start = async (name: string): Promise<RunningApp> => {
      const app = await startApp(name, env);
      running.push(app);
      return app;
    };

    beforeAll(async () => {
      [postgres, eventStore] = await Promise.all([offer.start(), anyEventStore().start()]);
      env = sharedSettings(eventStore, postgres);
      server = createServer((request, response) => {
        received.push(String(request.headers['webhook-id']));
        request.resume();
        void onRequest().then((status) => response.writeHead(status).end());
      });
      await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
    });
    afterAll(async () => {
      for (const app of running) if (app.process.exitCode === null) await app.kill();
      server?.closeAllConnections();
      server?.close();
      await eventStore?.stop();
      await postgres?.stop();
    });

    it('are sent by the relay that starts first and, when it is killed, by the next one, with the same ids', async () => {
      const api = await start('api');
      const admin = /shown only this once: (\S+)/.exec(api.printed())?.[1] ?? '';
      // The relay starts before there is an outbox.
      const relay = await start('relay');
      const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
      const made = await request(relay, admin, 'POST', '/v1/webhooks', { url, feeds: ['perennial.stage-changes'] });
      expect(made).toMatchObject({ status: 201, body: { status: 'active' } });
      const [, ingestion] = await Promise.all([start('projector'), start('intake')]);
      const orders = (id: string) =>
        until(
          () =>
            request(ingestion, admin, 'POST', '/v1/touchpoints', [
              {
                ...{ id, source: 'shop', type: 'order-placed', channel: 'web' },
                ...{ time: new Date().toISOString(), data: { orderId: id, currency: 'EUR', totalMinor: 5 } },
                identifiers: [{ namespace: 'userId', value: id }],
              },
            ]),
          ({ body }) => body.accepted === 1,
        );
      const comes = (count: number) =>
        until(
          () => Promise.resolve(received.length),
          (now) => now >= count,
        );
      // The triggers are installed before the first message is published.
      await until(
        () => postgresQuery(postgres.url, `SELECT 1 FROM pg_trigger WHERE tgname LIKE 'webhooks%'`),
        (rows) => rows.length === 6,
      );
      await orders('o-1');
      await comes(1);
      let killed: Promise<void> | null = null;
      onRequest = async () => {
        await (killed ??= relay.kill());
        return 204;
      };
      await orders('o-2');
      await comes(2);
      onRequest = () => Promise.resolve(204);
      const [first, second] = await Promise.all([start('relay'), start('relay')]);
      // After half a minute the lease of the killed relay expires.
      await comes(3);
      expect(received[2]).toBe(received[1]);
      await orders('o-3');
      await comes(4);
      const webhookStatus = await until(
        () => request(second, admin, 'GET', `/v1/webhooks/${made.body.id}`),
        ({ body }) => body.pending === 0,
      );
      expect(webhookStatus.body).toMatchObject({ status: 'active', failures: 0, deadLetters: 0 });
      expect(received).toHaveLength(4);
      expect(await Promise.all([first.stop(), second.stop()])).toEqual([0, 0]);
    });
  },
);

async function postgresQuery(url: string, sql: string): Promise<unknown[]> {
  const database = await openDatabase({ kind: 'postgres', url });
  try {
    return await database.query(sql);
  } finally {
    await database.close();
  }
}
