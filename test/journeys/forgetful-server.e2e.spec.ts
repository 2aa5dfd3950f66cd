import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { MemoryIdTable, openEventStoreLog } from '#event-log';
import {
  startFakeServerProcess,
  type EventStoreServer,
  type OwnServer,
} from '../services/eventstore/fake-server-process.js';
import { until } from './processes.js';

jest.setTimeout(600_000);

const ROWS = 8_000;
const RESTARTS = 3;
const root = resolve(import.meta.dirname, '../..');

describe('an import while EventStoreDB is killed and started again, each time without the ids that it knew', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-forgetful-'));
  const dataDir = join(folder, 'data');
  const file = join(folder, 'visits.csv');
  const mapping = join(folder, 'visits.mapping.json');
  let server: EventStoreServer;
  let own: OwnServer;

  beforeAll(async () => {
    server = await startFakeServerProcess();
    own = server.own as OwnServer;
    writeFileSync(
      file,
      `id,user,time\n${Array.from({ length: ROWS }, (_, n) => `v-${n},u-${n % 300},2026-01-06T10:00:00Z\n`).join('')}`,
    );
    writeFileSync(
      mapping,
      JSON.stringify({
        ...{ source: '/site', id: { columns: ['id'] }, type: { value: 'site-visited' }, channel: { value: 'web' } },
        occurredAt: { column: 'time' },
        ...{ identifiers: [{ namespace: 'userId', column: 'user' }], data: { url: { value: 'https://a.example/' } } },
      }),
    );
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  function perennial(...args: string[]) {
    const child = spawn(process.execPath, [join(root, 'dist/apps/cli/src/main.js'), ...args], {
      cwd: root,
      env: { ...process.env, NODE_OPTIONS: '', DATA_DIR: dataDir, EVENT_LOG: server.connectionString },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let printed = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (printed += chunk.toString()));
    const ended = new Promise<number | null>((done) => child.once('exit', (code) => done(code)));
    return { child, ended, printed: () => printed };
  }

  /** How often each touchpoint of the file is on record. */
  async function onRecord(): Promise<ReadonlyMap<string, number>> {
    const log = await openEventStoreLog({ connectionString: server.connectionString, ids: new MemoryIdTable() });
    const counts = new Map<string, number>();
    for await (const page of log.readAll(0))
      for (const { source, id, type } of page)
        if (source.endsWith('/site') && type === 'site-visited') counts.set(id, (counts.get(id) ?? 0) + 1);
    await log.close();
    return counts;
  }

  it('accepts each row exactly once, and the read models are those of the log', async () => {
    const before = await own.count();
    const importing = perennial('import', file, '--mapping', mapping);
    for (let restart = 1; restart <= RESTARTS; restart += 1) {
      const reached = before + (ROWS * restart) / (RESTARTS + 1);
      await until(
        () => own.count(),
        (count) => count >= reached || importing.child.exitCode !== null,
        300_000,
      );
      // Else the server was restarted after the import, and nothing was tested.
      expect([importing.child.exitCode, importing.printed()]).toEqual([null, expect.any(String)]);
      await own.restart();
    }
    expect([await importing.ended, importing.printed()]).toEqual([0, expect.any(String)]);
    expect(importing.printed()).toContain(`${ROWS.toLocaleString('en')} accepted, 0 duplicates`);
    const counts = await onRecord();
    expect(counts.size).toBe(ROWS);
    expect([...counts.values()].every((count) => count === 1)).toBe(true);
    const verified = perennial('verify');
    expect([await verified.ended, verified.printed()]).toEqual([0, expect.any(String)]);
  });
});
