import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { startEngine } from '../../../test/engine.js';
import { runCli } from './testdata/run-cli.js';

jest.setTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), 'perennial-damaged-stores-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a log with a damaged page', () => {
  const dataDir = join(folder, 'data');
  beforeAll(async () => {
    const lines = Array.from(
      { length: 3_000 },
      (_, at) => ` ${String(at % 500).padStart(5, '0')} ${String(at % 500).padStart(4, '0')} 19970101  2   29.33`,
    );
    writeFileSync(join(folder, 'purchases.txt'), lines.join('\r\n'));
    await runCli(dataDir, ['import', join(folder, 'purchases.txt'), '--preset', 'cdnow']);
    const file = openSync(join(dataDir, 'log.db'), 'r+');
    const size = statSync(join(dataDir, 'log.db')).size;
    for (let at = Math.floor(size / 4 / 8_192) * 8_192; at < size / 2; at += 8_192)
      writeSync(file, Buffer.alloc(8_192, 0x5a), 0, 8_192, at);
    closeSync(file);
  });

  it('is reported in a sentence by an export, not as a defect of the program', async () => {
    const { code, stderr } = await runCli(dataDir, ['export', '--all', '--output', join(folder, 'out.ndjson')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/The event log .* is torn/);
    expect(stderr).not.toMatch(/\n +at /);
  });

  it('is answered with 503 over HTTP, not with 500', async () => {
    const engine = await startEngine(dataDir).catch((error: unknown) => error as Error);
    // An engine that meets the damage at its start does not start, and says why.
    if (engine instanceof Error) {
      expect(engine.message).toMatch(/perennial: .*torn/);
      return;
    }
    const { status, body } = await engine.request('GET', '/v1/query/recorded?limit=1000');
    await engine.kill();
    expect({ status, body }).toMatchObject({ status: 503, body: { type: 'urn:perennial:problem:log-torn' } });
  });
});

describe('a log in which one digit was changed', () => {
  const dataDir = join(folder, 'changed');
  beforeAll(async () => {
    const lines = ['o-1', 'o-2', 'o-3'].map((id) =>
      JSON.stringify({
        ...{ source: 'shop', id, type: 'order-placed', channel: 'web', time: '2026-03-01T10:00:00Z' },
        identifiers: [{ namespace: 'email', value: `${id}@shop.test`, role: 'self' }],
        data: { orderId: id, currency: 'EUR', totalMinor: 2933 },
      }),
    );
    writeFileSync(join(folder, 'orders.ndjson'), lines.join('\n'));
    await runCli(dataDir, ['import', join(folder, 'orders.ndjson'), '--preset', 'touchpoints']);
    const log = new DatabaseSync(join(dataDir, 'log.db'));
    const { changes } = log
      .prepare("UPDATE events SET data = replace(data, '2933', '9933') WHERE instr(data, ?) > 0")
      .run('"orderId":"o-2"');
    expect(changes).toBe(1);
    log.close();
  });

  it('is found by verify, which names the event', async () => {
    const { code, stdout } = await runCli(dataDir, ['verify']);
    expect(stdout).toMatch(/position \d+, order-placed o-2 of shop, stream subject-/);
    expect(stdout).toMatch(/1 event was changed/);
    expect(stdout).not.toMatch(/o-1|o-3/);
    expect(code).toBe(1);
  });

  it('is found by verify over HTTP', async () => {
    const engine = await startEngine(dataDir);
    await engine.request('POST', '/v1/projections/verify');
    let job = await engine.request('GET', '/v1/projections/jobs/current');
    while ((job.body as { state: string }).state === 'running')
      job = await engine.request('GET', '/v1/projections/jobs/current');
    await engine.stop();
    expect(job.body).toMatchObject({
      ...{ kind: 'verify', state: 'done' },
      result: { contents: { refuted: 1, refutations: [{ source: 'shop', id: 'o-2' }] } },
    });
  });
});
