import { createInterface } from 'node:readline';
import { ApiKeys } from '../api-keys/api-keys.js';
import { openPostgresKeyStore } from '../open-keys.js';

/** A process of its own on the same keys: answers each key that it reads with `in` or `out`. */
const store = await openPostgresKeyStore({ url: process.argv[2] ?? '' });
const apiKeys = await ApiKeys.open(store.apiKeys, { now: () => Date.now() });
for await (const key of createInterface({ input: process.stdin }))
  process.stdout.write(`${apiKeys.authenticate(key) === null ? 'out' : 'in'}\n`);
await store.close();
