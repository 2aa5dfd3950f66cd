import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { SubjectKey } from './key-store.js';
import { SealBrokenError, Sealer } from './sealer.js';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite/sqlite-key-store.js';

describe('the sealer', () => {
  let store: SqliteKeyStore;
  let sealer: Sealer;
  let jane: SubjectKey;
  let joe: SubjectKey;
  beforeEach(async () => {
    store = openSqliteKeyStore({ file: ':memory:', hashKey: Buffer.alloc(32, 7) });
    sealer = new Sealer(store);
    const ids = [sealer.subjectIdOf('email', 'jane@shop.example'), sealer.subjectIdOf('email', 'joe@shop.example')];
    const keys = await store.keysFor(ids, { create: true });
    [jane, joe] = ids.map((id) => keys.get(id) as SubjectKey) as [SubjectKey, SubjectKey];
  });
  afterEach(() => store.close());

  it('opens what it sealed, for any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        const sealed = sealer.seal(jane, text);
        expect(sealer.open(jane, sealed)).toBe(text);
      }),
    );
  });

  it('seals the same text differently each time, beyond one pool of nonces', () => {
    const sealed = new Set(Array.from({ length: 3_000 }, () => sealer.seal(jane, 'same')));
    expect(sealed.size).toBe(3_000);
  });

  it('opens nothing under the key of another subject, nor what was moved, altered or cut', () => {
    const sealed = sealer.seal(jane, 'secret');
    const altered = sealed.slice(0, -2) + (sealed.endsWith('AA') ? 'BB' : 'AA');
    expect(() => sealer.open(joe, sealed)).toThrow(SealBrokenError);
    expect(() => sealer.open({ ...jane, id: joe.id }, sealed)).toThrow(SealBrokenError);
    for (const broken of [altered, sealed.slice(0, 12), '', '2.' + sealed.slice(2)])
      expect(() => sealer.open(jane, broken)).toThrow(SealBrokenError);
  });

  it('derives the id of a subject from namespace and value, for ever the same under the same hash key', () => {
    // A golden id: if it changes, no existing log can be read.
    expect(sealer.subjectIdOf('email', 'jane@shop.example')).toBe('bb3259c394606bf528088c47dd3c8ab1');
    expect(sealer.subjectIdOf('userId', 'jane@shop.example')).not.toBe(
      sealer.subjectIdOf('email', 'jane@shop.example'),
    );
    expect(sealer.subjectIdOf('email', 'jane@shop.example')).toMatch(/^[0-9a-f]{32}$/);
  });

  it('seals an identifier once per process, until its subject is erased', async () => {
    const first = sealer.sealIdentifier(jane, 'jane@shop.example');
    expect(sealer.sealIdentifier(jane, 'jane@shop.example')).toBe(first);
    expect(sealer.open(jane, first)).toBe('jane@shop.example');
    await store.destroy([jane.id]);
    expect(sealer.sealIdentifier(jane, 'jane@shop.example')).not.toBe(first);
  });

  it('opens null for erased subjects and the text for the others', async () => {
    const items = [jane, joe].map((key) => ({ subjectId: key.id, sealed: sealer.seal(key, `of ${key.id}`) }));
    await store.destroy([jane.id]);
    expect(await sealer.openMany(items)).toEqual([null, `of ${joe.id}`]);
  });

  it('opens the others beside a damaged text, where it is told to', async () => {
    const items = [
      { subjectId: jane.id, sealed: `${sealer.seal(jane, 'whole').slice(0, -4)}AAAA` },
      { subjectId: joe.id, sealed: sealer.seal(joe, 'whole') },
    ];
    await expect(sealer.openMany(items)).rejects.toThrow(SealBrokenError);
    expect(await sealer.openUndamaged(items)).toEqual([null, 'whole']);
  });

  it('hashes a content to 16 bytes, which depend on the content and the subject', () => {
    const hash = (key: SubjectKey, text: string): string => Buffer.from(sealer.contentHash(key, text)).toString('hex');
    expect(sealer.contentHash(jane, 'x')).toHaveLength(16);
    expect(hash(jane, 'x')).toBe(hash(jane, 'x'));
    expect(hash(jane, 'x')).not.toBe(hash(jane, 'y'));
    expect(hash(jane, 'x')).not.toBe(hash(joe, 'x'));
  });
});
