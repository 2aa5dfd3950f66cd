import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import { openSqliteLog } from '#event-log';
import { openSqliteKeyStore, Sealer } from '#keys';

const CLEAR = 'ann@shop.example';

describe('an opening whose process is killed', () => {
  let folder: string;
  let subjectId: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-killed-opening-'));
    const keys = openSqliteKeyStore({ file: join(folder, 'keys.db') });
    subjectId = new Sealer(keys).subjectIdOf('email', CLEAR);
    await keys.keysFor([subjectId], { create: true });
    await keys.close();
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const records = async (): Promise<number> => {
    const log = await openSqliteLog({ file: join(folder, 'log.db') });
    let count = 0;
    const day = (at: number) => STREAMS.access(new Date(at).toISOString().slice(0, 10));
    for (const stream of new Set([day(Date.now()), day(Date.now() - 60_000)]))
      for await (const page of log.read(stream)) count += page.length;
    await log.close();
    return count;
  };
  const run = async (fault: string): Promise<{ sent: string; signal: unknown }> => {
    const file = new URL('../testdata/opening-process.ts', import.meta.url).pathname;
    const loader = ['--conditions=source', '--import', './scripts/from-source/register.mjs'];
    const child = spawn(process.execPath, [...loader, file, folder, fault, subjectId], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let sent = '';
    child.stdout.on('data', (chunk: Buffer) => (sent += chunk.toString()));
    const [, signal] = (await once(child, 'close')) as [unknown, unknown];
    return { sent, signal };
  };

  it.each([
    ['before-append', 0, false],
    // The commit may have begun: the record may be there, the clear text is not.
    ['in-append', null, false],
    ['after-append', 1, false],
    ['before-answer', 1, false],
    ['after-answer', 1, true],
    ['none', 1, true],
  ] as const)(
    'at the step %s sends no clear text without its record',
    async (fault, added, sends) => {
      const before = await records();
      const { sent, signal } = await run(fault);
      expect(signal).toBe(fault === 'none' ? null : 'SIGKILL');
      const after = await records();
      expect(sent.includes(CLEAR)).toBe(sends);
      if (sent.includes(CLEAR)) expect(after).toBe(before + 1);
      if (added !== null) expect(after - before).toBe(added);
    },
    120_000,
  );
});
