import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startEngine, type Engine } from '../engine.js';
import { anyPostgres, type TestPostgres } from '../services/postgres.js';
import { rejectionOf, until } from './processes.js';

jest.setTimeout(300_000);

const offer = anyPostgres();
const [suite, title] =
  offer.missing === null
    ? [describe, `the engine in one process, its read models and keys on ${offer.name}`]
    : [describe.skip, `the engine in one process on PostgreSQL (skipped: ${offer.missing})`];

suite(title, () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'perennial-on-postgres-'));
  let postgres: TestPostgres;
  let engine: Engine | null = null;
  let env: Record<string, string>;

  beforeAll(async () => {
    postgres = await offer.start();
    env = { POSTGRES_URL: postgres.url, KEYS_URL: postgres.url, HASH_KEY: '5a'.repeat(32) };
  });
  afterAll(async () => {
    await engine?.kill();
    await postgres.stop();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const ann = (of: Engine) => of.request('GET', '/v1/query/customer?identifier=userId:ann');

  it('needs only the settings', async () => {
    engine = await startEngine(dataDir, env);
    const published = await engine.request('POST', '/v1/touchpoints', [
      {
        id: 'o-1',
        source: 'shop',
        type: 'order-placed',
        time: '2026-01-06T10:00:00Z',
        channel: 'web',
        identifiers: [{ namespace: 'userId', value: 'ann' }],
        data: { orderId: 'o-1', currency: 'EUR', totalMinor: 1990 },
      },
    ]);
    expect(published.body).toMatchObject({ accepted: 1 });
    const running = engine;
    await until(
      () => ann(running),
      ({ status, body }) => status === 200 && body.rows[0]?.orders === 1,
    );
    expect(await engine.stop()).toBe(0);
    expect(existsSync(join(dataDir, 'readmodels'))).toBe(false);
    expect(existsSync(join(dataDir, 'keys.db'))).toBe(false);
    expect(existsSync(join(dataDir, 'log.db'))).toBe(true);
  });

  it('has everything again after a start', async () => {
    engine = await startEngine(dataDir, env);
    expect((await ann(engine)).body.rows[0]).toMatchObject({ orders: 1 });
    expect(await engine.stop()).toBe(0);
  });

  it('does not start with another hash key, or without one', async () => {
    const start = { ...env, DATA_DIR: dataDir, PORT: '0', DEMO: 'off' };
    for (const HASH_KEY of ['a5'.repeat(32), 'own']) {
      const { code, stderr } = await rejectionOf('standalone', { ...start, HASH_KEY });
      expect(code).toBe(1);
      expect(stderr).toMatch(/^perennial: .*hash key.*\n$/);
    }
  });

  it('reports a missing database, without the password', async () => {
    const { code, stderr } = await rejectionOf('standalone', {
      ...{ DATA_DIR: `${dataDir}-other`, PORT: '0', DEMO: 'off' },
      POSTGRES_URL: 'postgres://me:hunter2@127.0.0.1:1/perennial',
    });
    rmSync(`${dataDir}-other`, { recursive: true, force: true });
    expect(code).toBe(1);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).toMatch(/^perennial: /);
  });
});
