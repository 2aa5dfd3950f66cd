import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { KeyState, SubjectKey } from './key-store.js';
import { joinParts, partsOf, type ClassYear } from './sealed-text.js';
import { SealBrokenError, Sealer } from './sealer.js';
import { openSqliteKeyStore, type SqliteKeyStore } from './sqlite/sqlite-key-store.js';
import { subjectKey } from './subject-key.js';

interface Golden {
  readonly hashKey: string;
  readonly subjectId: string;
  readonly texts: readonly {
    readonly what: string;
    readonly keyId: string;
    readonly secret: string;
    readonly classYear: ClassYear | null;
    readonly before: string;
    readonly text: string;
    readonly sealed: string;
  }[];
}

/** Sealed by another program, with fixed keys and nonces. If one of them opens no more, no existing log can be read: the file is never edited, only added to. */
const GOLDEN = JSON.parse(readFileSync(new URL('testdata/sealed-texts.json', import.meta.url), 'utf8')) as Golden;
const FREE_TEXT: ClassYear = { personalClass: 'free-text', year: 2026 };
const NOTES: ClassYear = { personalClass: 'notes', year: 2026 };

describe('sealed texts', () => {
  let store: SqliteKeyStore;
  let sealer: Sealer;
  beforeEach(() => {
    store = openSqliteKeyStore({ file: ':memory:', hashKey: Buffer.from(GOLDEN.hashKey, 'hex') });
    sealer = new Sealer(store);
  });
  afterEach(() => store.close());

  const keyOf = async (subjectId: string, classYear: ClassYear | null): Promise<SubjectKey> => {
    if (classYear === null) return (await store.keysFor([subjectId], { create: true })).get(subjectId) as SubjectKey;
    const id = sealer.classKeyId({ subjectId, ...classYear });
    return (await store.createListed([{ id, listedUnder: [subjectId], classYear }]))[0] as SubjectKey;
  };

  it.each(GOLDEN.texts)('of every version open for ever, and are sealed as ever: $what', (golden) => {
    const { subjectId } = GOLDEN;
    const { keyId, secret, classYear, before, text, sealed } = golden;
    expect(sealer.subjectIdOf('email', 'jane@shop.example')).toBe(subjectId);
    expect(classYear === null ? subjectId : sealer.classKeyId({ subjectId, ...classYear })).toBe(keyId);
    expect(sealer.keyIdsOf(subjectId, sealed)).toContain(keyId);
    const key = subjectKey(keyId, Buffer.from(secret, 'hex'));
    expect(sealer.open(key, sealed)).toBe(text);
    expect(sealer.reseal(key, text, before, classYear)).toBe(sealed);
  });

  it('of several parts open as the one object that version 1 would have sealed', async () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 8 }).map((key) => `/${key}`);
    const fields = fc.dictionary(name, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 8 });
    const subjectId = sealer.subjectIdOf('userId', 'ann');
    const keys = new Map<string, KeyState>();
    for (const classYear of [null, FREE_TEXT, NOTES]) {
      const key = await keyOf(subjectId, classYear);
      keys.set(key.id, key);
    }
    const keyIn = (classYear: ClassYear): SubjectKey =>
      keys.get(sealer.classKeyId({ subjectId, ...classYear })) as SubjectKey;
    fc.assert(
      fc.property(fields, fc.func(fc.integer({ min: 0, max: 2 })), (all, place) => {
        const sorted = Object.fromEntries(Object.entries(all).sort(([a], [b]) => (a < b ? -1 : 1)));
        const part = (n: number) =>
          JSON.stringify(Object.fromEntries(Object.entries(sorted).filter(([key]) => place(key) === n)));
        const sealed = joinParts([
          sealer.seal(keys.get(subjectId) as SubjectKey, part(0)),
          sealer.sealClass(keyIn(FREE_TEXT), FREE_TEXT, part(1)),
          sealer.sealClass(keyIn(NOTES), NOTES, part(2)),
        ]);
        expect(sealer.openWhole(subjectId, sealed, keys)).toBe(JSON.stringify(sorted));
      }),
    );
  });

  it('name what was destroyed of them, and open the rest; nothing is left once the subject is erased', async () => {
    const subjectId = sealer.subjectIdOf('userId', 'ann');
    const own = await keyOf(subjectId, null);
    const sealed = joinParts([
      sealer.seal(own, '{"/name":"Ann"}'),
      sealer.sealClass(await keyOf(subjectId, FREE_TEXT), FREE_TEXT, '{"/text":"too small"}'),
      '2.notes.2019.',
    ]);
    const opened = async (): Promise<unknown> => {
      const [text = null] = await sealer.openMany([{ subjectId, sealed }]);
      return text === null ? null : JSON.parse(text);
    };
    const notes = { personalClass: 'notes', year: 2019 };
    expect(await opened()).toEqual({ '/name': 'Ann', '/text': 'too small', $expired: [notes] });
    expect(await store.destroyClassKeys(FREE_TEXT, 10)).toBe(1);
    expect(await opened()).toEqual({ '/name': 'Ann', $expired: [FREE_TEXT, notes] });
    await store.destroy([subjectId]);
    expect(await opened()).toBeNull();
  });

  it('open nothing under another class, year or subject, nor what was altered or is of no known version', async () => {
    const subjectId = sealer.subjectIdOf('userId', 'ann');
    const key = await keyOf(subjectId, FREE_TEXT);
    const other = await keyOf(sealer.subjectIdOf('userId', 'bob'), FREE_TEXT);
    const sealed = sealer.sealClass(key, FREE_TEXT, '{"/text":"secret"}');
    const payload = partsOf(sealed)?.[0]?.payload ?? '';
    expect(sealer.open(key, sealed)).toBe('{"/text":"secret"}');
    expect(() => sealer.open(other, sealed)).toThrow(SealBrokenError);
    expect(() => sealer.open({ ...key, id: other.id }, sealed)).toThrow(SealBrokenError);
    // Under another class or year it is looked for under another key.
    const moved = `2.free-text.2027.${payload}`;
    expect(sealer.keyIdsOf(subjectId, moved)).not.toContain(key.id);
    const broken = ['', '2.', '2.free-text.', '2.free text.2026.AAAA', '2.free-text.2026.A=', '3.AAAA', `${sealed} x`];
    for (const text of [...broken, sealed.slice(0, -6)]) expect(() => sealer.open(key, text)).toThrow(SealBrokenError);
  });
});
