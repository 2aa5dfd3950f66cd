import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { orderPlaced } from '#testing';
import { runCli } from '../../apps/cli/src/testdata/run-cli.js';
import { startEngine, type Engine } from '../engine.js';

// Each step is a process.
jest.setTimeout(300_000);

describe('a data subject who asks what is on record', () => {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-subject-'));
  const dataDir = join(folder, 'data');
  let engine: Engine;
  beforeAll(async () => {
    // Compiles first, where dist/ is older than a source.
    await runCli(dataDir, ['--version']);
    engine = await startEngine(dataDir);
    const ada = { namespace: 'email', value: 'ada@shop.example' };
    const bob = { namespace: 'userId', value: 'user-bob-1' };
    await engine.request('POST', '/v1/touchpoints', [
      orderPlaced({ id: 'own', identifiers: [ada] }),
      orderPlaced({ id: 'gift', identifiers: [bob, { ...ada, role: 'recipient' }] }),
      { note: 'ADA@shop.example called', source: 'desk' },
    ]);
  });
  afterAll(async () => {
    await engine.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const cli = async (...args: string[]) => {
    const ran = await runCli(dataDir, args);
    if (ran.code !== 0) throw new Error(`${args.join(' ')}: ${ran.stderr}${ran.stdout}`);
    return ran.stdout;
  };
  const open = async (kind: string): Promise<string> => {
    const person = ['email:ada@shop.example', '--kind', kind, '--asker-checked', 'passport', '--format', 'json'];
    return (JSON.parse(await cli('subject-request', 'open', ...person)) as { requestId: string }).requestId;
  };

  it('is answered within the month by the folder of a package, and once more after an erasure', async () => {
    const id = await open('access');
    expect(await cli('subject-request', 'list', '--state', 'open', '--format', 'csv')).toContain(id);
    const package1 = join(folder, 'ada');
    const answer = await cli('subject-request', 'answer', id, '--output', package1, '--format', 'json');
    const digest = createHash('sha256')
      .update(readFileSync(join(package1, 'manifest.json')))
      .digest('hex');
    expect(JSON.parse(answer)).toMatchObject({ state: 'answered', outcome: 'handed-over', digest });
    const events = readFileSync(join(package1, 'events.ndjson'), 'utf8').trim().split('\n');
    expect(events.map((line) => (JSON.parse(line) as { role: string }).role).sort()).toEqual([
      ...['quarantined', 'recipient', 'self'],
    ]);
    for (const name of readdirSync(package1))
      expect([name, readFileSync(join(package1, name), 'utf8').includes('user-bob-1')]).toEqual([name, false]);
    expect(readFileSync(join(package1, 'report.html'), 'utf8')).toContain('ada@shop.example');

    // The same folder is not written into again.
    const second = await open('portability');
    const refused = await runCli(dataDir, ['subject-request', 'answer', second, '--output', package1]);
    expect([refused.code === 0, refused.stderr]).toEqual([false, expect.stringContaining('is not empty')]);

    await cli('erase', 'email:ada@shop.example', '--yes');
    const later = await open('access');
    const gone = await runCli(dataDir, ['subject-request', 'answer', later, '--output', join(folder, 'late')]);
    expect([gone.code === 0, gone.stderr]).toEqual([false, expect.stringContaining('was erased on')]);
    expect(existsSync(join(folder, 'late', 'manifest.json'))).toBe(false);
    expect(await cli('subject-request', 'answer', later, '--outcome', 'nothing-on-record')).toContain('answered');
  });
});
