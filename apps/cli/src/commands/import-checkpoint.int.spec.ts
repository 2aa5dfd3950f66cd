import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ImportCheckpoint } from './import-checkpoint.js';

let dataDir: string;
let umask: number;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), 'perennial-checkpoint-'));
  // As in a shell: a command that talks to a running engine opens no store, which would set it.
  umask = process.umask(0o022);
});
afterEach(() => {
  process.umask(umask);
  rmSync(dataDir, { recursive: true });
});

describe('how far an import came', () => {
  it('is known to the next run, and read by its owner only', () => {
    new ImportCheckpoint(dataDir, 'orders.csv').save(7);
    expect(new ImportCheckpoint(dataDir, 'orders.csv').items()).toBe(7);
    expect(statSync(join(dataDir, 'imports')).mode & 0o777).toBe(0o700);
    const name = new ImportCheckpoint(dataDir, 'orders.csv');
    name.remove();
    expect(name.items()).toBe(0);
  });
});
