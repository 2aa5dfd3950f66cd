import {
  closeSync,
  copyFileSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DatabaseSync } from '@photostructure/sqlite';
import { smallDisk } from '#testing';
import { Child } from './testdata/child-process.js';
import { collect, Samples, positionOf, statuses } from '../../conformance/fixture.js';
import { lockDataFolder } from '../data-folder.js';
import { EventLogError } from '../port.js';
import { openSqliteLog, type SqliteLog } from './sqlite-log.js';

// Child processes start from source, on machines of any speed.
jest.setTimeout(120_000);

let folder: string;
let file: string;
const samples = new Samples();
const open = (writing: 'thread' | 'here' = 'here') => openSqliteLog({ file, writing });

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'perennial-file-'));
  file = join(folder, 'log.db');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/**
 * A log with so many events, closed. It is a copy: SQLite keeps a closed file's handles until their statements are
 * collected, and what a test does to a file is to be seen as another process would see it.
 */
async function logOf(count: number): Promise<readonly string[]> {
  const built = join(mkdtempSync(join(folder, 'built-')), 'log.db');
  const log = await openSqliteLog({ file: built, writing: 'here' });
  const items = samples.items(count);
  await log.appendMany(items);
  await log.close();
  copyFileSync(built, file);
  return items.map(({ event }) => event.id);
}

describe('the file of the log', () => {
  it('keeps everything from one opening to the next, and goes on behind it', async () => {
    const ids = await logOf(10);
    const log = await open('thread');
    expect((await collect(log.readAll(0))).map(({ id }) => id)).toEqual(ids);
    const [again, next] = await log.appendMany([
      { stream: samples.stream(), event: { ...samples.event(), source: 'x' } },
      ...samples.items(1),
    ]);
    expect([again, next].map(positionOf)).toEqual([11, 12]);
    await log.close();
  });

  it('knows its streams and its names again after opening', async () => {
    const stream = samples.stream();
    const event = samples.event();
    const first = await open();
    await first.append(stream, 'no-stream', [event, samples.event()]);
    await first.close();
    const log = await open();
    expect(await log.append(stream, 'no-stream', [event])).toEqual([{ status: 'duplicate', position: 1 }]);
    expect(await log.append(stream, 1, [samples.event()])).toMatchObject([
      { status: 'accepted', revision: 2, position: 3 },
    ]);
    await log.close();
  });

  it('syncs every commit: WAL, synchronous = FULL', async () => {
    const log = await open();
    const other = new DatabaseSync(file, { readOnly: true });
    expect(other.prepare('PRAGMA journal_mode').get()).toMatchObject({ journal_mode: 'wal' });
    other.close();
    await log.close();
    expect(readFileSync(new URL('./schema.ts', import.meta.url), 'utf8')).toContain('PRAGMA synchronous = FULL');
  });

  it('a folder that is not there is told apart from a torn file', async () => {
    await expect(openSqliteLog({ file: join(folder, 'no', 'log.db') })).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('a log made by a newer program is rejected, and left as it is', async () => {
    await logOf(3);
    const db = new DatabaseSync(file);
    db.exec('PRAGMA user_version = 999');
    db.close();
    await expect(open()).rejects.toMatchObject({ code: 'wrong-version', message: expect.stringContaining('999') });
    await expect(open('thread')).rejects.toMatchObject({ code: 'wrong-version' });
  });
});

describe('a file that is not whole', () => {
  const torn = { name: 'EventLogError', code: 'torn' };

  it.each(['thread', 'here'] as const)('no database at all (writing: %s)', async (writing) => {
    writeFileSync(file, 'These are notes, in the wrong place. '.repeat(500));
    await expect(open(writing)).rejects.toMatchObject(torn);
    expect(readFileSync(file, 'utf8')).toContain('These are notes');
  });

  it('a database of another program', async () => {
    const db = new DatabaseSync(file);
    db.exec('CREATE TABLE theirs (a)');
    db.close();
    await expect(open()).rejects.toMatchObject({ ...torn, message: expect.stringContaining('not an event log') });
  });

  it('an empty file is a loss, not a new log', async () => {
    await logOf(3);
    truncateSync(file, 0);
    await expect(open()).rejects.toMatchObject({ ...torn, message: expect.stringContaining('put back') });
  });

  it('a file that was cut off', async () => {
    await logOf(500);
    truncateSync(file, Math.floor(statSync(file).size / 2));
    await expect(open()).rejects.toMatchObject(torn);
  });

  it('a header that was written over', async () => {
    await logOf(10);
    scribble(0, 100);
    await expect(open()).rejects.toMatchObject({ ...torn, message: expect.stringContaining('copy') });
  });

  it('pages written over in the middle are seen by who reads them', async () => {
    await logOf(2_000);
    const size = statSync(file).size;
    for (let at = 8_192 * 12; at < size - 8_192 * 4; at += 8_192) scribble(at, 64);
    await expect(
      (async () => {
        const log = await open();
        try {
          await collect(log.readAll(0));
        } finally {
          await log.close();
        }
      })(),
    ).rejects.toMatchObject(torn);
  });

  it('a missing file with its -wal left behind is a loss, not a new log', async () => {
    const log = await open();
    await log.appendMany(samples.items(5));
    const wal = readFileSync(`${file}-wal`);
    await log.close();
    rmSync(file);
    writeFileSync(`${file}-wal`, wal);
    await expect(open()).rejects.toMatchObject({ ...torn, message: expect.stringContaining('-wal') });
  });

  it('half of a write that a power cut left at the end of the -wal is no harm: what was acknowledged is there', async () => {
    const log = await open();
    const items = samples.items(50);
    await log.appendMany(items);
    const [db, wal] = [readFileSync(file), readFileSync(`${file}-wal`)];
    await log.close();
    file = join(mkdtempSync(join(folder, 'after-')), 'log.db');
    writeFileSync(file, db);
    writeFileSync(`${file}-wal`, Buffer.concat([wal, wal.subarray(32, 32 + 4_000)]));
    const again = await open();
    expect((await collect(again.readAll(0))).map(({ id }) => id)).toEqual(items.map(({ event }) => event.id));
    await again.close();
  });

  it('a start that was killed while it made the file is made again', async () => {
    writeFileSync(`${file}.new`, 'half of a new log');
    const log = await open();
    expect(await log.head()).toEqual({ position: 0, recordedAt: 0 });
    expect(existsSync(`${file}.new`)).toBe(false);
    await log.close();
  });

  function scribble(at: number, length: number): void {
    const handle = openSync(file, 'r+');
    writeSync(handle, Buffer.alloc(length, 0xa5), 0, length, at);
    closeSync(handle);
  }
});

describe('a full disk', () => {
  const full = { name: 'EventLogError', code: 'full' };

  it.each(['thread', 'here'] as const)(
    'stores nothing of what it rejects, keeps what it acknowledged, and goes on when there is room (writing: %s)',
    async (writing) => {
      const log = await open(writing);
      await log.appendMany(samples.items(100));
      await log.allowPages(1);
      const large = samples.items(400);
      await expect(log.appendMany(large)).rejects.toMatchObject(full);
      await expect(log.append(samples.stream(), 'any', samples.events(400))).rejects.toMatchObject(full);
      expect((await log.head()).position).toBe(100);
      expect(await log.find(large.slice(0, 3).map(({ event }) => event))).toEqual([null, null, null]);

      await log.allowPages(1_000_000);
      const verdicts = await log.appendMany(large);
      expect(verdicts.map(positionOf)).toEqual(large.map((_, i) => 101 + i));
      expect(await log.append(large[0]?.stream ?? '', 399, [samples.event()])).toMatchObject([{ status: 'accepted' }]);
      expect(await collect(log.readAll(0))).toHaveLength(501);
      await log.close();
    },
  );

  it('one request that finds no room does not take its neighbours in the commit with it', async () => {
    const log = await open();
    await log.appendMany(samples.items(1));
    const pages = statSync(`${file}-wal`).size / 8_192;
    await log.allowPages(Math.ceil(pages) + 8);
    const [small, large, other] = await Promise.allSettled([
      log.appendMany(samples.items(1)),
      log.appendMany(samples.items(2_000)),
      log.appendMany(samples.items(1)),
    ]);
    expect(large).toMatchObject({ status: 'rejected', reason: full });
    expect([small, other].map((outcome) => outcome.status === 'fulfilled' && statuses(outcome.value))).toEqual([
      ['accepted'],
      ['accepted'],
    ]);
    expect((await log.head()).position).toBe(3);
    await log.close();
  });

  const disk = smallDisk(2, 'what the log does on a disk that is really full');
  if (disk === null) return;
  beforeAll(() => disk.mount());
  afterAll(() => disk.unmount());

  it('on a real disk of 2 MB', async () => {
    const log = await openSqliteLog({ file: join(disk.folder, 'log.db'), writing: 'here' });
    let acknowledged = 0;
    let error: unknown = null;
    while (error === null && acknowledged < 100_000)
      try {
        acknowledged += (await log.appendMany(samples.items(100))).length;
      } catch (rejection) {
        error = rejection;
      }
    expect(error).toMatchObject(full);
    expect(acknowledged).toBeGreaterThan(0);
    expect((await log.head()).position).toBe(acknowledged);
    await expect(log.appendMany(samples.items(500))).rejects.toMatchObject(full);
    disk.enlarge(64);
    expect(statuses(await log.appendMany(samples.items(500)))).not.toContain('rejected');
    expect(await collect(log.readAll(0))).toHaveLength(acknowledged + 500);
    await log.close();
  });
});

describe('two processes and one folder', () => {
  it('the second is rejected, and told which process owns the folder', async () => {
    const owner = new Child('owning-child', folder);
    expect(await owner.says(1)).toEqual(['owned']);
    expect(() => lockDataFolder(folder)).toThrow(
      expect.objectContaining({
        code: 'locked',
        message: expect.stringContaining(`process ${owner.pid}`),
      }) as unknown as Error,
    );
    const second = new Child('owning-child', folder);
    expect((await second.says(1))[0]).toMatch(new RegExp(`^locked: .*process ${owner.pid}: stop it first`));
    await second.kill();
    await owner.kill();
  });

  it('the lock dies with its process, killed or not', async () => {
    const owner = new Child('owning-child', folder);
    await owner.says(1);
    await owner.kill();
    lockDataFolder(folder).release();
  });

  it('a lock that was released can be taken again, and releasing twice is releasing once', () => {
    const lock = lockDataFolder(folder);
    expect(() => lockDataFolder(folder)).toThrow(EventLogError);
    lock.release();
    lock.release();
    lockDataFolder(folder).release();
  });

  it('a folder that is not there is made, for its owner only', () => {
    const data = join(folder, 'a', 'b');
    const lock = lockDataFolder(data);
    expect(statSync(data).mode & 0o077).toBe(0);
    lock.release();
  });
});

describe('kill -9', () => {
  it('loses nothing that was acknowledged, round after round', async () => {
    const acknowledged: string[] = [];
    for (let round = 0; round < 3; round += 1) {
      const child = new Child('acknowledging-child', folder);
      await child.says(60 + round * 45);
      await child.kill();
      acknowledged.push(...child.lines);
      const log = await open();
      const found = await log.find(acknowledged.map((id) => ({ source: 'child', id })));
      expect(found.filter((event) => event === null)).toHaveLength(0);
      await everythingHolds(log);
      await log.close();
    }
    expect(acknowledged.length).toBeGreaterThan(250);
  });

  async function everythingHolds(log: SqliteLog): Promise<void> {
    const events = await collect(log.readAll(0));
    expect(events.map(({ position }) => position)).toEqual(events.map((_, i) => i + 1));
    expect(new Set(events.map(({ source, id }) => `${source} ${id}`)).size).toBe(events.length);
    const db = new DatabaseSync(file, { readOnly: true });
    expect(db.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' });
    db.close();
  }
});
