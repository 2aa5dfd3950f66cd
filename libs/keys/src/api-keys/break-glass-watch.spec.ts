import { describe, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { PERMISSIONS, type Act } from '#platform';
import { openSqliteKeyStore } from '../sqlite/sqlite-key-store.js';
import { ApiKeys } from './api-keys.js';
import { BreakGlassWatch } from './break-glass-watch.js';

describe('the admin key of the first start', () => {
  it('is on record once for each day on which it is used', async () => {
    const clock = { at: Date.UTC(2026, 0, 31, 12), now: () => clock.at };
    const store = openSqliteKeyStore({ file: ':memory:' });
    const keys = await ApiKeys.open(store.apiKeys, clock);
    const recorded: Act[] = [];
    const acts = { record: async (act: Act) => void recorded.push(act) };
    const watch = new BreakGlassWatch(keys, acts, { warn: () => undefined });
    const key = String(await keys.createAdminOnce());
    clock.at += 1;
    const { key: other } = keys.create('admin', PERMISSIONS);
    await watch.check();
    keys.authenticate(other);
    await watch.check();
    expect(recorded).toEqual([]);
    keys.authenticate(key);
    await watch.check();
    keys.authenticate(key);
    await watch.check();
    expect(recorded.map(({ name, data }) => [name, data])).toEqual([
      ['break-glass-used', { keyId: key.slice(3, 15), day: '2026-01-31' }],
    ]);
    clock.at += DAY;
    keys.authenticate(key);
    await watch.check();
    expect(recorded).toHaveLength(2);
    await store.close();
  });
});
