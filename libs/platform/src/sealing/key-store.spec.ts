import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { SubjectKey } from './key-store.js';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite-key-store.js';

const id = (n: number): string => n.toString(16).padStart(32, '0');

describe('the key store', () => {
  let store: SqliteKeyStore;
  beforeEach(() => {
    store = openSqliteKeyStore({ file: ':memory:' });
  });
  afterEach(() => store.close());

  it('makes a key for each id that has none, and gives the same again', async () => {
    const made = await store.keysFor([id(1), id(2), id(1)], { create: true });
    const again = await store.keysFor([id(2), id(1)]);
    expect(made.size).toBe(2);
    expect(again.get(id(1))).toEqual(made.get(id(1)));
    expect((made.get(id(1)) as SubjectKey).secret).not.toEqual((made.get(id(2)) as SubjectKey).secret);
  });

  it('makes none unasked', async () => {
    expect((await store.keysFor([id(1)])).size).toBe(0);
  });

  it('destroys, and forbids for ever', async () => {
    await store.keysFor([id(1), id(2)], { create: true });
    expect(await store.destroy([id(1), id(3)])).toEqual({ subjectKeys: 1, listedKeys: 0, forbidden: 2 });
    const after = await store.keysFor([id(1), id(2), id(3)], { create: true });
    expect(after.get(id(1))).toBe('erased');
    expect(after.get(id(3))).toBe('erased');
    expect(after.get(id(2))).not.toBe('erased');
  });

  it('destroys twice as once', async () => {
    await store.keysFor([id(1)], { create: true });
    await store.destroy([id(1)]);
    expect(await store.destroy([id(1)])).toEqual({ subjectKeys: 0, listedKeys: 0, forbidden: 0 });
  });

  it('destroys a listed key with any of the subjects it is listed under', async () => {
    const [made] = await store.createListed([{ id: id(9), listedUnder: [id(1), id(2)] }]);
    expect(made).not.toBe('erased');
    expect(await store.destroy([id(2)])).toMatchObject({ listedKeys: 1 });
    expect((await store.keysFor([id(9)])).get(id(9))).toBe('erased');
    expect(await store.createListed([{ id: id(9), listedUnder: [] }])).toEqual(['erased']);
  });

  it('gives no listed key where one of its subjects is erased already', async () => {
    await store.destroy([id(1)]);
    expect(await store.createListed([{ id: id(9), listedUnder: [id(2), id(1)] }])).toEqual(['erased']);
  });

  it('gives a listed key again when asked again', async () => {
    const first = await store.createListed([{ id: id(9), listedUnder: [] }]);
    expect(await store.createListed([{ id: id(9), listedUnder: [] }])).toEqual(first);
  });

  it('tells its listeners what is gone', async () => {
    const gone: string[] = [];
    store.onDestroyed((ids) => gone.push(...ids));
    await store.createListed([{ id: id(9), listedUnder: [id(1)] }]);
    await store.destroy([id(1)]);
    expect(gone.sort()).toEqual([id(1), id(9)]);
  });

  it('refuses an id that is not 16 bytes', async () => {
    await expect(store.keysFor(['abc'])).rejects.toThrow(/32 hex characters/);
  });
});
