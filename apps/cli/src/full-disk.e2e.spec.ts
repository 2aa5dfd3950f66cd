import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { EXIT } from './exit-codes.js';
import { runCli } from './testdata/run-cli.js';

const disk = mkdtempSync(join(tmpdir(), 'perennial-cli-disk-'));

/** A small disk of its own needs the rights to mount one. */
const mounted = ((): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=60m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('SKIPPED: what a command says of a full disk (no rights to mount a small one)');
    return false;
  }
})();

(mounted ? describe : describe.skip)('a command whose data folder lies on a full disk', () => {
  afterAll(() => {
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  it('says how much room is missing, without a trace, and ends as one that can be given again', async () => {
    const { code, stderr } = await runCli(join(disk, 'data'), ['query', 'customers']);
    expect(stderr).toMatch(/^The disk of .* is full: .* MiB are free, .* Make room there/m);
    expect(stderr).not.toMatch(/^\s+at /m);
    expect(code).toBe(EXIT.stopped);
  });
});
