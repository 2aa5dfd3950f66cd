import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { copyKeyStore, KeyStoreError, openPostgresKeyStore, openSqliteKeyStore, type RekeyableKeyStore } from '#keys';
import { issueText } from '#contracts';
import { ConfigError, readSetting } from '#platform';
import { rejected, usage } from '../exit-codes.js';
import type { LogLocation } from './log-location.js';

const KEYS = 'keys.db';
/** The new key store until the copy is verified: an engine that starts too early does not find it. */
const UNVERIFIED = 'keys.db.new';

/** Where keys are: in a folder, or in a database. */
export type KeysLocation =
  | { readonly kind: 'folder'; readonly name: string; readonly folder: string }
  | { readonly kind: 'postgres'; readonly name: string; readonly url: string };

/** Parses an option; without it, the keys are in the folder of the log. */
export function parseKeysLocation(option: string, given: string | undefined, log: LogLocation): KeysLocation {
  if (given === undefined) {
    if (log.kind === 'sqlite') return inFolder(log.folder);
    throw usage(
      `${option} is required, since ${log.name} has no folder for keys: give their folder, or the address of their database as in KEYS_URL.`,
    );
  }
  if (!/^[a-z][\w+.-]*:\/\//i.test(given)) return inFolder(resolve(given));
  try {
    const url = readSetting('KEYS_URL', given) ?? given;
    const { host, pathname } = new URL(url);
    return { kind: 'postgres', name: `the database ${decodeURIComponent(pathname.slice(1))} at ${host}`, url };
  } catch {
    // An address may hold a password: the error does not repeat it.
    throw usage(
      `${option} must be the location of keys: give a folder, or an address such as postgres://user:password@host:5432/database.`,
    );
  }
}

const inFolder = (folder: string): KeysLocation => ({ kind: 'folder', name: join(folder, KEYS), folder });

/** Reads the hash key from a file, where it is kept apart from the keys. */
export function readHashKey(option: string, file: string | undefined): Uint8Array | null {
  if (file === undefined) return null;
  try {
    return readSetting('HASH_KEY', `file:${file}`);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw usage(error.issues.map((issue) => `${issueText(issue, () => option)}.`).join('\n'));
  }
}

/** Throws, before anything is written, where the keys do not exist. A database is checked when it is opened. */
export function assertKeysExist(option: string, place: KeysLocation): void {
  if (place.kind === 'folder' && !existsSync(join(place.folder, KEYS)))
    throw rejected(
      `${option}: there are no keys in ${place.folder}. Give their folder, or the address of their database as in KEYS_URL.`,
    );
}

/** The keys that are replaced; they are only read. */
export async function openOldKeys(place: KeysLocation, hashKey: Uint8Array | null): Promise<RekeyableKeyStore> {
  const own = hashKey === null ? {} : { hashKey };
  return named(place, 'old', async () =>
    place.kind === 'folder'
      ? openSqliteKeyStore({ file: join(place.folder, KEYS), ...own })
      : openPostgresKeyStore({ url: place.url, moving: 'replaced', ...own }),
  );
}

/** Adds to an error which of the two key stores it is about, and the option that may fix it. */
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

/** The keys that replace the old ones. An engine cannot use them until they are activated. */
export interface NewKeys {
  readonly store: RekeyableKeyStore;
  /** Whether they were activated before. */
  readonly proven: boolean;
  /** Activates them. The store cannot be used afterwards. */
  activate(): Promise<void>;
  /** Deletes them, unless they existed before they were opened. The store can only be closed afterwards. */
  discard(): Promise<void>;
}

export async function openNewKeys(place: KeysLocation, hashKey: Uint8Array | null): Promise<NewKeys> {
  return named(place, 'new', () => opened(place, hashKey === null ? {} : { hashKey }));
}

async function opened(place: KeysLocation, own: { readonly hashKey?: Uint8Array }): Promise<NewKeys> {
  if (place.kind === 'postgres') {
    const store = await openPostgresKeyStore({ url: place.url, moving: 'made', ...own });
    return { store, proven: store.proven, activate: () => store.prove(), discard: () => store.discard() };
  }
  mkdirSync(place.folder, { recursive: true, mode: 0o700 });
  const file = join(place.folder, KEYS);
  if (existsSync(file))
    return {
      ...{ store: openSqliteKeyStore({ file, ...own }), proven: true },
      ...{ activate: () => Promise.resolve(), discard: () => Promise.resolve() },
    };
  const unverified = join(place.folder, UNVERIFIED);
  const wasThere = existsSync(unverified);
  const store = openSqliteKeyStore({ file: unverified, ...own });
  return {
    store,
    proven: false,
    activate: async () => {
      // Closing does not promise that the -wal file was merged into the store's own file: copying the store does.
      copyKeyStore(unverified, file);
      await store.close();
      removeStore(unverified);
    },
    discard: async () => {
      if (wasThere) return;
      await store.close();
      removeStore(unverified);
    },
  };
}

function removeStore(file: string): void {
  for (const end of ['', '-wal', '-shm']) rmSync(file + end, { force: true });
}
