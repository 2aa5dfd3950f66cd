import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { folderIdOf, isStillOwn, readEngineFile, removeEngineFile, writeEngineFile } from './engine-file.js';

describe('the file of the running engine', () => {
  it('is found while its process runs, and readable by its owner only', () => {
    const folder = mkdtempSync(join(tmpdir(), 'perennial-engine-'));
    expect(readEngineFile(folder)).toBeNull();
    const engine = { url: 'http://127.0.0.1:3000', pid: process.pid, token: 'local_x' };
    writeEngineFile(folder, engine);
    writeEngineFile(folder, engine);
    expect(readEngineFile(folder)).toEqual({
      ...engine,
      nonce: expect.stringMatching(/^[0-9a-f]{32}$/),
      folder: folderIdOf(folder),
    });
    expect(statSync(join(folder, 'engine.json')).mode & 0o777).toBe(0o600);
    // A process that cannot exist: the largest pid of Linux is 4194304.
    writeEngineFile(folder, { ...engine, pid: 4_194_305 });
    expect(readEngineFile(folder)).toBeNull();
    removeEngineFile(folder);
    removeEngineFile(folder);
    expect(readEngineFile(folder)).toBeNull();
    rmSync(folder, { recursive: true });
  });

  it('is no longer the engine’s own once a copy of the folder was put in its place', () => {
    const parent = mkdtempSync(join(tmpdir(), 'perennial-engine-'));
    const [folder, copy] = [join(parent, 'data'), join(parent, 'copy')];
    mkdirSync(folder);
    const own = writeEngineFile(folder, { url: 'http://127.0.0.1:3000', pid: process.pid, token: 'local_x' });
    cpSync(folder, copy, { recursive: true });
    expect(isStillOwn(own)).toBe(true);
    expect(readEngineFile(copy)?.folder).not.toEqual(folderIdOf(copy));
    rmSync(folder, { recursive: true });
    expect(isStillOwn(own)).toBe(false);
    renameSync(copy, folder);
    expect(isStillOwn(own)).toBe(false);
    rmSync(parent, { recursive: true });
  });
});
