import { describe, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { openSqliteKeyStore } from '#keys';
import { ExpiryKeeper } from './expiry-keeper.js';

describe('bodies that are kept for a time', () => {
  it('are destroyed at the first start after their time, and counted in the log', async () => {
    const keys = openSqliteKeyStore({ file: ':memory:' });
    const id = 'a'.repeat(32);
    await keys.createListed([{ id, listedUnder: [], keepUntil: 30 * DAY }]);
    const lines: unknown[] = [];
    const keeper = new ExpiryKeeper(keys, { now: () => 30 * DAY }, {
      info: (fields: unknown) => void lines.push(fields),
      warn: (fields: unknown) => void lines.push(fields),
    } as never);
    keeper.start();
    await keeper.stop();
    expect((await keys.keysFor([id])).get(id)).toBe('erased');
    expect(lines).toEqual([{ bodies: 1 }]);
    await keys.close();
  });
});
