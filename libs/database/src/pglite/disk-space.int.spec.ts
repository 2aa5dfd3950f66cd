import { rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { smallDisk } from '#testing';
import type { Database } from '../port.js';
import { openDatabase } from '../open-database.js';
import { mustHaveRoom, roomNeeded } from './disk-space.js';

const MIB = 1_024 * 1_024;

describe('the room that steps need', () => {
  it('is none for those that only read, and some for each that may write', () => {
    const reading = ['SELECT 1', ' select n FROM facts', 'BEGIN', 'COMMIT', 'SET search_path TO rm_1'];
    expect(roomNeeded(reading.map((sql) => ({ sql, params: [] })))).toBe(0);
    const writing = ['INSERT INTO facts VALUES (1)', 'WITH a AS (DELETE FROM facts RETURNING n) SELECT n FROM a'];
    for (const sql of writing) expect(roomNeeded([{ sql, params: [] }])).toBeGreaterThanOrEqual(16 * MIB);
  });

  it('is asked of no database in memory', () => {
    expect(() => mustHaveRoom(null, Number.MAX_SAFE_INTEGER)).not.toThrow();
  });
});

describe('embedded read models whose disk becomes full', () => {
  const disk = smallDisk(200, 'what the embedded read models do on a full disk');
  if (disk === null) return;
  let database: Database;
  const filler = join(disk.folder, 'filler');
  const leave = (bytes: number): void => {
    rmSync(filler, { force: true });
    const { bavail, bsize } = statfsSync(disk.folder);
    writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
  };

  beforeAll(async () => {
    disk.mount();
    database = await openDatabase({ kind: 'pglite', folder: join(disk.folder, 'readmodels') });
    await database.exec('CREATE TABLE facts (n int); INSERT INTO facts SELECT generate_series(1, 1000)');
  });
  afterAll(async () => {
    await database.close();
    disk.unmount();
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

  it('are not made again where they would not find room', async () => {
    leave(90 * MIB);
    const another = openDatabase({ kind: 'pglite', folder: join(disk.folder, 'another') });
    await expect(another.then((opened) => opened.query('SELECT 1'))).rejects.toMatchObject({ code: '53100' });
  });
});
