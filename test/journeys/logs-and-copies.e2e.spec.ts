import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { startEngine } from '../engine.js';
import { startFakeServerProcess, type EventStoreServer } from '../services/eventstore/fake-server-process.js';
import { anyPostgres, type TestPostgres } from '../services/postgres.js';
import { rejectionOf, until } from './processes.js';

jest.setTimeout(300_000);

const root = resolve(import.meta.dirname, '../..');
const folder = mkdtempSync(join(tmpdir(), 'perennial-copies-'));
const at = (name: string): string => join(folder, name);

const visit = (id: string, user: string): object => ({
  ...{ id, source: 'site', type: 'site-visited', time: '2026-01-06T10:00:00Z', channel: 'web' },
  identifiers: [{ namespace: 'userId', value: user }],
  data: { url: 'https://a.example/' },
});

/** An engine that ingests some visits, shows their customers, and stops. */
async function filled(dataDir: string, env: Record<string, string>, visits: readonly object[]): Promise<void> {
  const engine = await startEngine(dataDir, env);
  try {
    expect((await engine.request('POST', '/v1/touchpoints', visits)).body).toMatchObject({ accepted: visits.length });
    await until(
      () => engine.request('GET', '/v1/projections/status'),
      ({ body }) => body.lag === 0 && body.dirty === 0,
    );
    expect(await engine.stop()).toBe(0);
  } finally {
    await engine.kill();
  }
}

/** The command line on a folder, and what is in the folder before and after. */
async function perennial(dataDir: string, env: Record<string, string>, ...args: string[]) {
  const before = readdirSync(dataDir).sort();
  const child = spawn(process.execPath, [join(root, 'dist/apps/cli/src/main.js'), ...args], {
    cwd: root,
    env: { ...process.env, NODE_OPTIONS: '', ...env, DATA_DIR: dataDir },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let printed = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const code = await new Promise<number | null>((done) => child.once('exit', done));
  return { code, printed, before, after: readdirSync(dataDir).sort() };
}

const server: { current: EventStoreServer | null } = { current: null };
beforeAll(async () => {
  server.current = await startFakeServerProcess();
});
afterAll(async () => {
  await server.current?.stop();
  rmSync(folder, { recursive: true, force: true });
});
const address = (name: string): string => `${server.current?.connectionString ?? ''}#${name}`;

describe('an engine in its old folder, after its log was moved to EventStoreDB', () => {
  it('archives the read models of the file, announces it in one line, rebuilds them, is ready, and stops', async () => {
    const dataDir = at('moved');
    await filled(
      dataDir,
      {},
      Array.from({ length: 30 }, (_, n) => visit(`v-${n}`, `u-${n % 5}`)),
    );
    const env = { EVENT_LOG: address('moved') };
    const moved = await perennial(
      dataDir,
      {},
      'move',
      '--from',
      `sqlite:${dataDir}`,
      '--to',
      env.EVENT_LOG,
      '--no-models',
    );
    expect([moved.code, moved.printed]).toEqual([0, expect.any(String)]);
    const engine = await startEngine(dataDir, { ...env, LOG_FORMAT: 'json' });
    try {
      await until(
        () => engine.request('GET', '/health/ready'),
        ({ status }) => status === 200,
      );
      await until(
        () => engine.request('GET', '/v1/query/customers'),
        ({ status, body }) => status === 200 && body.rows.length === 5,
      );
      const announced = engine
        .printed()
        .split('\n')
        .filter((line) => /archived/.test(line));
      expect(announced).toHaveLength(1);
      const again = await engine.request('POST', '/v1/touchpoints', [visit('v-1', 'u-1')]);
      expect(again.body).toMatchObject({ accepted: 0, duplicate: 1 });
      expect(await engine.stop()).toBe(0);
    } finally {
      await engine.kill();
    }
  });
});

describe('a data folder whose log is on a server, used without EVENT_LOG', () => {
  const dataDir = at('on-server');
  beforeAll(() =>
    filled(dataDir, { EVENT_LOG: address('on-server').replace('://', '://me:hunter2@') }, [visit('v-1', 'u-1')]),
  );

  it.each([
    ['a query', ['query', 'customers']],
    ['stats', ['stats']],
    ['an import', ['import', at('rows.csv'), '--mapping', at('rows.mapping.json')]],
  ])('%s is rejected with the setting to use, and nothing is written', async (_, args) => {
    writeFileSync(at('rows.csv'), 'id,user,time\nv-9,u-9,2026-01-06T10:00:00Z\n');
    writeFileSync(
      at('rows.mapping.json'),
      JSON.stringify({
        ...{ source: '/site', id: { columns: ['id'] }, type: { value: 'site-visited' }, channel: { value: 'web' } },
        occurredAt: { column: 'time' },
        ...{ identifiers: [{ namespace: 'userId', column: 'user' }], data: { url: { value: 'https://a.example/' } } },
      }),
    );
    const ran = await perennial(dataDir, {}, ...args);
    expect([ran.code, ran.printed]).toEqual([3, expect.stringContaining(`EVENT_LOG='${address('on-server')}'`)]);
    expect(ran.printed).not.toContain('hunter2');
    expect(ran.after).toEqual(ran.before);
    expect(existsSync(join(dataDir, 'log.db'))).toBe(false);
  });

  it('an engine does not start either', async () => {
    const { code, stderr } = await rejectionOf('standalone', { DATA_DIR: dataDir, PORT: '0', DEMO: 'off' });
    expect([code, stderr]).toEqual([3, expect.stringContaining(`EVENT_LOG='${address('on-server')}'`)]);
  });

  it('a query in a folder that holds nothing creates nothing', async () => {
    mkdirSync(at('empty'));
    const ran = await perennial(at('empty'), {}, 'stats');
    expect([ran.code, ran.after]).toEqual([3, []]);
  });
});

describe('read models of one log beside another log', () => {
  it('embedded: are rejected with both identities', async () => {
    const [one, other] = [at('a'), at('b')];
    await filled(one, {}, [visit('v-1', 'u-1')]);
    await filled(other, {}, [visit('v-2', 'u-2')]);
    rmSync(join(other, 'readmodels'), { recursive: true });
    cpSync(join(one, 'readmodels'), join(other, 'readmodels'), { recursive: true });
    const { code, stderr } = await rejectionOf('standalone', { DATA_DIR: other, PORT: '0', DEMO: 'off' });
    expect([code, stderr]).toEqual([3, expect.stringMatching(/another event log: .*log \w{12}.*log \w{12}/)]);
  });

  const offer = anyPostgres();
  const itOnPostgres = offer.missing === null ? it : it.skip;
  itOnPostgres(
    `on ${offer.name}${offer.missing === null ? '' : ` (skipped: ${offer.missing})`}: are rejected with both identities where the folder was emptied`,
    async () => {
      const postgres: TestPostgres = await offer.start();
      try {
        const env = { POSTGRES_URL: postgres.url };
        await filled(at('c'), env, [visit('v-1', 'u-1')]);
        rmSync(at('c'), { recursive: true });
        const { code, stderr } = await rejectionOf('standalone', { ...env, DATA_DIR: at('c'), PORT: '0', DEMO: 'off' });
        expect([code, stderr]).toEqual([3, expect.stringMatching(/log/)]);
        await filled(at('d'), {}, [visit('v-2', 'u-2')]);
        const beside = await rejectionOf('standalone', { ...env, DATA_DIR: at('d'), PORT: '0', DEMO: 'off' });
        expect([beside.code, beside.stderr]).toEqual([
          3,
          expect.stringMatching(/another event log: .*log \w{12}.*log \w{12}/),
        ]);
      } finally {
        await postgres.stop();
      }
    },
  );
});
