import { derivedSubjectId } from './earlier-subject-ids.js';
import { KeyedHash } from '../keyed-hash.js';
import { KeyStoreError } from '../key-store.js';
import type { RekeyableKeyStore } from './rekeyable-key-store.js';

/** Names that are asked for in one go. */
const NAMES_MAX = 10_000;

/**
 * Makes a store that was just opened the key store of a log that gets another hash key, or goes on with one that was made so. It holds no key of the old one: subjects get
 * new ones as they are met. What it takes over is who was erased, by new names (see `EarlierSubjectIds`), and, until it is `proven`, who may speak to the engine (the API keys).
 * The old store is only read.
 * @throws KeyStoreError `other-hash-key` where the store belongs to something else, `erased-since` where the old store knows erasures that came after it was made: they
 * would be lost.
 */
export async function rekeyKeyStore(
  old: RekeyableKeyStore,
  fresh: RekeyableKeyStore,
  { proven }: { readonly proven: boolean },
): Promise<void> {
  const replaced = await fresh.replacedKey();
  const check = Buffer.from(old.hashKeyCheck, 'hex');
  if (old.hashKeyCheck === fresh.hashKeyCheck)
    throw new KeyStoreError('other-hash-key', 'The new hash key is the old one: give another.');
  if (replaced === null ? !(await fresh.isEmpty()) : !check.equals(replaced))
    throw new KeyStoreError(
      'other-hash-key',
      `The key store ${fresh.place} is not the one of this log under its new hash key: move it away, or name another place.`,
    );
  const later = new KeyedHash(fresh.hashKey);
  const erased: Buffer[] = [];
  for await (const names of old.erasedIds()) {
    const renamed = names.map((name) => derivedSubjectId(later, name));
    if (replaced === null) erased.push(...renamed.map((name) => Buffer.from(name, 'hex')));
    else await mustKnow(fresh, renamed);
  }
  if (replaced === null)
    await fresh.inherit({
      check,
      hashKeys: Buffer.concat([old.earlier?.hashKeys ?? new Uint8Array(), old.hashKey]),
      erased,
    });
  // Of a store that an engine uses they are its own: one that was revoked there must not come back.
  if (!proven) await fresh.apiKeys.upsertAll(await old.apiKeys.readAll());
}

async function mustKnow(fresh: RekeyableKeyStore, names: readonly string[]): Promise<void> {
  for (let at = 0; at < names.length; at += NAMES_MAX) {
    const asked = names.slice(at, at + NAMES_MAX);
    const states = await fresh.keysFor(asked);
    if (asked.every((name) => states.get(name) === 'erased')) continue;
    throw new KeyStoreError(
      'erased-since',
      `Somebody was erased since the new keys were made, and those in ${fresh.place} do not know it: delete them and the new log, and move again.`,
    );
  }
}
