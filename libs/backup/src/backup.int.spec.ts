import {
  appendFileSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { lockDataFolder, LogDigest, openSqliteLog, type MovedEvent, type SqliteLog } from '#event-log';
import { Ingestion, IngestTouchpoints, IngestTouchpointsHandler, prepareLog } from '#ingestion';
import { openKeyStoreOf, Sealer, type SqliteKeyStore } from '#keys';
import { readConfig } from '#platform';
import { orderPlaced } from '#testing';
import { readManifest, writeManifest } from './manifest.js';
import { restoreBackup, type RestoreOptions } from './restore-backup.js';
import { backupSources } from './sources.js';
import { takeBackup, type BackupSummary } from './take-backup.js';
import { verifyBackup } from './verify-backup.js';

const NOW = Date.UTC(2026, 0, 31, 12);
let at = NOW;
const now = (): number => (at += 1_000);

describe('a backup', () => {
  let scratch: string;
  let dataDir: string;
  let to: string;
  let log: SqliteLog;
  let keys: SqliteKeyStore;
  let sent = 0;

  const config = (dir = dataDir, more: Record<string, string> = {}) => readConfig({ DATA_DIR: dir, ...more });
  const open = async (): Promise<void> => {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    keys = openKeyStoreOf(dataDir);
    log = await openSqliteLog({ file: join(dataDir, 'log.db'), clock: { now: () => NOW }, writing: 'here' });
    await prepareLog(log, keys, { kind: 'built-in', name: 'retail' }, NOW);
  };
  const close = async (): Promise<void> => {
    await log.close();
    await keys.close();
  };
  const publish = async (count: number): Promise<void> => {
    const handler = new IngestTouchpointsHandler(new Ingestion({ log, sealer: new Sealer(keys) }));
    const items = Array.from({ length: count }, () => {
      sent += 1;
      const identifiers = [{ namespace: 'email', value: `person-${sent}@shop.example`, role: 'self' }];
      return { document: orderPlaced({ id: `o-${sent}`, identifiers }) };
    });
    const { counts } = await handler.execute(new IngestTouchpoints(items, NOW));
    expect(counts).toMatchObject({ accepted: count });
  };
  const back = async (folder = to, signal?: AbortSignal): Promise<BackupSummary> =>
    takeBackup(await backupSources(config(), log, keys), folder, { now, ...(signal === undefined ? {} : { signal }) });
  const issues = async (): Promise<readonly string[]> => (await verifyBackup(to, {})).issues;
  const restore = (dir: string, more: Partial<RestoreOptions> = {}) =>
    restoreBackup(to, { config: config(dir), journal: null, force: false, now, ...more });
  const segments = (): string[] =>
    readdirSync(to)
      .filter((name) => name.startsWith('log-'))
      .sort();
  const keysFile = (): string => readdirSync(to).find((name) => name.startsWith('keys-')) ?? '';

  beforeEach(async () => {
    scratch = mkdtempSync(join(tmpdir(), 'perennial-backup-'));
    dataDir = join(scratch, 'data');
    to = join(scratch, 'backup');
    await open();
  });
  afterEach(async () => {
    await close();
    rmSync(scratch, { recursive: true, force: true });
  });

  it('holds every event that was acknowledged before it, with its keys, while others arrive', async () => {
    await publish(500);
    const { position } = await log.head();
    const publishing = (async () => {
      for (let batch = 0; batch < 20; batch += 1) await publish(25);
    })();
    const summary = await back();
    await publishing;
    expect(summary.kind).toBe('first');
    expect(summary.position).toBeGreaterThanOrEqual(position);
    const verification = await verifyBackup(to, {});
    expect(verification.issues).toEqual([]);
    expect(verification.events).toBe(summary.position);
    expect(verification.subjects).toBeGreaterThanOrEqual(500);
  });

  it('can be read by its owner alone', async () => {
    await publish(1);
    mkdirSync(to, { mode: 0o755 });
    await back();
    expect(statSync(to).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(to)) expect([name, statSync(join(to, name)).mode & 0o777]).toEqual([name, 0o600]);
  });

  it('adds only new events the second time, and changes no file that it wrote before', async () => {
    await publish(100);
    const first = await back();
    const [segment = ''] = segments();
    const before = readFileSync(join(to, segment));
    await publish(10);
    const second = await back();
    expect(second).toMatchObject({ kind: 'added', position: (await log.head()).position });
    expect(second.events).toBe((second.position ?? 0) - (first.position ?? 0));
    expect(readFileSync(join(to, segment)).equals(before)).toBe(true);
    expect(segments()).toHaveLength(2);
    const third = await back();
    expect(third).toMatchObject({ kind: 'added', events: 0, position: second.position });
    expect(segments()).toHaveLength(2);
    expect(readdirSync(to).filter((name) => name.startsWith('keys-'))).toHaveLength(1);
    expect(await issues()).toEqual([]);
  });

  it('is restored to a log that is equal event for event, and to keys that open it', async () => {
    await publish(300);
    await back();
    await publish(200);
    await back();
    const digest = await digestOf(log);
    const identity = await log.identity();
    const target = join(scratch, 'restored');
    const restored = await restore(target);
    expect(restored).toMatchObject({ events: (await log.head()).position, keptIn: null });
    expect(statSync(join(target, 'log.db')).mode & 0o777).toBe(0o600);
    const copy = await openSqliteLog({ file: join(target, 'log.db'), clock: { now: () => NOW }, writing: 'here' });
    expect(await digestOf(copy)).toBe(digest);
    // A log that goes on from an earlier state is another copy of it: whatever keeps positions is rebuilt.
    const { logId, copyId } = await copy.identity();
    expect([logId === identity.logId, copyId === identity.copyId]).toEqual([true, false]);
    const restoredKeys = openKeyStoreOf(target);
    await prepareLog(copy, restoredKeys, { kind: 'built-in', name: 'retail' }, NOW);
    const own = new Ingestion({ log: copy, sealer: new Sealer(restoredKeys) });
    const again = await new IngestTouchpointsHandler(own).execute(
      new IngestTouchpoints([{ document: orderPlaced({ id: 'new-1' }) }], NOW),
    );
    expect(again.counts).toMatchObject({ accepted: 1 });
    await copy.close();
    await restoredKeys.close();
  });

  it('says of what it does not hold how it is backed up', async () => {
    await publish(1);
    const servers = { POSTGRES_URL: 'postgres://m@db/models', HASH_KEY: 'ab'.repeat(32) };
    const { notCovered } = await backupSources(config(dataDir, servers), log, keys);
    expect(notCovered.map(({ store }) => store)).toEqual(['hash key', 'read models']);
    const shared = { ...servers, EVENT_LOG: 'esdb://u:secret@log:2113', KEYS_URL: 'postgres://k:secret@db/keys' };
    const sources = await backupSources(config(dataDir, shared), log, { hashKeyCheck: keys.hashKeyCheck });
    await expect(takeBackup(sources, to, { now })).rejects.toMatchObject({
      code: 'nothing-covered',
      message: expect.stringMatching(/EventStoreDB.*pg_dump/s),
    });
    expect(JSON.stringify(sources.notCovered)).not.toContain('secret');
  });

  describe('is found to be damaged', () => {
    beforeEach(async () => {
      await publish(100);
      await back();
      await publish(100);
      await back();
      expect(await issues()).toEqual([]);
    });
    const flip = (name: string): void => {
      const path = join(to, name);
      const bytes = readFileSync(path);
      const middle = Math.floor(bytes.length / 2);
      bytes[middle] = (bytes[middle] ?? 0) ^ 1;
      writeFileSync(path, bytes);
    };

    it.each([
      ['a bit of the log is flipped', () => flip(segments()[0] ?? ''), /was changed after it was written/],
      ['a bit of the newest events is flipped', () => flip(segments()[1] ?? ''), /was changed after it was written/],
      ['a bit of the keys is flipped', () => flip(keysFile()), /was changed after it was written/],
      ['a file is missing', () => rmSync(join(to, segments()[1] ?? '')), /is missing/],
      ['the keys are missing', () => rmSync(join(to, keysFile())), /is missing/],
      ['a file is cut short', () => truncateSync(join(to, segments()[0] ?? ''), 8_192), /bytes instead of/],
      ['a file is longer', () => appendFileSync(join(to, segments()[1] ?? ''), 'x'), /bytes instead of/],
      ['a file is empty', () => truncateSync(join(to, segments()[1] ?? '')), /has 0 bytes/],
    ])('when %s, and is not restored', async (_, damage, message) => {
      damage();
      expect((await issues()).join('\n')).toMatch(message);
      const target = join(scratch, 'restored');
      await expect(restore(target)).rejects.toMatchObject({ code: 'damaged', message: expect.stringMatching(message) });
      expect(existsSync(join(target, 'log.db'))).toBe(false);
    });

    it('when the manifest was changed', async () => {
      const path = join(to, 'manifest.json');
      const text = readFileSync(path, 'utf8');
      for (const changed of [
        text.replace(/"position": \d+/, '"position": 5'),
        text.slice(0, 100),
        '',
        '{}',
        '[]',
        'null',
      ]) {
        writeFileSync(path, changed);
        await expect(verifyBackup(to, {})).rejects.toMatchObject({ code: 'damaged' });
      }
      writeFileSync(path, text.replace('"format": 1', '"format": 2'));
      await expect(verifyBackup(to, {})).rejects.toMatchObject({ code: 'newer' });
    });

    it('when its keys are older than its log, though every file is as the manifest says', async () => {
      const manifest = readManifest(to);
      const older = join(scratch, 'older-keys.db');
      await keys.copyTo(older);
      await publish(5);
      await back();
      const current = readManifest(to);
      if (manifest?.keys === undefined || manifest.keys === null || current === null)
        throw new Error('There is no manifest.');
      copyFileSync(older, join(to, manifest.keys.file));
      const { LogCopier } = await import('#event-log');
      const copier = await LogCopier.start();
      const { sha256: _, ...content } = current;
      writeManifest(to, { ...content, keys: { ...manifest.keys, ...(await copier.digest(older)) } });
      await copier.close();
      expect(await issues()).toEqual([expect.stringMatching(/^The keys are older than the log: 5 subjects/)]);
    });

    it('when a segment between two others is missing from the manifest', async () => {
      await publish(5);
      await back();
      const current = readManifest(to);
      if (current === null || current.log === null) throw new Error('There is no manifest.');
      const { sha256: _, ...content } = current;
      const [first, , last] = current.log.segments;
      writeManifest(to, {
        ...content,
        log: { ...current.log, segments: [first, last].filter((each) => each !== undefined) },
      });
      expect(await issues()).toEqual([expect.stringMatching(/^The log has a gap/)]);
    });
  });

  it('is written again where files of the one before are missing', async () => {
    await publish(50);
    await back();
    rmSync(join(to, segments()[0] ?? ''));
    expect(await back()).toMatchObject({ kind: 'renewed' });
    expect(await issues()).toEqual([]);
  });

  it('does not go on from a log that has lost its end, and keeps what it holds', async () => {
    await publish(50);
    await close();
    const older = join(scratch, 'older.db');
    copyFileSync(join(dataDir, 'log.db'), older);
    await open();
    await publish(50);
    await back();
    await close();
    for (const end of ['', '-wal', '-shm']) rmSync(join(dataDir, `log.db${end}`), { force: true });
    copyFileSync(older, join(dataDir, 'log.db'));
    await open();
    await expect(back()).rejects.toMatchObject({ message: expect.stringMatching(/the backup holds \d+ more events/) });
    await publish(80);
    await expect(back()).rejects.toMatchObject({ message: expect.stringContaining('not copies of one log') });
    expect(await issues()).toEqual([]);
  });

  it('is not made in a folder that holds other files, that is part of the data folder, or that is of another engine', async () => {
    await publish(5);
    mkdirSync(to);
    writeFileSync(join(to, 'holiday.jpg'), 'x');
    await expect(back()).rejects.toMatchObject({ code: 'unsuitable', message: expect.stringContaining('holiday.jpg') });
    await expect(back(join(dataDir, 'backup'))).rejects.toMatchObject({ code: 'unsuitable' });
    await expect(back(scratch)).rejects.toMatchObject({ code: 'unsuitable' });
    rmSync(join(to, 'holiday.jpg'));
    await back();
    await close();
    dataDir = join(scratch, 'other');
    await open();
    await publish(5);
    await expect(back()).rejects.toMatchObject({ code: 'other-log' });
    await expect(back(join(dataDir, 'log.db'))).rejects.toMatchObject({ code: 'unsuitable' });
  });

  it('that was stopped leaves the one before as it was', async () => {
    await publish(50);
    await back();
    await publish(50);
    const stopped = AbortSignal.abort();
    await expect(back(to, stopped)).rejects.toMatchObject({ code: 'stopped' });
    expect(await issues()).toEqual([]);
    expect(segments()).toHaveLength(1);
    // What a crash leaves is removed by the next run.
    writeFileSync(join(to, 'log-2-0.db.unfinished'), 'x');
    writeFileSync(join(to, 'keys-20260101t000000000z.db.whole'), 'x');
    expect(await back()).toMatchObject({ kind: 'added' });
    expect(readdirSync(to)).toHaveLength(4);
    expect(await issues()).toEqual([]);
  });

  describe('that is restored', () => {
    let target: string;
    beforeEach(async () => {
      await publish(20);
      await back();
      target = join(scratch, 'restored');
    });

    it('does not overwrite a data folder, unless it is told to: then it keeps it', async () => {
      mkdirSync(target);
      writeFileSync(join(target, 'log.db'), 'what was there');
      await expect(restore(target)).rejects.toMatchObject({ code: 'occupied' });
      expect(readFileSync(join(target, 'log.db'), 'utf8')).toBe('what was there');
      const { keptIn } = await restore(target, { force: true });
      expect(readFileSync(join(keptIn ?? '', 'log.db'), 'utf8')).toBe('what was there');
      expect(readdirSync(target).sort()).toEqual(['keys.db', 'lock.db', 'log.db']);
    });

    it('is not put into the folder of a running engine', async () => {
      const lock = lockDataFolder(target);
      await expect(restore(target, { force: true })).rejects.toMatchObject({ code: 'locked' });
      lock.release();
    });

    it('prevents a start after an interruption, until it is repeated', async () => {
      mkdirSync(join(target, 'restoring'), { recursive: true });
      expect(() => lockDataFolder(target)).toThrow(/A restore into .* was interrupted/);
      await restore(target, { force: true });
      lockDataFolder(target).release();
    });

    it('leaves the folder as it was where it is stopped', async () => {
      mkdirSync(target);
      writeFileSync(join(target, 'log.db'), 'what was there');
      await expect(restore(target, { force: true, signal: AbortSignal.abort() })).rejects.toMatchObject({
        code: 'stopped',
      });
      expect(readFileSync(join(target, 'log.db'), 'utf8')).toBe('what was there');
      lockDataFolder(target).release();
    });

    it('is rejected with settings that name servers for what it holds', async () => {
      const esdb = config(target, { EVENT_LOG: 'esdb://log:2113' });
      await expect(restore(target, { config: esdb })).rejects.toThrow(/unset EVENT_LOG/);
      const postgres = config(target, { KEYS_URL: 'postgres://k@db/keys' });
      await expect(restore(target, { config: postgres })).rejects.toThrow(/unset KEYS_URL/);
    });
  });
});

async function digestOf(log: SqliteLog): Promise<string> {
  const digest = new LogDigest();
  for await (const page of log.readAll(0, { with: 'contentHash' }))
    for (const event of page) digest.add(event as MovedEvent);
  return digest.end();
}
