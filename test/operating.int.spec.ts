import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { EVENT_LOG, lockDataFolder, type DataFolderLock, type EventLog } from '#event-log';
import { prepareLog } from '#ingestion';
import { ApiKeyAccess, KEY_STORE, type KeyStore } from '#keys';
import { BUILT_IN_POLICIES } from '#lifecycle';
import { readConfig } from '#platform';
import { configureApp, createHttpAdapter } from '#platform/nest';
import { orderPlaced } from '#testing';
import { StandaloneModule } from '../apps/standalone/src/standalone.module.js';

type Body = Record<string, unknown>;

let dataDir: string;
let lock: DataFolderLock;
let app: NestFastifyApplication;
beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), 'perennial-operating-'));
  lock = lockDataFolder(dataDir);
  const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent', DEMO: 'off' });
  const testing = await Test.createTestingModule({ imports: [StandaloneModule.forRoot(config, lock)] }).compile();
  app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
  configureApp(app);
  await app.init();
  await app.getHttpAdapter().getInstance().ready();
  const retail = { kind: 'built-in', name: 'retail' } as const;
  await prepareLog(app.get<EventLog>(EVENT_LOG), app.get<KeyStore>(KEY_STORE), retail, Date.now());
}, 60_000);
afterAll(async () => {
  await app.close();
  lock.release();
  rmSync(dataDir, { recursive: true, force: true });
});

const request = async (method: 'GET' | 'POST', url: string, payload?: unknown, type = 'application/json') => {
  const answer = await app.inject({
    ...{ method, url },
    headers: {
      authorization: `Bearer ${app.get(ApiKeyAccess).localToken}`,
      ...(payload === undefined ? {} : { 'content-type': type }),
    },
    ...(payload === undefined ? {} : { payload: typeof payload === 'string' ? payload : JSON.stringify(payload) }),
  });
  return { status: answer.statusCode, body: answer.json<Body>() };
};
const caughtUp = async (): Promise<void> => {
  for (;;) {
    const { body } = await request('GET', '/v1/projections/status');
    if (body['lag'] === 0 && body['dirty'] === 0) return;
    await sleep(50);
  }
};
const job = async (path: string, payload?: object): Promise<Body> => {
  const started = await request('POST', `/v1/projections/${path}`, payload);
  expect(started).toMatchObject({ status: 202, body: { kind: path } });
  for (;;) {
    const { body } = await request('GET', '/v1/projections/jobs/current');
    if (body['state'] !== 'running') return body;
    await sleep(50);
  }
};
const order = (id: string, more: object = {}) =>
  orderPlaced({ id, source: 'shop', identifiers: [{ namespace: 'userId', value: `u-${id}` }], ...more });
const invalidRow = (id: string, file: string, code: string, line: number) => ({
  invalidRow: {
    ...{ id, source: 'shop', file, line, code, pointer: '#/total', detail: 'must be an amount' },
    ...{ hint: 'write it as 1234.56', text: `row ${id}` },
  },
});
const rows = (items: readonly object[], query = '') =>
  request(
    ...(['POST', `/v1/imports/rows${query}`] as const),
    items.map((item) => `${JSON.stringify(item)}\n`).join(''),
    'application/x-ndjson',
  );
const open = async (): Promise<readonly unknown[]> => {
  await caughtUp();
  const { body } = await request('GET', '/v1/query/quarantine?status=open&limit=100');
  return (body['rows'] as readonly Body[]).map(({ file, line, code }) => [file, line, code]);
};

describe('an import over HTTP that is tried out', () => {
  it('says what would become of each row, and writes nothing', async () => {
    const { position } = await app.get<EventLog>(EVENT_LOG).head();
    const tried = [{ touchpoint: order('t-1') }, invalidRow('t-2', 'try.csv', 'money-malformed', 3)];
    const { status, body } = await rows(
      [...tried, { touchpoint: { ...order('t-3'), type: 'nonsense' } }],
      '?dryRun=true',
    );
    expect(status).toBeLessThan(300);
    expect(body).toMatchObject({ received: 3, accepted: 1, quarantined: 2 });
    expect((body['results'] as readonly Body[]).map(({ code }) => code)).toEqual(['money-malformed', 'type-unknown']);
    expect((await app.get<EventLog>(EVENT_LOG).head()).position).toBe(position);
  });
});

describe('quarantined events in bulk, over HTTP', () => {
  it('are chosen by file, code and source, discarded or released, and the outcomes name their reasons', async () => {
    await rows([
      invalidRow('a-1', 'a.csv', 'money-malformed', 2),
      invalidRow('a-2', 'a.csv', 'value-malformed', 3),
      invalidRow('b-1', 'b.csv', 'money-malformed', 2),
    ]);
    await request('POST', '/v1/touchpoints', { ...order('c-1'), type: 'campsite-booked', data: {} });
    await request('POST', '/v1/touchpoints', { ...order('d-1'), source: 'till', type: 'campsite-booked', data: {} });
    expect(await open()).toHaveLength(5);
    const { body: outcomes } = await request('GET', '/v1/query/outcomes');
    expect(outcomes['rows']).toMatchObject([
      {
        source: 'shop',
        quarantined: 4,
        unaccounted: 0,
        reasons: { 'money-malformed': 2, 'value-malformed': 1, 'type-unknown': 1 },
      },
      { source: 'till', quarantined: 1, unaccounted: 0, reasons: { 'type-unknown': 1 } },
    ]);

    const discard = (selection: object) =>
      request('POST', '/v1/quarantine/discard', { ...selection, reason: 'a spec' });
    expect(await discard({ file: 'a.csv', code: 'money-malformed' })).toMatchObject({
      status: 200,
      body: { closed: 1 },
    });
    expect(await open()).toHaveLength(4);
    expect(await discard({ file: 'b.csv' })).toMatchObject({ status: 200, body: { closed: 1, kept: 0 } });
    // What is still invalid is kept; once its type is registered it is released, of one source and then of all.
    expect(await request('POST', '/v1/quarantine/release', { source: 'till' })).toMatchObject({
      body: { closed: 0, kept: 1 },
    });
    const type = {
      name: 'campsite-booked',
      version: 1,
      origin: 'customer',
      group: 'consideration',
      schema: { type: 'object' },
    };
    expect(await request('POST', '/v1/types', type)).toMatchObject({ status: 200 });
    await caughtUp();
    expect(await request('POST', '/v1/quarantine/release', { source: 'till' })).toMatchObject({
      body: { closed: 1, kept: 0 },
    });
    // The list follows the log.
    await caughtUp();
    expect(await request('POST', '/v1/quarantine/release', { code: 'type-unknown' })).toMatchObject({
      body: { closed: 1 },
    });
    await caughtUp();
    expect(await open()).toEqual([['a.csv', 3, 'value-malformed']]);
    expect(await request('POST', '/v1/quarantine/discard', { code: 7, reason: 'x' })).toMatchObject({ status: 422 });
  });
});

describe('jobs about a policy', () => {
  it('show what a policy would change, and end once every customer is folded under the published one', async () => {
    await request('POST', '/v1/touchpoints', order('e-1', { time: '2026-01-05T10:00:00Z' }));
    await caughtUp();
    const policy = { ...BUILT_IN_POLICIES.retail, name: 'short', version: 1, timeZone: 'Europe/Berlin' };
    expect(await job('policy-dry-run', { policy, restates: true })).toMatchObject({
      ...{ kind: 'policy-dry-run', state: 'done', failure: null },
      result: {
        asOf: expect.stringMatching(/Z$/),
        customers: expect.any(Number),
        moving: 0,
        messages: expect.any(Object),
      },
    });
    expect(
      await request('POST', '/v1/projections/policy-dry-run', { policy: { ...policy, timeZone: 'Mars' } }),
    ).toMatchObject({
      ...{ status: 422 },
      body: { errors: [{ pointer: '#/policy/timeZone' }] },
    });
    expect(await request('POST', '/v1/projections/policy-dry-run', { policy, on: 1 })).toMatchObject({
      ...{ status: 422 },
      body: { errors: [{ pointer: '#/on' }] },
    });
    const published = { policy, restate: true, reason: 'a spec' };
    expect(await request('POST', '/v1/policies', published)).toMatchObject({ status: 200 });
    const refolded = await job('refold');
    expect(refolded).toMatchObject({ kind: 'refold', state: 'done', result: { customers: expect.any(Number) } });
    const { body } = await request('GET', '/v1/query/customers');
    expect(body).toMatchObject({ meta: { timeZone: 'Europe/Berlin' } });
  });
});
