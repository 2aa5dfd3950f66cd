import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { platform, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockDataFolder } from './data-folder.js';

describe('a data folder', () => {
  let base: string;
  beforeEach(() => {
    base = mkdtempSync(join(tmpdir(), 'perennial-folder-'));
  });
  afterEach(() => rmSync(base, { recursive: true, force: true }));

  it('is made where it is missing, for its owner only', () => {
    const lock = lockDataFolder(join(base, 'a/b/c'));
    expect(statSync(join(base, 'a/b/c')).mode & 0o777).toBe(0o700);
    lock.release();
  });

  const file = (...names: readonly string[]): string => {
    writeFileSync(join(base, ...names), 'x'.repeat(5_000));
    return base;
  };
  it.each([
    ['a file', () => join(file('data'), 'data'), 'is a file: set DATA_DIR to a folder'],
    ['below a file', () => join(file('data'), 'data/below'), 'a part of its path is a file'],
    ['in /proc', () => '/proc/x/y', 'it cannot be made there'],
    ['one whose lock.db is garbage', () => file('lock.db'), 'is not the lock file of an engine'],
    [
      'one whose lock.db is a folder',
      () => (mkdirSync(join(base, 'lock.db')), base),
      'is not the lock file of an engine',
    ],
    ['one whose lock.pid is a folder', () => (mkdirSync(join(base, 'lock.pid')), base), 'cannot be used'],
  ])('that is %s is refused in a sentence, and soon', (_, make, sentence) => {
    const dataDir = make();
    let error: unknown;
    try {
      lockDataFolder(dataDir);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ name: 'EventLogError', code: 'unavailable' });
    expect((error as Error).message).toContain(sentence);
    expect((error as Error).message).not.toContain('\n');
  });

  (platform() === 'linux' ? it : it.skip)('lets no second process in where the lock was removed', async () => {
    const child = spawn(
      process.execPath,
      [
        ...['--conditions=source', '--import', '#from-source', '--input-type=module', '-e'],
        `import { lockDataFolder } from '#event-log';
         lockDataFolder(${JSON.stringify(base)}); console.log('held'); setInterval(() => {}, 1000);`,
      ],
      { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, NODE_OPTIONS: '' } },
    );
    try {
      await once(child.stdout, 'data');
      expect(() => lockDataFolder(base)).toThrow(`process ${child.pid}`);
      rmSync(join(base, 'lock.db'));
      expect(() => lockDataFolder(base)).toThrow('was removed while it ran');
      expect(readFileSync(join(base, 'lock.pid'), 'utf8')).toBe(`${child.pid}\n`);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    // The owner is gone: a number that stays behind means nothing.
    lockDataFolder(base).release();
  });
});
