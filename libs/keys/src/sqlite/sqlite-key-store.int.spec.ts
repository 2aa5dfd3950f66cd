import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SubjectKey } from '../key-store.js';
import { openSqliteKeyStore } from './sqlite-key-store.js';

const id = (n: number): string => n.toString(16).padStart(32, '0');

describe('the key store in a SQLite file', () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-keys-'));
    file = join(folder, 'keys.db');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const filesHolding = (bytes: Buffer): string[] =>
    readdirSync(folder).filter((name) => readFileSync(join(folder, name)).includes(bytes));

  it('keeps keys and erasures over a restart', async () => {
    const first = openSqliteKeyStore({ file });
    const keys = await first.keysFor([id(1), id(2)], { create: true });
    await first.destroy([id(2)]);
    await first.close();
    const second = openSqliteKeyStore({ file });
    const again = await second.keysFor([id(1), id(2)]);
    expect(Buffer.from((again.get(id(1)) as SubjectKey).secret)).toEqual(
      Buffer.from((keys.get(id(1)) as SubjectKey).secret),
    );
    expect(again.get(id(2))).toBe('erased');
    expect(second.hashKey).toEqual(new Uint8Array(first.hashKey));
    await second.close();
  });

  it('gives one key to concurrent requests for it, and has it after a restart', async () => {
    const store = openSqliteKeyStore({ file });
    const asked = Array.from({ length: 20 }, (_, n) => store.keysFor([id(n), id(n + 1)], { create: true }));
    const answers = await Promise.all(asked);
    await store.close();
    const again = await openSqliteKeyStore({ file }).keysFor(Array.from({ length: 21 }, (_, n) => id(n)));
    expect(again.size).toBe(21);
    for (const answer of answers)
      for (const [each, state] of answer) {
        const known = again.get(each) as SubjectKey;
        expect(Buffer.from((state as SubjectKey).secret)).toEqual(Buffer.from(known.secret));
      }
  });

  describe('while a thread makes many keys at once', () => {
    const many = (from: number): string[] => Array.from({ length: 200 }, (_, n) => id(from + n));

    it('gives one key to every request for it, on the disk when it is given, and keeps it over a restart', async () => {
      const store = openSqliteKeyStore({ file });
      // The first request starts the thread; afterwards it makes the keys.
      await store.keysFor(many(0), { create: true });
      while (!store.makesInThread) await new Promise((wake) => setTimeout(wake, 20));
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => store.keysFor(many(100 + 50 * n), { create: true })),
      );
      const other = openSqliteKeyStore({ file });
      for (const answer of answers) {
        const kept = await other.keysFor([...answer.keys()]);
        for (const [each, state] of answer)
          expect(Buffer.from((kept.get(each) as SubjectKey).secret)).toEqual(Buffer.from((state as SubjectKey).secret));
      }
      await other.close();
      await store.close();
    });

    it('gives no request the key of a subject that is erased while the key is being made', async () => {
      const store = openSqliteKeyStore({ file });
      await store.keysFor(many(0), { create: true });
      while (!store.makesInThread) await new Promise((wake) => setTimeout(wake, 20));
      for (let round = 1; round <= 20; round += 1) {
        const ids = many(1_000 * round);
        let answered = false;
        const asked = store.keysFor(ids, { create: true }).finally(() => (answered = true));
        // At a different moment in each round: before the thread makes the keys, meanwhile, and afterwards.
        for (let turn = 0; turn < round % 5; turn += 1) await new Promise((resume) => setImmediate(resume));
        const doomed = ids.filter((_, n) => n % 3 === 0);
        const wasAnswered = answered;
        await store.destroy(doomed);
        const states = await asked;
        const again = await store.keysFor(ids, { create: true });
        for (const each of doomed) {
          expect(again.get(each)).toBe('erased');
          if (!wasAnswered) expect(states.get(each)).toBe('erased');
        }
        expect(states.get(ids[1] as string)).toEqual(again.get(ids[1] as string));
      }
      await store.close();
    });
  });

  it('is readable by its owner only', async () => {
    const store = openSqliteKeyStore({ file });
    expect(statSync(file).mode & 0o077).toBe(0);
    await store.close();
  });

  it('rejects a start with another hash key, and one without the key it was made under', async () => {
    await openSqliteKeyStore({ file, hashKey: Buffer.alloc(32, 1) }).close();
    expect(() => openSqliteKeyStore({ file, hashKey: Buffer.alloc(32, 2) })).toThrow(/another hash key/);
    expect(() => openSqliteKeyStore({ file })).toThrow(/hash key/);
    await openSqliteKeyStore({ file, hashKey: Buffer.alloc(32, 1) }).close();
  });

  it('reports a full disk, keeps nothing of the failed request, and continues once there is space', async () => {
    const store = openSqliteKeyStore({ file });
    await store.keysFor([id(1)], { create: true });
    const pages = store.database.prepare('PRAGMA page_count').get() as { page_count: number };
    store.database.exec(`PRAGMA max_page_count=${pages.page_count}`);
    const many = Array.from({ length: 500 }, (_, n) => id(n + 2));
    await expect(store.keysFor(many, { create: true })).rejects.toMatchObject({ code: 'full' });
    expect((await store.keysFor([id(1), ...many])).size).toBe(1);
    store.database.exec('PRAGMA max_page_count=100000');
    expect((await store.keysFor(many, { create: true })).size).toBe(500);
    await store.close();
  });

  it('leaves the bytes of a destroyed key in no file, while it is open and afterwards', async () => {
    const store = openSqliteKeyStore({ file });
    const ids = Array.from({ length: 3_000 }, (_, n) => id(n));
    const keys = await store.keysFor(ids, { create: true });
    const doomed = ids.filter((_, n) => n % 7 === 0);
    const secret = (each: string): Buffer => Buffer.from((keys.get(each) as SubjectKey).secret);
    // Found first: otherwise not finding it would prove nothing.
    expect(filesHolding(secret(id(7))).length).toBeGreaterThan(0);
    await store.destroy(doomed);
    expect(doomed.filter((each) => filesHolding(secret(each)).length > 0)).toEqual([]);
    expect(filesHolding(secret(id(8))).length).toBeGreaterThan(0);
    await store.close();
    expect(doomed.filter((each) => filesHolding(secret(each)).length > 0)).toEqual([]);
  });
});
