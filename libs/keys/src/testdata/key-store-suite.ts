import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { derivedSubjectId } from '../rekeying/earlier-subject-ids.js';
import { KeyHeldError, type KeyState, type SubjectKey } from '../key-store.js';
import { KeyedHash } from '../keyed-hash.js';
import { rekeyKeyStore } from '../rekeying/rekey-key-store.js';
import type { RekeyableKeyStore } from '../rekeying/rekeyable-key-store.js';
import { Sealer } from '../sealer.js';
import type { SessionRow, SessionTable } from '../sessions/session-row.js';
import { openSqliteKeyStore } from '../sqlite/sqlite-key-store.js';

/** The id of a key. */
export const id = (n: number): string => n.toString(16).padStart(32, '0');

/** Opens an empty store for each test, and the same store again as a process that starts later. */
export interface KeyStorePlace {
  open(hashKey?: Uint8Array): Promise<RekeyableKeyStore>;
  /** Empties the place. */
  clear(): Promise<void>;
}

/** What every key store guarantees, on either database. */
export function keyStoreSuite(title: string, place: () => KeyStorePlace): void {
  describe(title, () => {
    let store: RekeyableKeyStore;
    beforeEach(async () => {
      store = await place().open();
    });
    afterEach(async () => {
      await store.close();
      await place().clear();
    });

    it('makes a key for each id without one, and gives the same key again', async () => {
      const made = await store.keysFor([id(1), id(2), id(1)], { create: true });
      const again = await store.keysFor([id(2), id(1)]);
      expect(made.size).toBe(2);
      expect(again.get(id(1))).toEqual(made.get(id(1)));
      expect((made.get(id(1)) as SubjectKey).secret).not.toEqual((made.get(id(2)) as SubjectKey).secret);
    });

    it('makes no key without `create`', async () => {
      expect((await store.keysFor([id(1)])).size).toBe(0);
    });

    it('destroys, and forbids for ever', async () => {
      await store.keysFor([id(1), id(2)], { create: true });
      expect(await store.destroy([id(1), id(3)])).toEqual({
        subjectKeys: 1,
        listedKeys: 0,
        listedHeld: 0,
        forbidden: 2,
      });
      const after = await store.keysFor([id(1), id(2), id(3)], { create: true });
      expect(after.get(id(1))).toBe('erased');
      expect(after.get(id(3))).toBe('erased');
      expect(after.get(id(2))).not.toBe('erased');
    });

    it('destroys the same key twice with the result of once', async () => {
      await store.keysFor([id(1)], { create: true });
      await store.destroy([id(1)]);
      expect(await store.destroy([id(1)])).toEqual({ subjectKeys: 0, listedKeys: 0, listedHeld: 0, forbidden: 0 });
    });

    it('destroys a listed key with any of the subjects that it is listed under', async () => {
      const [made] = await store.createListed([{ id: id(9), listedUnder: [id(1), id(2)] }]);
      expect(made).not.toBe('erased');
      expect(await store.destroy([id(2)])).toMatchObject({ listedKeys: 1 });
      expect((await store.keysFor([id(9)])).get(id(9))).toBe('erased');
      expect(await store.createListed([{ id: id(9), listedUnder: [] }])).toEqual(['erased']);
    });

    it('gives no listed key where one of its subjects was erased before', async () => {
      await store.destroy([id(1)]);
      expect(await store.createListed([{ id: id(9), listedUnder: [id(2), id(1)] }])).toEqual(['erased']);
    });

    it('destroys a key at the end of the time for which it is kept, and no other', async () => {
      const until = Date.UTC(2026, 1, 1);
      await store.createListed([
        { id: id(9), listedUnder: [id(1)], keepUntil: until },
        { id: id(10), listedUnder: [], keepUntil: until + 1 },
        { id: id(11), listedUnder: [] },
      ]);
      expect(await store.countExpiring()).toBe(2);
      expect(await store.destroyExpired(until - 1)).toBe(0);
      expect(await store.destroyExpired(until)).toBe(1);
      expect(await store.destroyExpired(until)).toBe(0);
      expect(await store.countExpiring()).toBe(1);
      const states = await store.keysFor([id(9), id(10), id(11)]);
      expect([...states.values()].filter((state) => state === 'erased')).toHaveLength(1);
      expect(states.get(id(9))).toBe('erased');
      expect(await store.createListed([{ id: id(9), listedUnder: [], keepUntil: until }])).toEqual(['erased']);
    });

    it('counts a key no longer once an erasure destroyed it', async () => {
      await store.createListed([{ id: id(9), listedUnder: [id(1)], keepUntil: Date.UTC(2026, 1, 1) }]);
      await store.destroy([id(1)]);
      expect(await store.countExpiring()).toBe(0);
    });

    it('gives the same listed key again', async () => {
      const first = await store.createListed([{ id: id(9), listedUnder: [] }]);
      expect(await store.createListed([{ id: id(9), listedUnder: [] }])).toEqual(first);
    });

    it('tells its listeners what was destroyed', async () => {
      const gone: string[] = [];
      store.onDestroyed((ids) => gone.push(...ids));
      await store.createListed([{ id: id(9), listedUnder: [id(1)] }]);
      await store.destroy([id(1)]);
      expect(gone.sort()).toEqual([id(1), id(9)]);
    });

    describe('keys of classes and years', () => {
      const text2019 = { personalClass: 'free-text', year: 2019 };
      const text2020 = { personalClass: 'free-text', year: 2020 };
      const notes2019 = { personalClass: 'notes', year: 2019 };
      const stateOf = async (n: number): Promise<KeyState | undefined> => (await store.keysFor([id(n)])).get(id(n));
      const make = (n: number, subject: number, classYear: typeof text2019) =>
        store.createListed([{ id: id(n), listedUnder: [id(subject)], classYear }]);
      beforeEach(async () => {
        await store.keysFor([id(1), id(2), id(3)], { create: true });
        for (const subject of [1, 2, 3]) await make(100 + subject, subject, text2019);
        await make(201, 1, text2020);
        await make(301, 1, notes2019);
      });

      it('are destroyed for all subjects in batches, and counted; other classes and years stay, and so do the keys of the subjects', async () => {
        expect(await store.destroyClassKeys(text2019, 2)).toBe(2);
        expect(await store.destroyClassKeys(text2019, 2)).toBe(1);
        expect(await store.destroyClassKeys(text2019, 2)).toBe(0);
        expect(await Promise.all([101, 102, 103].map(stateOf))).toEqual(['erased', 'erased', 'erased']);
        for (const n of [1, 2, 3, 201, 301]) expect(await stateOf(n)).toMatchObject({ id: id(n) });
        expect(await store.classKeys()).toEqual([
          { ...text2020, keys: 1, held: 0 },
          { ...notes2019, keys: 1, held: 0 },
        ]);
        expect(await make(101, 1, text2019)).toEqual(['erased']);
      });

      it('are destroyed with their subject, and not counted as destroyed by their time', async () => {
        expect(await store.destroy([id(1)])).toMatchObject({ subjectKeys: 1, listedKeys: 3 });
        expect(await store.classKeys()).toEqual([{ ...text2019, keys: 2, held: 0 }]);
        expect(await store.destroyedClassKeys()).toEqual([]);
        expect(await make(401, 1, notes2019)).toEqual(['erased']);
      });

      it('stay while a hold keeps their subject', async () => {
        await store.placeHold({ id: id(901), case: '2026-1', subjectIds: [id(2)] });
        expect(await store.classKeys()).toContainEqual({ ...text2019, keys: 3, held: 1 });
        expect(await store.destroyClassKeys(text2019, 10)).toBe(2);
        expect(await stateOf(102)).toMatchObject({ id: id(102) });
        await store.liftHold(id(901));
        expect(await store.destroyClassKeys(text2019, 10)).toBe(1);
        expect(await stateOf(102)).toBe('erased');
      });

      it('that were destroyed are told until they are confirmed as recorded, also by a process that starts later', async () => {
        await store.destroyClassKeys(text2019, 2);
        const first = await store.destroyedClassKeys();
        expect(first).toEqual([{ ...text2019, keys: 2, total: 2 }]);
        await store.destroyClassKeys(text2019, 2);
        await store.confirmDestroyed(first);
        await store.confirmDestroyed(first);
        const later = await place().open();
        expect(await later.destroyedClassKeys()).toEqual([{ ...text2019, keys: 1, total: 3 }]);
        await later.confirmDestroyed(await later.destroyedClassKeys());
        await later.close();
        expect(await store.destroyedClassKeys()).toEqual([{ ...text2019, keys: 0, total: 3 }]);
        // As in an older copy, which destroyed fewer.
        await store.confirmDestroyed([
          { ...text2019, keys: 0, total: 5 },
          { ...notes2019, keys: 0, total: 2 },
        ]);
        expect(await store.destroyedClassKeys()).toEqual([
          { ...text2019, keys: 0, total: 5 },
          { ...notes2019, keys: 0, total: 2 },
        ]);
      });

      it('tell the listeners of what was destroyed', async () => {
        const gone: string[] = [];
        store.onDestroyed((ids) => gone.push(...ids));
        await store.destroyClassKeys(text2019, 10);
        expect(gone.sort()).toEqual([id(101), id(102), id(103)]);
      });
    });

    describe('legal holds', () => {
      const hold = (n: number, ...subjects: number[]) => ({
        id: id(900 + n),
        case: `2026-${n}`,
        subjectIds: subjects.map(id),
      });
      const stateOf = async (n: number): Promise<KeyState | undefined> => (await store.keysFor([id(n)])).get(id(n));
      const isErased = async (n: number): Promise<boolean> => (await stateOf(n)) === 'erased';

      it('refuses to destroy a held subject, and everything else of that call, until the last hold is lifted', async () => {
        await store.keysFor([id(1), id(2)], { create: true });
        await store.placeHold(hold(1, 1));
        await store.placeHold(hold(2, 1, 3));
        const destroying = store.destroy([id(2), id(1)]);
        await expect(destroying).rejects.toBeInstanceOf(KeyHeldError);
        await expect(destroying).rejects.toMatchObject({
          code: 'held',
          holds: [
            { id: id(901), case: '2026-1' },
            { id: id(902), case: '2026-2' },
          ],
        });
        expect([await isErased(1), await isErased(2)]).toEqual([false, false]);
        await store.liftHold(id(901));
        expect(await store.holdsOn([id(2), id(1)])).toEqual([{ id: id(902), case: '2026-2' }]);
        await expect(store.destroy([id(1)])).rejects.toMatchObject({ code: 'held' });
        await store.liftHold(id(902));
        expect(await store.destroy([id(2), id(1)])).toMatchObject({ subjectKeys: 2, forbidden: 2 });
      });

      it('holds over a restart; lifted before it is placed, or placed again after, it stays lifted', async () => {
        await store.placeHold(hold(1, 1));
        await store.close();
        store = await place().open();
        await expect(store.destroy([id(1)])).rejects.toMatchObject({ code: 'held' });
        await store.liftHold(id(901));
        await store.liftHold(id(902));
        for (const each of [hold(1, 1), hold(2, 1)]) await store.placeHold(each);
        expect(await store.holdsOn([id(1)])).toEqual([]);
        expect(await store.destroy([id(1)])).toMatchObject({ forbidden: 1 });
      });

      it('keeps what an erasure of another person would destroy with it, and destroys that at the end of the hold', async () => {
        await store.keysFor([id(1), id(2)], { create: true });
        await store.createListed([
          { id: id(8), listedUnder: [] },
          { id: id(9), listedUnder: [id(1), id(2)] },
          { id: id(10), listedUnder: [id(2)] },
        ]);
        await store.placeHold(hold(1, 1));
        await store.placeHold(hold(2, 8));
        const destroyed = await store.destroy([id(2)], { bodies: [id(8)] });
        expect(destroyed).toEqual({ subjectKeys: 1, listedKeys: 1, listedHeld: 2, forbidden: 1 });
        expect([await isErased(8), await isErased(9), await isErased(10)]).toEqual([false, false, true]);
        // Again, as an erasure that is repeated.
        expect(await store.destroy([id(2)], { bodies: [id(8)] })).toMatchObject({ listedKeys: 0, listedHeld: 2 });
        expect(await store.liftHold(id(902))).toBe(1);
        expect([await isErased(8), await isErased(9)]).toEqual([true, false]);
        const gone: string[] = [];
        store.onDestroyed((ids) => gone.push(...ids));
        expect(await store.liftHold(id(901))).toBe(1);
        expect(await store.liftHold(id(901))).toBe(0);
        expect([await isErased(1), await isErased(9)]).toEqual([false, true]);
        expect(gone).toEqual([id(9)]);
      });

      it('leaves keys that were listed under the held person alone at the end of the hold', async () => {
        await store.createListed([{ id: id(9), listedUnder: [id(1)] }]);
        await store.placeHold(hold(1, 1));
        expect(await store.liftHold(id(901))).toBe(0);
        expect(await isErased(9)).toBe(false);
      });

      it('keeps a key beyond the end of its time, while a hold keeps it', async () => {
        const until = Date.UTC(2026, 1, 1);
        await store.createListed([{ id: id(9), listedUnder: [id(1)], keepUntil: until }]);
        await store.placeHold(hold(1, 1));
        expect(await store.destroyExpired(until)).toBe(0);
        await store.liftHold(id(901));
        expect(await store.destroyExpired(until)).toBe(1);
      });

      it('destroys what the log records as erased, whichever hold began later', async () => {
        await store.createListed([{ id: id(9), listedUnder: [id(1)] }]);
        await store.keysFor([id(1)], { create: true });
        await store.placeHold(hold(1, 1));
        expect(await store.destroy([id(1)], { recorded: true })).toMatchObject({ subjectKeys: 1, listedKeys: 1 });
      });

      it('ends in the same state for any order of placing, lifting and recorded erasures', async () => {
        let run = 0;
        const step = fc.constantFrom('place 1', 'place 2', 'lift 1', 'lift 2', 'erase 2');
        await fc.assert(
          fc.asyncProperty(
            fc.shuffledSubarray(['place 1', 'place 2', 'lift 1', 'lift 2', 'erase 2'], { minLength: 5 }),
            fc.array(step, { maxLength: 4 }),
            async (order, again) => {
              run += 1;
              const base = 10_000 + run * 100;
              await store.createListed([{ id: id(base + 9), listedUnder: [id(base + 1), id(base + 2)] }]);
              for (const each of [...order, ...again]) {
                const [what, which] = each.split(' ');
                const holdId = id(base + 50 + Number(which));
                if (what === 'place') await store.placeHold({ id: holdId, case: 'c', subjectIds: [id(base + 1)] });
                else if (what === 'lift') await store.liftHold(holdId);
                else await store.destroy([id(base + 2)], { recorded: true });
              }
              expect(await store.holdsOn([id(base + 1)])).toEqual([]);
              expect([await isErased(base + 2), await isErased(base + 9), await isErased(base + 1)]).toEqual([
                true,
                true,
                false,
              ]);
            },
          ),
          { numRuns: 15 },
        );
      });
    });

    it('rejects an id that is not 16 bytes', async () => {
      await expect(store.keysFor(['abc'])).rejects.toThrow(/32 hex characters/);
    });

    it('keeps keys, erasures and the hash key over a restart', async () => {
      const keys = await store.keysFor([id(1), id(2)], { create: true });
      await store.destroy([id(2)]);
      await store.close();
      const { hashKey } = store;
      store = await place().open();
      const again = await store.keysFor([id(1), id(2)]);
      expect(again).toEqual(
        new Map<string, KeyState>([
          [id(1), keys.get(id(1)) as SubjectKey],
          [id(2), 'erased'],
        ]),
      );
      expect(Buffer.from(store.hashKey)).toEqual(Buffer.from(hashKey));
    });

    it('rejects a start with another hash key, and one without the key it was made under', async () => {
      await store.close();
      await place().clear();
      store = await place().open(Buffer.alloc(32, 1));
      const open = async (hashKey?: Uint8Array) => (await place().open(hashKey)).close();
      await expect(open(Buffer.alloc(32, 2))).rejects.toMatchObject({ code: 'other-hash-key' });
      await expect(open()).rejects.toMatchObject({ code: 'other-hash-key' });
      await open(Buffer.alloc(32, 1));
    });

    it('lists the ids that never get a key again, in order, and the subjects that a key is listed under', async () => {
      await store.keysFor([id(1), id(2), id(3)], { create: true });
      await store.createListed([{ id: id(9), listedUnder: [id(2), id(1)] }]);
      expect(await store.listedUnder(id(9))).toEqual([id(1), id(2)]);
      expect(await store.listedUnder(id(1))).toEqual([]);
      expect(await store.isEmpty()).toBe(false);
      await store.destroy([id(3), id(2)]);
      const erased: string[] = [];
      for await (const page of store.erasedIds()) erased.push(...page);
      expect(erased).toEqual([id(2), id(3), id(9)]);
    });

    it('replaces another store’s hash key: the subjects erased there stay erased under their new ids, and no others', async () => {
      const old = openSqliteKeyStore({ file: ':memory:' });
      const bob = new Sealer(old).subjectIdOf('userId', 'bob');
      await old.keysFor([bob, id(1)], { create: true });
      await old.destroy([bob]);
      expect([await store.isEmpty(), await store.replacedKey()]).toEqual([true, null]);
      await rekeyKeyStore(old, store, { proven: false });
      const bobLater = derivedSubjectId(new KeyedHash(store.hashKey), bob);
      const people = (keys: RekeyableKeyStore) =>
        ['bob', 'ann'].map((who) => new Sealer(keys).subjectIdOf('userId', who));
      const [bobNow, ann] = people(store);
      expect(bobNow).toBe(bobLater);
      expect(await store.keysFor([bobLater], { create: true })).toEqual(new Map([[bobLater, 'erased']]));
      expect(store.earlier?.count).toBe(1);
      // Resumed, it stays as it was; and it cannot replace the key of a third store.
      await rekeyKeyStore(old, store, { proven: false });
      expect(people(store)).toEqual([bobLater, ann]);
      const stranger = openSqliteKeyStore({ file: ':memory:' });
      await expect(rekeyKeyStore(stranger, store, { proven: false })).rejects.toMatchObject({ code: 'other-hash-key' });
      await old.destroy([id(1)]);
      await expect(rekeyKeyStore(old, store, { proven: false })).rejects.toMatchObject({ code: 'erased-since' });
      await stranger.close();
      await old.close();
    });

    it('keeps sessions until they are removed by their cookie, their principal, their issuer’s session, or their age', async () => {
      const { sessions } = store as unknown as { readonly sessions: SessionTable };
      const row = (hash: string, others: Partial<SessionRow> = {}): SessionRow => ({
        ...{ hash, principal: 'person:a', issuerSession: null, sealed: Buffer.from([1, 0, 255]) },
        ...{ begunAt: 1_000, lastSeenAt: 1_000, endsAt: 9_000, ...others },
      });
      const left = async (): Promise<string> => {
        const found = await Promise.all(['a', 'b', 'c', 'd'].map((hash) => sessions.find(hash)));
        return found.map((each) => each?.hash ?? '-').join('');
      };
      for (const each of [row('a'), row('b', { principal: 'person:b' }), row('c', { issuerSession: 's' }), row('d')])
        await sessions.insert(each);
      const { sealed, ...found } = (await sessions.find('c')) as SessionRow;
      expect([found, [...sealed]]).toEqual([
        { hash: 'c', principal: 'person:a', issuerSession: 's', begunAt: 1_000, lastSeenAt: 1_000, endsAt: 9_000 },
        [1, 0, 255],
      ]);
      await sessions.insert(row('0', { begunAt: 500 }));
      const listed = await sessions.list();
      expect(listed.map(({ hash }) => hash).join('')).toBe('0abcd');
      expect(listed[1]).toEqual({ hash: 'a', principal: 'person:a', begunAt: 1_000, lastSeenAt: 1_000, endsAt: 9_000 });
      await sessions.remove('0');
      await sessions.seen('d', 5_000);
      await sessions.seen('d', 4_000);
      expect((await sessions.find('d'))?.lastSeenAt).toBe(5_000);
      await sessions.remove('a');
      await sessions.remove('a');
      expect([await sessions.removeOf({ issuerSession: 's' }), await left()]).toEqual([1, '-b-d']);
      await sessions.removeEnded({ endsAt: 8_999, lastSeenAt: 1_000 });
      expect(await left()).toBe('---d');
      expect([
        await sessions.removeOf({ principal: 'person:b' }),
        await sessions.removeOf({ principal: 'person:a' }),
      ]).toEqual([0, 1]);
      await sessions.insert(row('a'));
      await sessions.removeEnded({ endsAt: 9_000, lastSeenAt: 0 });
      expect(await left()).toBe('----');
    });

    it('behaves like a map from ids to states, for any order of makings and destructions', async () => {
      const step = fc.record({
        destroy: fc.boolean(),
        ids: fc.uniqueArray(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 4 }),
      });
      // Each history uses ids of its own: erasures are permanent.
      let run = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 8 }), async (steps) => {
          run += 1;
          const model = new Map<string, 'key' | 'erased'>();
          for (const { destroy, ids: numbers } of steps) {
            const ids = numbers.map((n) => id(run * 1_000 + n));
            if (destroy) {
              const before = ids.filter((each) => model.get(each) === 'key').length;
              const forbidden = ids.filter((each) => model.get(each) !== 'erased').length;
              expect(await store.destroy(ids)).toEqual({
                subjectKeys: before,
                listedKeys: 0,
                listedHeld: 0,
                forbidden,
              });
              for (const each of ids) model.set(each, 'erased');
            } else {
              const found = await store.keysFor(ids, { create: true });
              for (const each of ids) if (!model.has(each)) model.set(each, 'key');
              for (const each of ids) expect(found.get(each) === 'erased' ? 'erased' : 'key').toBe(model.get(each));
            }
          }
        }),
        { numRuns: 25 },
      );
    });
  });
}
