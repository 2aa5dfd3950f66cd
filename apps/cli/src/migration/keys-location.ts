import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { copyKeyStore, KeyStoreError, openPostgresKeyStore, openSqliteKeyStore, type RekeyableKeyStore } from '#keys';
import { issueText } from '#contracts';
import { ConfigError, readSetting } from '#platform';
import { rejected, usage } from '../exit-codes.js';
import type { LogLocation } from './log-location.js';

const KEYS = 'keys.db';
/** The new key store until all is proven: an engine that starts too early does not find it. */
const DRAFT = 'keys.db.new';

/** Where keys lie: in a folder, or in a database. */
export type KeysLocation =
  | { readonly kind: 'folder'; readonly name: string; readonly folder: string }
  | { readonly kind: 'postgres'; readonly name: string; readonly url: string };

/** Reads what an option says, or takes the folder of the log. */
export function parseKeysLocation(option: string, given: string | undefined, log: LogLocation): KeysLocation {
  if (given === undefined) {
    if (log.kind === 'sqlite') return inFolder(log.folder);
    throw usage(
      `The log ${log.name} has no folder in which its keys could lie: give it, or the address of their database (KEYS_URL), with ${option}.`,
    );
  }
  if (!/^[a-z][\w+.-]*:\/\//i.test(given)) return inFolder(resolve(given));
  try {
    const url = readSetting('KEYS_URL', given) ?? given;
    const { host, pathname } = new URL(url);
    return { kind: 'postgres', name: `the database ${decodeURIComponent(pathname.slice(1))} at ${host}`, url };
  } catch {
    // An address may hold a password: what is wrong with it is told without repeating it.
    throw usage(
      `${option} is no place of keys: give a folder, or an address such as postgres://user:password@host:5432/database.`,
    );
  }
}

const inFolder = (folder: string): KeysLocation => ({ kind: 'folder', name: join(folder, KEYS), folder });

/** The hash key in a file, where it is kept apart from the keys. */
export function readHashKey(option: string, file: string | undefined): Uint8Array | null {
  if (file === undefined) return null;
  try {
    return readSetting('HASH_KEY', `file:${file}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw usage(error.issues.map((issue) => `${issueText(issue, () => option)}.`).join('\n'));
  }
}

/** Rejects, before anything is written, keys that are not there. A database is asked when it is opened. */
export function assertKeysExist(option: string, place: KeysLocation): void {
  if (place.kind === 'folder' && !existsSync(join(place.folder, KEYS)))
    throw rejected(
      `There are no keys in ${place.folder}: give their folder, or the address of their database (KEYS_URL), with ${option}.`,
    );
}

/** The keys that are replaced. They are only read. */
export async function openOldKeys(place: KeysLocation, hashKey: Uint8Array | null): Promise<RekeyableKeyStore> {
  const own = hashKey === null ? {} : { hashKey };
  return named(place, 'old', async () =>
    place.kind === 'folder'
      ? openSqliteKeyStore({ file: join(place.folder, KEYS), ...own })
      : openPostgresKeyStore({ url: place.url, moving: 'replaced', ...own }),
  );
}

/** Says which of the two it was that failed, and what may fix it. */
async function named<T>({ name }: KeysLocation, which: 'old' | 'new', open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    if (!(error instanceof KeyStoreError)) throw error;
    const place = error.message.includes(name) ? '' : `, ${name}`;
    const option = error.code === 'other-hash-key' ? ` (--${which}-hash-key FILE)` : '';
    throw new KeyStoreError(error.code, `The ${which} keys${place}: ${error.message}${option}`, { cause: error });
  }
}

/** The keys that replace them, of no use to an engine until they are put in place. */
export interface NewKeys {
  readonly store: RekeyableKeyStore;
  /** Whether they were put in place before. */
  readonly proven: boolean;
  /** Puts them in place. The store is of no use afterwards. */
  putInPlace(): Promise<void>;
  /** Takes them away, where there were none before they were opened. The store is of no use afterwards, but to be closed. */
  discard(): Promise<void>;
}

export async function openNewKeys(place: KeysLocation, hashKey: Uint8Array | null): Promise<NewKeys> {
  return named(place, 'new', () => opened(place, hashKey === null ? {} : { hashKey }));
}

async function opened(place: KeysLocation, own: { readonly hashKey?: Uint8Array }): Promise<NewKeys> {
  if (place.kind === 'postgres') {
    const store = await openPostgresKeyStore({ url: place.url, moving: 'made', ...own });
    return { store, proven: store.proven, putInPlace: () => store.prove(), discard: () => store.discard() };
  }
  mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  const file = join(place.folder, KEYS);
  if (existsSync(file))
    return {
      ...{ store: openSqliteKeyStore({ file, ...own }), proven: true },
      ...{ putInPlace: () => Promise.resolve(), discard: () => Promise.resolve() },
    };
  const draft = join(place.folder, DRAFT);
  const wasThere = existsSync(draft);
  const store = openSqliteKeyStore({ file: draft, ...own });
  return {
    store,
    proven: false,
    putInPlace: async () => {
      // The store's own file is not whole, as long as its -wal file has not been folded into it, which closing does not promise.
      copyKeyStore(draft, file);
      await store.close();
      removeStore(draft);
    },
    discard: async () => {
      if (wasThere) return;
      await store.close();
      removeStore(draft);
    },
  };
}

function removeStore(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}
