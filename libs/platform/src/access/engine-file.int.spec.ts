import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { readEngineFile, removeEngineFile, writeEngineFile } from './engine-file.js';

describe('the file of the running engine', () => {
  it('is found while its process runs, and readable by its owner only', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perennial-engine-'));
    expect(readEngineFile(folder)).toBeNull();
    const engine = { url: 'http://127.0.0.1:3000', pid: process.pid, token: 'local_x' };
    writeEngineFile(folder, engine);
    writeEngineFile(folder, engine);
    expect(readEngineFile(folder)).toEqual(engine);
    expect(statSync(join(folder, 'engine.json')).mode & 0o777).toBe(0o600);
    // A process that cannot exist: the largest pid of Linux is 4194304.
    writeEngineFile(folder, { ...engine, pid: 4_194_305 });
    expect(readEngineFile(folder)).toBeNull();
    removeEngineFile(folder);
    removeEngineFile(folder);
    expect(readEngineFile(folder)).toBeNull();
    rmSync(folder, { recursive: true });
  });
});
