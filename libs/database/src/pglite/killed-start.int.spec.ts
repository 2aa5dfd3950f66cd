import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../open-database.js';

const CHILD = fileURLToPath(new URL('../testdata/opening-child.ts', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'perennial-killed-start-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Starts the first opening of a folder, and kills it as soon as this file is there. */
async function killedOnceThereIs(file: string, folder: string): Promise<void> {
  const child = spawn(process.execPath, ['--conditions=source', '--import', '#from-source', CHILD, folder], {
    stdio: 'inherit',
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const looking = setInterval(() => {
    if (existsSync(join(folder, file))) child.kill('SIGKILL');
  }, 1);
  const [, signal] = (await once(child, 'exit')) as [number | null, string | null];
  clearInterval(looking);
  expect(signal).toBe('SIGKILL');
}

describe('read models whose very first start was killed', () => {
  it.each(['base', 'PG_VERSION'])('are made again: killed when %s had just been written', async (file) => {
    const folder = join(scratch, file);
    await killedOnceThereIs(file, folder);
    const database = await openDatabase({ kind: 'pglite', folder });
    expect(await database.query('SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await database.exec('CREATE TABLE kept (n int)');
    await database.close();
    // And from then on they are kept.
    const again = await openDatabase({ kind: 'pglite', folder });
    expect(await again.query('SELECT count(*) AS n FROM kept')).toEqual([{ n: 0 }]);
    await again.close();
    expect(readdirSync(scratch).filter((name) => name.startsWith(file))).toHaveLength(1);
  });
});
