import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { DAY } from '#contracts';
import type { AccessRows, ApiKeyTable } from './api-key-row.js';
import { ApiKeys } from './api-keys.js';
import { KeyExpiryWatch } from './key-expiry-watch.js';

const NOW = Date.UTC(2026, 0, 31);

/** A table in memory that several processes share; each learns of changes when it polls. */
function sharedTable(): { table: () => ApiKeyTable; poll: () => Promise<void>; written: Map<string, number>[] } {
  let rows: AccessRows = { keys: [], blocks: [] };
  const listeners: ((rows: AccessRows) => void)[] = [];
  const written: Map<string, number>[] = [];
  const keysWith = (id: string, change: object): void => {
    rows = { ...rows, keys: rows.keys.map((row) => (row.id === id ? { ...row, ...change } : row)) };
  };
  const table = (): ApiKeyTable => ({
    readAll: async () => rows,
    insert: async (row) => void (rows = { ...rows, keys: [...rows.keys, row] }),
    insertFirst: async () => false,
    revoke: async (id, revokedAt) => keysWith(id, { revokedAt }),
    expire: async (id, expiresAt) => keysWith(id, { expiresAt }),
    used: async (lastUsed) => void written.push(new Map(lastUsed)),
    block: async (row) => void (rows = { ...rows, blocks: [...rows.blocks, row] }),
    unblock: async (principal, liftedAt) => {
      rows = {
        ...rows,
        blocks: rows.blocks.map((row) => (row.principal === principal ? { ...row, liftedAt } : row)),
      };
    },
    upsertAll: async () => undefined,
    onPolled: (listener) => void listeners.push(listener),
    close: () => undefined,
  });
  return { table, written, poll: async () => listeners.forEach((listener) => listener(rows)) };
}

describe('API keys that processes share', () => {
  const clock = { at: NOW, now: () => clock.at };
  beforeEach(() => {
    clock.at = NOW;
  });
  const open = async () => {
    const shared = sharedTable();
    const [one, other] = [await ApiKeys.open(shared.table(), clock), await ApiKeys.open(shared.table(), clock)];
    const { key, record, stored } = one.create('till', ['publish'], { expiresAt: NOW + 100 * DAY });
    await stored;
    await shared.poll();
    return { ...shared, one, other, key, id: record.id };
  };

  it('are valid until they expire, in each process', async () => {
    const { one, other, key } = await open();
    clock.at = NOW + 100 * DAY - 1;
    expect([one.authenticate(key), other.authenticate(key)]).toEqual([
      expect.objectContaining({ name: 'till' }),
      expect.objectContaining({ name: 'till' }),
    ]);
    clock.at += 1;
    expect([one.authenticate(key), other.authenticate(key)]).toEqual([null, null]);
  });

  it('are rotated for every process, and rows read a moment before change nothing', async () => {
    const { one, other, key, id, poll, table } = await open();
    const before = await table().readAll();
    const rotated = one.rotate(id, 7 * DAY);
    await rotated?.stored;
    expect(rotated?.record).toMatchObject({ replaces: id, expiresAt: NOW + 100 * DAY, permissions: ['publish'] });
    await poll();
    // A poll of this process that was under way meanwhile.
    (one as unknown as { merge(rows: AccessRows): void }).merge(before);
    clock.at = NOW + 7 * DAY - 1;
    for (const process of [one, other]) expect(process.authenticate(key)).not.toBeNull();
    clock.at += 1;
    for (const process of [one, other]) {
      expect(process.authenticate(key)).toBeNull();
      expect(process.authenticate(rotated?.key ?? '')).not.toBeNull();
    }
    expect(one.rotate(id, DAY)).toBeNull();
  });

  it('are blocked and unblocked for every process', async () => {
    const { one, other, key, id, poll } = await open();
    await one.block(`key:${id}`, 'local');
    expect(one.authenticate(key)).toBeNull();
    await poll();
    expect(other.authenticate(key)).toBeNull();
    await other.unblock(`key:${id}`);
    clock.at += 1;
    await poll();
    expect([one.authenticate(key), other.authenticate(key)]).not.toContain(null);
    await other.block(`key:${id}`, 'local');
    await poll();
    expect([one.authenticate(key), other.authenticate(key)]).toEqual([null, null]);
  });

  it('report a wrong secret of a known key, and no unknown id', async () => {
    const { one, key } = await open();
    const wrong: string[] = [];
    one.onWrongSecret = (id) => wrong.push(id);
    const id = key.slice(3, 15);
    one.authenticate(`pk_${id}_${'A'.repeat(43)}`);
    one.authenticate(`pk_000000000000_${'A'.repeat(43)}`);
    one.authenticate(key);
    expect(wrong).toEqual([id]);
  });

  describe('and their use', () => {
    beforeEach(() => void jest.useFakeTimers());
    afterEach(() => void jest.useRealTimers());

    it('is shown at once, and written at most once a minute', async () => {
      const { one, key, id, written } = await open();
      for (let n = 0; n < 500; n += 1) {
        clock.at += 1_000;
        one.authenticate(key);
        await jest.advanceTimersByTimeAsync(1_000);
      }
      expect(one.find(id)?.lastUsedAt).toBe(clock.at);
      expect(written.length).toBe(8);
      await one.close();
      expect(written.at(-1)).toEqual(new Map([[id, clock.at]]));
      await one.close();
      expect(written.length).toBe(9);
    });
  });

  it('are warned of 30, 7 and 1 days before they expire, once each, and no more when they were rotated', async () => {
    const { one, id } = await open();
    const lines: string[] = [];
    const watch = new KeyExpiryWatch(one, clock, { warn: (_: object, line: string) => lines.push(line) } as never);
    for (let day = 0; day < 99; day += 1) {
      clock.at = NOW + day * DAY;
      watch.check();
    }
    expect(lines.map((line) => /within (.*):/.exec(line)?.[1])).toEqual(['30 days', '7 days']);
    clock.at = NOW + 99 * DAY;
    watch.check();
    expect(lines.length).toBe(3);
    expect(watch.health()).toMatchObject({ ok: false, required: false, detail: expect.stringContaining('a day') });
    expect(watch.health().detail).not.toContain('till');
    await one.rotate(id, 12 * 3_600_000)?.stored;
    expect(watch.health()).toEqual({ ok: true });
  });
});
