import { mkdtempSync, openSync, readFileSync, rmSync, writeSync, closeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite-key-store.js';

const PAGE = 4_096;
const KEYS = 2_000;
const id = (number: number): string => (number * 7_919).toString(16).padStart(32, '0');
const ids = Array.from({ length: KEYS }, (_, number) => id(number + 1));

describe('a key store whose file is damaged', () => {
  let folder: string;
  let file: string;
  let keys: SqliteKeyStore | null = null;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-damaged-'));
    file = join(folder, 'keys.db');
    const made = openSqliteKeyStore({ file });
    await made.keysFor(ids, { create: true });
    await made.destroy([id(KEYS + 1)]);
    await made.close();
  });
  afterEach(async () => {
    await keys?.close();
    keys = null;
    rmSync(folder, { recursive: true });
  });
  const damage = (page: number, bytes: Buffer): void => {
    const opened = openSync(file, 'r+');
    writeSync(opened, bytes, 0, bytes.length, page * PAGE);
    closeSync(opened);
  };

  it.each([
    ['zeros', Buffer.alloc(PAGE)],
    ['noise', Buffer.from(Array.from({ length: PAGE }, (_, at) => (at * 151 + 7) % 256))],
  ])('says so by its own error, whichever page is overwritten with %s, and whatever is called', async (_, bytes) => {
    const pages = readFileSync(file).length / PAGE;
    const whole = readFileSync(file);
    let torn = 0;
    for (let page = 1; page < pages; page += 1) {
      damage(page, bytes);
      const errors: unknown[] = [];
      const tryTo = async (work: () => Promise<unknown>): Promise<void> => {
        await work().catch((error: unknown) => errors.push(error));
      };
      await tryTo(async () => {
        keys = openSqliteKeyStore({ file });
      });
      await tryTo(async () => keys?.keysFor(ids));
      await tryTo(async () => keys?.keysFor(['e'.repeat(32)], { create: true }));
      await tryTo(async () => keys?.createListed([{ id: 'f'.repeat(32), listedUnder: ids.slice(0, 3) }]));
      await tryTo(async () => keys?.destroy(ids.slice(0, 3)));
      await tryTo(async () => keys?.listedUnder('f'.repeat(32)));
      await tryTo(async () => {
        for await (const some of keys?.erasedIds() ?? []) expect(some).toBeDefined();
      });
      for (const error of errors) expect(error).toMatchObject({ name: 'KeyStoreError', code: expect.any(String) });
      torn += errors.length > 0 ? 1 : 0;
      await keys?.close().catch(() => undefined);
      keys = null;
      for (const end of ['-wal', '-shm']) rmSync(file + end, { force: true });
      const opened = openSync(file, 'w');
      writeSync(opened, whole);
      closeSync(opened);
    }
    expect(torn).toBeGreaterThan(2);
  });
});
