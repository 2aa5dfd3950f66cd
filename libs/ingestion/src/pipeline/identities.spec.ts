import { describe, expect, it } from '@jest/globals';
import { openSqliteKeyStore, Sealer, type KeyStore, type SubjectKey } from '#keys';
import { Identities } from './identities.js';
import { Rejection } from './rejection.js';

const named = (identities: Identities, ...values: readonly string[]) =>
  values.map((value) => {
    const identified = identities.identify([{ namespace: 'userId', value }]);
    if (identified instanceof Rejection) throw new Error(identified.code);
    return { identified };
  });

/** A key store that runs a function while it is queried. */
function interrupted(keys: KeyStore, meanwhile: () => Promise<unknown>): KeyStore {
  let interrupting = true;
  return {
    hashKey: keys.hashKey,
    hashKeyCheck: keys.hashKeyCheck,
    async keysFor(ids, options) {
      const states = await keys.keysFor(ids, options);
      if (interrupting) {
        interrupting = false;
        await meanwhile();
      }
      return states;
    },
    createListed: (listed) => keys.createListed(listed),
    destroy: (ids) => keys.destroy(ids),
    destroyExpired: (now) => keys.destroyExpired(now),
    countExpiring: () => keys.countExpiring(),
    placeHold: (hold) => keys.placeHold(hold),
    liftHold: (holdId) => keys.liftHold(holdId),
    holdsOn: (ids) => keys.holdsOn(ids),
    classKeys: () => keys.classKeys(),
    destroyClassKeys: (classYear, limit) => keys.destroyClassKeys(classYear, limit),
    destroyedClassKeys: () => keys.destroyedClassKeys(),
    confirmDestroyed: (destroyed) => keys.confirmDestroyed(destroyed),
    onDestroyed: (listener) => keys.onDestroyed(listener),
    close: () => keys.close(),
  };
}

describe('the keys of the subjects of a batch', () => {
  it('are asked once, and known afterwards', async () => {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const identities = new Identities(new Sealer(keys));
    const [jane] = named(identities, 'jane');
    const { self } = jane!.identified;
    expect(self.keyAt(identities.epoch)).toBeNull();
    await identities.loadKeys([jane!, ...named(identities, 'jane', 'joe')]);
    expect(self.keyAt(identities.epoch)).toMatchObject({ id: self.subjectId });
    const [again] = named(identities, 'jane');
    expect(again!.identified.self).toBe(self);
    await keys.close();
  });

  it('are not used once they are destroyed: a subject that is erased during the query is erased in the answer', async () => {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const jane = new Sealer(keys).subjectIdOf('userId', 'jane');
    const identities = new Identities(new Sealer(interrupted(keys, () => keys.destroy([jane]))));
    const touchpoints = named(identities, 'jane', 'joe');
    await identities.loadKeys(touchpoints);
    const states = touchpoints.map(({ identified }) => identified.self.keyAt(identities.epoch));
    expect(states[0]).toBe('erased');
    expect(states[1]).toMatchObject({ id: touchpoints[1]!.identified.self.subjectId });
    await keys.close();
  });

  it('are forgotten with an erasure, also by a batch in progress', async () => {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const identities = new Identities(new Sealer(keys));
    const [jane] = named(identities, 'jane');
    await identities.loadKeys([jane!]);
    await keys.destroy([jane!.identified.self.subjectId]);
    expect(jane!.identified.self.keyAt(identities.epoch)).toBeNull();
    await identities.loadKeys([jane!]);
    expect(jane!.identified.self.keyAt(identities.epoch)).toBe('erased');
    await keys.close();
  });
});

describe('what stands beside many touchpoints of a person', () => {
  it('is sealed once while two of them take turns, opens to itself, and is sealed again under another key', async () => {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const sealer = new Sealer(keys);
    const identities = new Identities(sealer);
    const [jane] = named(identities, 'jane');
    await identities.loadKeys([jane!]);
    const { self } = jane!.identified;
    const key = self.keyAt(identities.epoch) as SubjectKey;
    const seals = ['a', 'b', 'a', 'b', 'a', 'c', 'a', 'b'].map((text) => self.sealRepeated(text, key, sealer));
    expect(seals.map((seal) => sealer.open(key, seal)).join('')).toBe('ababacab');
    const [a, b, , , , c, , again] = seals;
    expect(seals).toEqual([a, b, a, b, a, c, a, again]);
    expect(again).not.toBe(b);
    const [joe] = named(identities, 'joe');
    await identities.loadKeys([joe!]);
    const other = joe!.identified.self.keyAt(identities.epoch) as SubjectKey;
    self.remember(other, identities.epoch);
    for (const text of ['a', 'b']) expect(sealer.open(other, self.sealRepeated(text, other, sealer))).toBe(text);
    await keys.close();
  });
});
