import { openSqliteKeyStore } from './sqlite-key-store.js';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { keyStoreSuite, type KeyStorePlace } from '../testdata/key-store-suite.js';

let folder: string | null = null;

/** A file of its own for each test. */
const place: KeyStorePlace = {
  open: async (hashKey) => {
    folder ??= mkdtempSync(join(tmpdir(), 'perennial-keys-'));
    return openSqliteKeyStore({ file: join(folder, 'keys.db'), ...(hashKey === undefined ? {} : { hashKey }) });
  },
  clear: async () => {
    if (folder !== null) rmSync(folder, { recursive: true });
    folder = null;
  },
};

keyStoreSuite('the key store in SQLite', () => place);
