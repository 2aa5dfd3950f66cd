import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const CHILD = fileURLToPath(new URL('../testdata/rebuild-child.ts', import.meta.url));
const FROM_SOURCE = ['--conditions=source', '--import', '#from-source'];

type Report = Record<string, unknown>;

/** Runs the child; kills it as soon as `killAt` says so. Null when it was killed, else the last line it wrote. */
function run(
  mode: 'fill' | 'rebuild',
  folder: string,
  { held, far }: { readonly held: string; readonly far: string },
  killAt: (line: Report) => boolean,
  seen: Report[],
): Promise<Report | null> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [...FROM_SOURCE, CHILD, mode, folder, held, far], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, NODE_OPTIONS: '' },
    });
    let last: Report = {};
    createInterface({ input: child.stdout }).on('line', (text) => {
      last = JSON.parse(text) as Report;
      seen.push(last);
      if (killAt(last)) child.kill('SIGKILL');
    });
    child.once('error', reject);
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(null);
      else if (code === 0) resolve(last);
      else reject(new Error(`The child ended with code ${code}.`));
    });
  });
}

/** How many bytes of the log may be held: all of it, or a few pages at the beginning and then no more. */
describe.each([
  { log: 'a log that is held', held: '', far: '' },
  { log: 'a log too large to be held', held: '1000', far: '' },
  { log: 'a log on a server, too large to be held', held: '1000', far: 'far' },
  { log: 'a log on a server, whose touchpoints are too large to be held', held: '1000000', far: 'far' },
])('a rebuild of $log that is killed', (memory) => {
  const folder = mkdtempSync(join(tmpdir(), 'perennial-rebuild-'));
  let live: Report | null = null;
  beforeAll(async () => {
    live = await run('fill', folder, memory, () => false, []);
  }, 120_000);
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it('goes on where it was, and ends with the same digest and nothing published twice', async () => {
    const kills = ['links', 'components', 'customers', 'customers', 'indexes'];
    let reached = 0;
    let customersInAll = Infinity;
    for (const [round, phase] of kills.entries()) {
      const seen: Report[] = [];
      let steps = 0;
      const ended = await run(
        'rebuild',
        folder,
        memory,
        (line) => line['phase'] === phase && ++steps > (round === 3 ? 2 : 0),
        seen,
      );
      // A phase that was over before the kill reached the process is no failure: then it simply went on.
      if (ended !== null) break;
      const customers = seen.filter((line) => line['phase'] === 'customers');
      const folded = customers.map((line) => line['done'] as number);
      // What was folded before a kill is not folded again; unless the last kill came after everything, the switch of
      // versions too: then this is a rebuild of its own.
      if (folded.length > 0 && reached < customersInAll) expect(folded[0]).toBeGreaterThan(reached);
      customersInAll = Number(customers.at(-1)?.['total'] ?? customersInAll);
      reached = Math.max(reached, ...folded);
    }
    const ended = await run('rebuild', folder, memory, () => false, []);
    expect(ended).toMatchObject({
      overall: live?.['overall'],
      customers: live?.['customers'],
      published: live?.['published'],
    });
    expect(reached).toBeGreaterThan(20);
    expect(readdirSync(folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  }, 300_000);
});
