import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { NestFastifyApplication } from '@nestjs/platform-fastify';
import { Test } from '@nestjs/testing';
import { DAY, MINUTE } from '#contracts';
import { EVENT_LOG, lockDataFolder, type DataFolderLock, type EventLog } from '#event-log';
import { prepareLog } from '#ingestion';
import { ApiKeyAccess, KEY_STORE, type KeyStore } from '#keys';
import { CLOCK, CLOCK_GUARD, ClockGuard, readConfig } from '#platform';
import { configureApp, createHttpAdapter } from '#platform/nest';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { StandaloneModule } from '../apps/standalone/src/standalone.module.js';

const START = Date.UTC(2026, 0, 31, 12);

describeOnEachStore('an engine whose clock is set', (store) => {
  let opened: OpenedStore;
  beforeAll(async () => {
    opened = await openStore(store);
  }, 120_000);
  afterAll(() => opened.stop());
  let dataDir: string;
  /** The clock of the machine, and the time that passed since it was switched on. */
  const time = { wall: START, elapsed: 0 };
  const clock = { now: () => time.wall, elapsed: () => time.elapsed };
  let lock: DataFolderLock;
  let app: NestFastifyApplication;

  const start = async (): Promise<void> => {
    const server = opened.url === null ? {} : { POSTGRES_URL: opened.url };
    const config = readConfig({ DATA_DIR: dataDir, LOG_LEVEL: 'silent', DEMO: 'off', ...server });
    lock = lockDataFolder(dataDir);
    const testing = await Test.createTestingModule({ imports: [StandaloneModule.forRoot(config, lock)] })
      .overrideProvider(CLOCK)
      .useValue(clock)
      .overrideProvider(CLOCK_GUARD)
      .useValue(new ClockGuard(clock))
      .compile();
    app = testing.createNestApplication<NestFastifyApplication>(createHttpAdapter(config), { logger: false });
    configureApp(app);
    await app.init();
    await app.getHttpAdapter().getInstance().ready();
    await prepareLog(
      app.get<EventLog>(EVENT_LOG),
      app.get<KeyStore>(KEY_STORE),
      { kind: 'built-in', name: 'retail' },
      clock.now(),
    );
  };
  const stop = async (): Promise<void> => {
    await app.close();
    lock.release();
  };

  beforeEach(async () => {
    Object.assign(time, { wall: START, elapsed: 0 });
    await opened.wipe();
    dataDir = mkdtempSync(join(tmpdir(), 'perennial-clock-'));
    await start();
  });
  afterEach(async () => {
    await stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const request = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const headers = { authorization: `Bearer ${app.get(ApiKeyAccess).localToken}` };
    const answer = await app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) });
    return { status: answer.statusCode, body: answer.json<Record<string, unknown>>() };
  };
  const orders = (id: string, at: number) =>
    request('POST', '/v1/touchpoints', {
      ...{ id, source: 'shop', type: 'order-placed', channel: 'web', time: new Date(at).toISOString() },
      identifiers: [{ namespace: 'userId', value: 'ann' }],
      data: { orderId: id, currency: 'EUR', totalMinor: 1_000 },
    });
  const phase = async () => {
    const { body } = await request('GET', '/v1/query/customers');
    const [row] = body['rows'] as { readonly phase: string; readonly orders: number }[];
    return row === undefined ? null : `${row.phase} ${row.orders}`;
  };
  const until = async (expected: string): Promise<void> => {
    for (let tries = 0; tries < 100 && (await phase()) !== expected; tries += 1) await sleep(100);
    expect(await phase()).toBe(expected);
  };
  const ready = async () => {
    const { status, body } = await request('GET', '/health/ready');
    const checks = body['checks'] as Record<string, { readonly ok: boolean; readonly detail?: string }>;
    return { status, clock: checks['clock'] };
  };
  const metric = async (name: string): Promise<number> => {
    const headers = { authorization: `Bearer ${app.get(ApiKeyAccess).localToken}` };
    const { payload } = await app.inject({ method: 'GET', url: '/metrics', headers });
    return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(payload)?.[1]);
  };

  it('goes on ingesting, fires no deadline and is not ready; it goes on where the clock returns', async () => {
    await orders('o-1', START - MINUTE);
    await until('onboarding 1');
    expect(await ready()).toMatchObject({ status: 200, clock: { ok: true } });
    time.wall += 400 * DAY;
    time.elapsed += MINUTE;
    expect(await ready()).toMatchObject({ status: 503, clock: { ok: false } });
    expect((await ready()).clock?.detail).toContain('400 days ahead of what elapsed time gives');
    expect(await metric('perennial_clock_right')).toBe(0);
    expect(await metric('perennial_clock_jump_seconds')).toBeCloseTo((400 * DAY - MINUTE) / 1_000, -1);
    // What comes in the meantime is folded as of elapsed time.
    expect((await orders('o-2', START + MINUTE)).body).toMatchObject({ accepted: 1 });
    await until('active 2');
    // Even what falls due by elapsed time waits.
    time.wall += 300 * DAY;
    time.elapsed += 300 * DAY;
    await sleep(1_500);
    expect(await phase()).toBe('active 2');
    time.wall -= 400 * DAY;
    // What was recorded in the meantime lies ahead now.
    expect(await request('GET', '/v1/clock')).toMatchObject({ body: { state: 'behind', aheadMs: 100 * DAY } });
    expect(await ready()).toMatchObject({ status: 503, clock: { ok: false } });
    await until('lapsed 2');
  }, 60_000);

  it('fires deadlines by the new clock where an operator confirms it', async () => {
    await orders('o-1', START - MINUTE);
    await until('onboarding 1');
    time.wall += 400 * DAY;
    await sleep(1_500);
    expect(await phase()).toBe('onboarding 1');
    expect(await request('GET', '/v1/clock')).toMatchObject({
      status: 200,
      body: { state: 'jumped', confirmed: null },
    });
    expect(await request('POST', '/v1/clock/confirm')).toMatchObject({
      body: { state: 'right', confirmed: { by: 'local' } },
    });
    await until('lost 1');
    expect(await ready()).toMatchObject({ status: 200 });
  }, 60_000);

  it('is not ready after a start whose clock lies behind what is recorded, until that is confirmed once', async () => {
    time.wall += 400 * DAY;
    await stop();
    await start();
    // At a start an older log says nothing.
    expect(await ready()).toMatchObject({ status: 200 });
    await orders('o-1', START);
    await until('lost 1');
    await stop();
    time.wall = START + MINUTE;
    await start();
    expect(await ready()).toMatchObject({ status: 503, clock: { ok: false } });
    expect((await ready()).clock?.detail).toContain('400 days later');
    expect((await orders('o-2', START)).body).toMatchObject({ accepted: 1 });
    expect(await request('POST', '/v1/clock/confirm')).toMatchObject({ body: { state: 'right' } });
    await stop();
    await start();
    expect(await ready()).toMatchObject({ status: 200 });
    expect(await metric('perennial_clock_recorded_ahead_seconds')).toBeCloseTo((400 * DAY - MINUTE) / 1_000, -1);
    // What the wrong clock wrote is repaired by a rebuild.
    expect((await request('POST', '/v1/projections/rebuild')).status).toBe(202);
    await until('active 2');
  }, 60_000);
});
