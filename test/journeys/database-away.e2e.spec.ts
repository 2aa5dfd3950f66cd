import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startEngine, type Engine } from '../engine.js';
import { anyPostgres, type TestPostgres } from '../services/postgres.js';
import { until } from './processes.js';

jest.setTimeout(600_000);

const offer = anyPostgres();
const [suite, title] =
  offer.missing !== null
    ? [describe.skip, `while PostgreSQL is away (skipped: ${offer.missing})`]
    : offer.ours
      ? [describe, `while ${offer.name} is away`]
      : [describe.skip, 'while PostgreSQL is away (skipped: the server is not ours to stop)'];

const order = (id: string): object => ({
  ...{ id, source: 'shop', type: 'order-placed', time: '2026-01-06T10:00:00Z', channel: 'web' },
  identifiers: [{ namespace: 'userId', value: 'ann' }],
  data: { orderId: id, currency: 'EUR', totalMinor: 1990 },
});

/** A body of each route that reads one; any other route with a body gets `{}`. */
const BODIES: Readonly<Record<string, unknown>> = {
  '/v1/erasures': { identifier: 'userId:ann' },
  '/v1/webhooks': { url: 'http://127.0.0.1:9/', feeds: ['stage-changes'] },
};
const HEX = 'a'.repeat(32);

interface Routes {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly requestBody?: unknown }>>>>;
}

suite(title, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'perennial-away-'));
  let postgres: TestPostgres;
  let engine: Engine;
  beforeAll(async () => {
    postgres = await offer.start();
    engine = await startEngine(dataDir, { POSTGRES_URL: postgres.url, LOG_LEVEL: 'info', LOG_FORMAT: 'json' });
    await engine.request('POST', '/v1/touchpoints', [order('o-1')]);
    await until(
      () => engine.request('GET', '/v1/projections/status'),
      ({ body }) => body.lag === 0 && body.dirty === 0,
    );
  });
  afterAll(async () => {
    await engine?.kill();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const logged = (): readonly Record<string, unknown>[] =>
    engine
      .printed()
      .split('\n')
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as Record<string, unknown>);

  it('answers each route with 503 and Retry-After where it needs the database, with 500 nowhere, and takes touchpoints', async () => {
    const { body } = await engine.request('GET', '/docs-json');
    const { paths } = body as Routes;
    await postgres.outage?.halt('crash');
    const unavailable: string[] = [];
    const failed: string[] = [];
    for (const [path, methods] of Object.entries(paths))
      for (const [method, { requestBody }] of Object.entries(methods)) {
        if (path.startsWith('/v1/backups')) continue;
        const url = path.replace(/\{customer\}/g, 'userId:ann').replace(/\{[^}]+\}/g, HEX);
        const sent = requestBody === undefined ? undefined : (BODIES[path] ?? {});
        const send = (query: string): Promise<Response> =>
          fetch(`${engine.url}${url}${query}`, {
            method: method.toUpperCase(),
            headers: { authorization: `Bearer ${engine.token}`, 'content-type': 'application/json' },
            ...(sent === undefined ? {} : { body: JSON.stringify(sent) }),
          });
        let response = await send('');
        // Some queries are about one customer.
        if (response.status === 400) response = await send('?identifier=userId:ann');
        const text = await response.text();
        if (response.status === 503) {
          unavailable.push(`${method} ${path}`);
          expect([path, response.headers.get('retry-after')]).toEqual([path, expect.stringMatching(/^\d+$/)]);
          expect(text).not.toContain('perennial"');
        }
        if (response.status >= 500 && response.status !== 503)
          failed.push(`${method} ${path}: ${response.status} ${text}`);
      }
    expect(failed).toEqual([]);
    expect(unavailable).toEqual(
      expect.arrayContaining([
        ...['get /v1/query/customers', 'get /v1/query/stats', 'get /v1/query/lag', 'get /v1/query/customer'],
        ...['get /v1/projections/status', 'get /v1/webhooks', 'get /health/ready', 'post /v1/erasures'],
      ]),
    );
    expect((await engine.request('POST', '/v1/touchpoints', [order('o-2')])).body).toMatchObject({ accepted: 1 });
    expect((await engine.request('GET', '/metrics')).body).toContain('perennial_projector_database_up 0');
    // Each part notices at its own next attempt.
    const ready = await until(
      () => engine.request('GET', '/health/ready'),
      ({ body }) => {
        const { projections, webhooks } = (body as { checks: Record<string, { ok: boolean }> }).checks;
        return projections?.ok === false && webhooks?.ok === false;
      },
    );
    expect(ready.status).toBe(503);
  });

  it('goes on by itself when it is back, and says so', async () => {
    await postgres.outage?.restart();
    const orders = await until(
      () => engine.request('GET', '/v1/query/customer?identifier=userId:ann'),
      ({ status, body }) => status === 200 && body.rows[0]?.orders === 2,
    );
    expect(orders.status).toBe(200);
    await until(
      () => engine.request('GET', '/health/ready'),
      ({ status }) => status === 200,
    );
    await until(
      async () => logged().map(({ msg }) => String(msg)),
      (messages) => messages.includes('The webhook dispatcher works again.'),
    );
    const messages = logged().map(({ msg }) => String(msg));
    expect(messages).toContain('The projector failed, and tries again.');
    expect(messages).toContain('The projector works again.');
    // Each component and the requests say it once, not with every attempt.
    expect(messages.filter((message) => /failed/.test(message)).length).toBeLessThan(12);
    expect(await engine.stop()).toBe(0);
    expect(logged().at(-1)).toMatchObject({ msg: 'stopped' });
  });
});
