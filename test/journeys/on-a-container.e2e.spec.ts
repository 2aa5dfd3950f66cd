import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { openDatabase } from '#database';
import { startEngine, type Engine } from '../engine.js';
import { containedPostgres } from '../services/postgres.js';
import type { TestPostgres } from '../services/postgres.js';

const offer = await containedPostgres();
const title = 'an engine whose read models are on PostgreSQL in a container';
const [suite, why] = offer.missing === null ? [describe, ''] : [describe.skip, ` (skipped: ${offer.missing})`];

suite(`${title}${why}`, () => {
  let server: TestPostgres;
  let engine: Engine;
  let folder: string;
  beforeAll(async () => {
    server = await offer.start();
    folder = mkdtempSync(join(tmpdir(), 'perennial-container-'));
    engine = await startEngine(folder, { POSTGRES_URL: server.url });
  }, 120_000);
  afterAll(async () => {
    await engine.stop();
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const publish = async (...ids: string[]): Promise<unknown> => {
    const orders = ids.map((id) => ({
      ...{ id, source: 'shop', type: 'order-placed', channel: 'web' },
      time: new Date(Date.now() - 2 * DAY).toISOString(),
      identifiers: [{ namespace: 'userId', value: id }],
      data: {
        orderId: id,
        currency: 'EUR',
        lines: [{ sku: 'A', category: 'books', quantity: 1, unitPriceMinor: 1_990 }],
      },
    }));
    return (await engine.request('POST', '/v1/touchpoints', orders)).body;
  };
  const customer = async (id: string): Promise<unknown> => {
    for (;;) {
      const { status, body } = await engine.request('GET', `/v1/query/customer?identifier=userId:${id}`);
      if (status === 200 && body.rows.length > 0) return body.rows[0];
      await new Promise((wake) => setTimeout(wake, 50));
    }
  };

  it('shows the stage that a touchpoint leads to, and shows it to analysts', async () => {
    expect(await publish('ann', 'bob')).toMatchObject({ accepted: 2 });
    expect(await customer('ann')).toMatchObject({ stage: 'retention', phase: 'onboarding' });
    await customer('bob');
    const analyst = await openDatabase({ kind: 'postgres', url: server.url });
    expect(await analyst.query('SELECT stage, phase, revenue_minor, currency FROM perennial_bi.customers')).toEqual([
      { stage: 'retention', phase: 'onboarding', revenue_minor: 1_990, currency: 'EUR' },
      { stage: 'retention', phase: 'onboarding', revenue_minor: 1_990, currency: 'EUR' },
    ]);
    await analyst.close();
  });

  it('accepts touchpoints while the container is down, and shows them once it is back', async () => {
    if (server.outage === null) throw new Error('This container can be stopped.');
    await server.outage.halt('crash');
    expect(await publish('carl')).toMatchObject({ accepted: 1 });
    expect((await engine.request('GET', '/health/ready')).status).toBe(503);
    await server.outage.restart();
    expect(await customer('carl')).toMatchObject({ stage: 'retention' });
    expect((await engine.request('GET', '/health/ready')).status).toBe(200);
  });
});
