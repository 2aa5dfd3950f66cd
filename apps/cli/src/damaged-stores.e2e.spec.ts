import { closeSync, mkdtempSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
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
