import { KeyedHash } from '../keyed-hash.js';
import { KeyStoreError } from '../key-store.js';
import { derivedSubjectId } from './earlier-subject-ids.js';
import type { RekeyableKeyStore } from './rekeyable-key-store.js';

/** Ids per request. */
const IDS_MAX = 10_000;

/**
 * Makes a new store the key store of a log that gets another hash key, or resumes an earlier run. The new store holds no key of the old one:
 * subjects get new keys as they are met. It inherits the erasures, under new ids (see `EarlierSubjectIds`), and, until it is `proven`, the API
 * keys. The old store is only read.
 *
 * @throws KeyStoreError `other-hash-key` where the new store belongs to another log, `erased-since` where the old store has erasures that came
 * after the new store was made: they would be lost
 */
export async function rekeyKeyStore(
  old: RekeyableKeyStore,
  fresh: RekeyableKeyStore,
  { proven }: { readonly proven: boolean },
): Promise<void> {
  const replaced = await fresh.replacedKey();
  const check = Buffer.from(old.hashKeyCheck, 'hex');
  if (old.hashKeyCheck === fresh.hashKeyCheck)
    throw new KeyStoreError('other-hash-key', 'The new hash key equals the old one: give another.');
  if (replaced === null ? !(await fresh.isEmpty()) : !check.equals(replaced))
    throw new KeyStoreError(
      'other-hash-key',
      `The key store ${fresh.place} does not belong to this log under its new hash key: move it away, or name another place.`,
    );
  const later = new KeyedHash(fresh.hashKey);
  const erased: Buffer[] = [];
  for await (const ids of old.erasedIds()) {
    const derived = ids.map((id) => derivedSubjectId(later, id));
    if (replaced === null) erased.push(...derived.map((id) => Buffer.from(id, 'hex')));
    else await assertErased(fresh, derived);
  }
  if (replaced === null)
    await fresh.inherit({
      check,
      hashKeys: Buffer.concat([old.earlier?.hashKeys ?? new Uint8Array(), old.hashKey]),
      erased,
    });
  // A store that an engine uses keeps its own API keys: a key that was revoked there must not come back.
  if (!proven) await fresh.apiKeys.upsertAll(await old.apiKeys.readAll());
}

async function assertErased(fresh: RekeyableKeyStore, ids: readonly string[]): Promise<void> {
  for (let at = 0; at < ids.length; at += IDS_MAX) {
    const page = ids.slice(at, at + IDS_MAX);
    const states = await fresh.keysFor(page);
    if (page.every((id) => states.get(id) === 'erased')) continue;
    throw new KeyStoreError(
      'erased-since',
      `A person was erased since the new keys were made, and the keys in ${fresh.place} lack that erasure: delete them and the new log, and move again.`,
    );
  }
}
