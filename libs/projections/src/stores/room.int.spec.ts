import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '../database.js';
import { openDatabase } from './open-database.js';

const MIB = 1_024 * 1_024;
const disk = mkdtempSync(join(tmpdir(), 'perennial-room-'));

/** A small disk of its own needs the rights to mount one. */
const mounted = ((): boolean => {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=200m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    console.warn('SKIPPED: what the embedded read models do on a full disk (no rights to mount a small one)');
    return false;
  }
})();
const onSmallDisk = mounted ? describe : describe.skip;

onSmallDisk('embedded read models whose disk becomes full', () => {
  let database: Database;
  const filler = join(disk, 'filler');
  const leave = (bytes: number): void => {
    rmSync(filler, { force: true });
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
  };

  beforeAll(async () => {
    database = await openDatabase({ kind: 'pglite', folder: join(disk, 'readmodels') });
    await database.exec('CREATE TABLE facts (n int); INSERT INTO facts SELECT generate_series(1, 1000)');
  });
  afterAll(async () => {
    await database.close();
    execFileSync('umount', [disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  it('refuse to begin what might not end, in words, and go on answering', async () => {
    leave(20 * MIB);
    const written = database.transaction(async (tx) => {
      const [row] = await tx.query<{ n: number }>('SELECT max(n) AS n FROM facts');
      await tx.query('INSERT INTO facts VALUES ($1)', [(row?.n ?? 0) + 1]);
    });
    await expect(written).rejects.toMatchObject({
      code: '53100',
      message: expect.stringMatching(/^The disk of .*readmodels is full: 20\.0 MiB are free, .* Make room there/),
    });
    await expect(database.copyIn('facts', ['n'], [[7]])).rejects.toMatchObject({ code: '53100' });
    expect(await database.query('SELECT count(*)::int AS n FROM facts')).toEqual([{ n: 1_000 }]);
  });

  it('go on when there is room again', async () => {
    rmSync(filler, { force: true });
    await database.query('INSERT INTO facts VALUES (0)');
    expect(await database.query('SELECT count(*)::int AS n FROM facts')).toEqual([{ n: 1_001 }]);
  });

  it('are not made anew where they would not find room', async () => {
    leave(90 * MIB);
    const another = openDatabase({ kind: 'pglite', folder: join(disk, 'another') });
    await expect(another.then((opened) => opened.query('SELECT 1'))).rejects.toMatchObject({ code: '53100' });
  });
});
