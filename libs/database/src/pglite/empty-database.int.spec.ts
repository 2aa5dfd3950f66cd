import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import { PGlite } from '@electric-sql/pglite';
import { emptyDatabase, unpack } from './empty-database.js';

const scratch = mkdtempSync(join(tmpdir(), 'perennial-empty-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const filesOf = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length))
    .sort();

describe('the empty database that the build made', () => {
  it('is, unpacked by us, file by file what PGlite itself unpacks', async () => {
    const empty = emptyDatabase();
    expect(empty).not.toBeNull();
    if (empty === null) return;
    const [ours, theirs] = [join(scratch, 'ours'), join(scratch, 'theirs')];
    unpack(empty, ours);
    const pg = await PGlite.create({ dataDir: theirs, loadDataDir: new Blob([empty]) });
    await pg.close();
    expect(filesOf(ours).length).toBeGreaterThan(500);
    // What a server writes as it comes and goes.
    const its = (file: string): boolean =>
      /^\/(postmaster|pg_wal\/|global\/pg_control|pg_stat|.*\/pg_internal)/.test(file);
    const same = (file: string): boolean => readFileSync(join(ours, file)).equals(readFileSync(join(theirs, file)));
    const lasting = filesOf(theirs).filter((file) => !its(file));
    expect(filesOf(ours).filter((file) => !its(file))).toEqual(lasting);
    expect(lasting.filter((file) => !same(file))).toEqual([]);
  });
});
