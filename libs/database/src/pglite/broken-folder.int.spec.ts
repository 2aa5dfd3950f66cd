import {
  copyFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  openSync,
  closeSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { openDatabase } from '../open-database.js';
import { DatabaseError } from '../port.js';
import { isDamage } from './broken-folder.js';

/** A folder of a database with one table. */
const makeFolder = async (folder: string): Promise<void> => {
  const database = await openDatabase({ kind: 'pglite', folder });
  await database.exec('CREATE TABLE t (n int); INSERT INTO t SELECT generate_series(1, 1000)');
  await database.exec('CHECKPOINT');
  await database.close();
};

describe('a folder of read models that is damaged', () => {
  let whole: string;
  let parent: string;
  let folder: string;
  const announced: string[] = [];
  const onBrokenFolder = (line: string): void => void announced.push(line);
  const open = () => openDatabase({ kind: 'pglite', folder }, { onBrokenFolder });

  beforeAll(async () => {
    whole = mkdtempSync(join(tmpdir(), 'perennial-whole-'));
    await makeFolder(join(whole, 'readmodels'));
  }, 60_000);
  afterAll(() => rmSync(whole, { recursive: true }));
  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'perennial-broken-'));
    folder = join(parent, 'readmodels');
    cpSync(join(whole, 'readmodels'), folder, { recursive: true });
    announced.length = 0;
  });
  afterEach(() => rmSync(parent, { recursive: true }));

  /** Writes garbage over the pages of a file. */
  const spoil = (file: string, pages: number): void => {
    const opened = openSync(file, 'r+');
    writeSync(opened, Buffer.alloc(Math.min(pages * 8_192, statSync(file).size), 0xa5), 0, undefined, 0);
    closeSync(opened);
  };
  const renamed = (): string[] => readdirSync(parent).filter((name) => name.includes('.broken-'));

  it.each([
    ['has garbage in pg_control', () => spoil(join(folder, 'global', 'pg_control'), 1)],
    [
      'is a file',
      () => {
        rmSync(folder, { recursive: true });
        writeFileSync(folder, 'x');
      },
    ],
    ['has an empty pg_control', () => writeFileSync(join(folder, 'global', 'pg_control'), '')],
    ['has no pg_control', () => rmSync(join(folder, 'global', 'pg_control'))],
    [
      'has an emptied pg_wal',
      () => {
        for (const name of readdirSync(join(folder, 'pg_wal')))
          if (statSync(join(folder, 'pg_wal', name)).isFile()) rmSync(join(folder, 'pg_wal', name));
      },
    ],
    [
      'has garbage in its catalogue',
      () => {
        const base = join(folder, 'base');
        for (const database of readdirSync(base))
          for (const name of readdirSync(join(base, database)))
            if (/^(1259|1249|1247)$/.test(name)) spoil(join(base, database, name), 8);
      },
    ],
    ['lost its databases', () => rmSync(join(folder, 'base'), { recursive: true })],
    ['has another version', () => writeFileSync(join(folder, 'PG_VERSION'), '9\n')],
  ])(
    'and %s is renamed, and a new one made, which is said in a sentence',
    async (_, damage) => {
      damage();
      const database = await open();
      expect(await database.query("SELECT to_regclass('t') AS t")).toEqual([{ t: null }]);
      await database.close();
      expect(renamed()).toHaveLength(1);
      expect(announced).toHaveLength(1);
      expect(announced[0]).toMatch(
        /is damaged \(.+\): it was renamed to .*readmodels\.broken-.*rebuilt from the event log/,
      );
    },
    60_000,
  );

  it('while it is used is renamed at the next start', async () => {
    const table = await (async () => {
      const database = await open();
      const [row] = await database.query<{ path: string }>("SELECT pg_relation_filepath('t') AS path");
      await database.close();
      return join(folder, row?.path ?? '');
    })();
    spoil(table, 4);
    const database = await open();
    await expect(database.query('SELECT sum(n) FROM t')).rejects.toThrow(/damaged: restart the engine/);
    await database.close();
    expect(existsSync(`${folder}.damaged`)).toBe(true);
    await (await open()).close();
    expect(renamed()).toHaveLength(1);
    expect(existsSync(`${folder}.damaged`)).toBe(false);
  }, 60_000);

  it('stays where the caller does not rebuild it', async () => {
    writeFileSync(join(folder, 'global', 'pg_control'), '');
    const before = readFileSync(join(folder, 'PG_VERSION'), 'utf8');
    await expect(openDatabase({ kind: 'pglite', folder })).rejects.toThrow();
    expect(readFileSync(join(folder, 'PG_VERSION'), 'utf8')).toBe(before);
    expect(renamed()).toEqual([]);
  }, 60_000);

  it('is told from a full disk, from a folder that may not be read, and from a wrong statement', () => {
    copyFileSync(join(folder, 'PG_VERSION'), join(parent, 'unused'));
    for (const error of [
      new DatabaseError('could not extend file: No space left on device', '53100'),
      new DatabaseError('access to a file of it is not allowed', '58030'),
      new DatabaseError('relation "t" does not exist', '42P01'),
      new DatabaseError('The database is closed.', '57P01'),
      new Error('PGlite failed to initialize properly'),
    ])
      expect(isDamage(error)).toBe(false);
  });
});
