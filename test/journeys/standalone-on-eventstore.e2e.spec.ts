import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startEngine, type Engine } from '../engine.js';
import { anyEventStore, type EventStoreServer } from '../services/eventstore/server.js';
import { until } from './processes.js';

jest.setTimeout(300_000);

const order = (id: string, user: string): Record<string, unknown> => ({
  id,
  source: 'shop',
  type: 'order-placed',
  time: '2026-01-06T10:00:00Z',
  channel: 'web',
  identifiers: [{ namespace: 'userId', value: user }],
  data: { orderId: id, currency: 'EUR', totalMinor: 1990 },
});

// The id table is in PGlite, which has one connection: a query of the log on it must not wait for work that waits for the log.
describe(`the engine in one process, its log on ${anyEventStore().name} and the rest embedded`, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'perennial-on-eventstore-'));
  let eventStore: EventStoreServer;
  let engine: Engine;

  beforeAll(async () => {
    eventStore = await anyEventStore().start();
    engine = await startEngine(dataDir, { EVENT_LOG: eventStore.connectionString });
  });
  afterAll(async () => {
    await engine.kill();
    await eventStore.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  it('accepts touchpoints, shows them, and recognises duplicates', async () => {
    const many = Array.from({ length: 300 }, (_, n) => order(`o-${n}`, `ann-${n % 7}`));
    expect((await engine.request('POST', '/v1/touchpoints', many)).body).toMatchObject({ accepted: 300 });
    expect((await engine.request('POST', '/v1/touchpoints', many)).body).toMatchObject({
      accepted: 0,
      duplicate: 300,
    });
    await until(
      () => engine.request('GET', '/v1/query/customer?identifier=userId:ann-1'),
      ({ status, body }) => status === 200 && body.rows[0]?.orders === 43,
    );
    expect(existsSync(join(dataDir, 'log.db'))).toBe(false);
  });

  it('rebuilds and verifies', async () => {
    for (const kind of ['rebuild', 'verify']) {
      expect((await engine.request('POST', `/v1/projections/${kind}`)).status).toBe(202);
      const job = await until(
        () => engine.request('GET', '/v1/projections/jobs/current'),
        ({ body }) => body.state !== 'running',
      );
      expect(job.body).toMatchObject({ kind, state: 'done' });
      // Positions are bytes in this log; the events that were read are counted.
      if (kind === 'rebuild') {
        expect(job.body.result.events).toBeGreaterThan(300);
        expect(job.body.result.events).toBeLessThan(400);
        expect(job.body.result.position).toBeGreaterThan(10_000);
      }
    }
    const { body: status } = await engine.request('GET', '/v1/projections/status');
    expect(status).toMatchObject({ lag: 0, lagUnit: 'bytes', lagMs: 0 });
  });

  it('stops in an orderly way, and has everything again after a start', async () => {
    expect(await engine.stop()).toBe(0);
    engine = await startEngine(dataDir, { EVENT_LOG: eventStore.connectionString });
    const again = await engine.request('POST', '/v1/touchpoints', [order('o-1', 'ann-1')]);
    expect(again.body).toMatchObject({ duplicate: 1 });
    expect(await engine.stop()).toBe(0);
  });
});
