import { createHmac } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import type { MoveTarget, RecordedEvent } from '#event-log';
import { openSqliteKeyStore, rekeyKeyStore, type SqliteKeyStore } from '#keys';
import { memoryLog } from '#testing';
import { KeyChange, KeyMapping } from './key-change.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const id = (n: number): string => n.toString(16).padStart(32, '0');

async function keys(): Promise<{ readonly old: SqliteKeyStore; readonly fresh: SqliteKeyStore }> {
  const old = openSqliteKeyStore({ file: ':memory:' });
  const fresh = openSqliteKeyStore({ file: ':memory:' });
  await rekeyKeyStore(old, fresh, { proven: false });
  return { old, fresh };
}

function mappingOf(pairs: readonly (readonly [number, number])[]): KeyMapping {
  const mapping = new KeyMapping();
  for (const [before, after] of pairs) mapping.add({ before: id(before), after: id(after), erased: before === 1 });
  return mapping;
}

describe('the mapping of old names to new ones', () => {
  it('counts each subject once, and has one digest however often and in whatever order they are met', () => {
    const mapping = mappingOf([
      [1, 11],
      [2, 12],
      [1, 11],
    ]);
    expect(mapping).toMatchObject({ subjects: 2, erased: 1 });
    const digest = mapping.digest(Buffer.alloc(32, 1));
    expect(
      mappingOf([
        [2, 12],
        [1, 11],
      ]).digest(Buffer.alloc(32, 1)),
    ).toBe(digest);
    expect(
      mappingOf([
        [2, 11],
        [1, 12],
      ]).digest(Buffer.alloc(32, 1)),
    ).not.toBe(digest);
    expect([...mapping]).toEqual([
      [id(1), id(11)],
      [id(2), id(12)],
    ]);
    // Who has not the new key can try no table against it.
    expect(mapping.digest(Buffer.alloc(32, 2))).not.toBe(digest);
  });
});

describe('the digest of a mapping', () => {
  it('is that of all lines in the order of the old names, whatever these begin with', () => {
    const mapping = new KeyMapping();
    const names = ['ff', '00', '7f', '01', 'f0', '10'].map((start) => start.padEnd(32, '5'));
    for (const before of names) mapping.add({ before, after: before.split('').reverse().join(''), erased: false });
    const expected = createHmac('sha256', Buffer.alloc(32, 1)).update('perennial key mapping v1\n');
    for (const before of [...names].sort()) expected.update(`${before} ${before.split('').reverse().join('')}\n`);
    expect(mapping.digest(Buffer.alloc(32, 1))).toBe(expected.digest('hex'));
  });
});

describe('the change of a hash key', () => {
  it('is recorded once, whatever a later call states, and holds no subject', async () => {
    const { old, fresh } = await keys();
    const log = memoryLog({ clock: { now: () => NOW } });
    const change = new KeyChange(old, fresh);
    const mapping = mappingOf([
      [1, 11],
      [2, 12],
    ]);
    const first = await change.record(log, { events: 7, mapping, by: 'me' }, NOW);
    expect(first).toMatchObject({ formerCheck: old.hashKeyCheck, check: fresh.hashKeyCheck, events: 7, by: 'me' });
    expect(await new KeyChange(old, fresh).record(log, { events: 7, mapping, by: 'you' }, NOW + 1)).toEqual(first);
    const all: RecordedEvent[] = [];
    for await (const page of log.readAll(0)) all.push(...page);
    expect(all).toMatchObject([{ stream: 'privacy', type: 'hash-key-changed', schemaVersion: 1, occurredAt: NOW }]);
    for (const name of [1, 2, 11, 12]) expect(JSON.stringify(all)).not.toContain(id(name));
  });

  it('is not seen by the move that made it, and nothing can be moved behind it', async () => {
    const { old, fresh } = await keys();
    const log = memoryLog({ clock: { now: () => NOW } });
    const change = new KeyChange(old, fresh);
    const imported: unknown[] = [];
    const target: MoveTarget = {
      readAll: (after, options) => log.readAll(after, options),
      belongTo: async () => {},
      importEvents: async (events) => void imported.push(...events),
    };
    const seen = async (to: MoveTarget): Promise<number> => {
      let events = 0;
      for await (const page of to.readAll(0)) events += page.length;
      return events;
    };
    const open = change.target(target);
    expect(await seen(open)).toBe(0);
    await open.importEvents([]);
    await change.record(log, { events: 0, mapping: mappingOf([]), by: 'me' }, NOW);
    const ended = change.target(target);
    expect(await seen(ended)).toBe(0);
    await expect(ended.importEvents([])).rejects.toMatchObject({ code: 'occupied' });
    // Another move's change is an event like any other.
    const other = await keys();
    expect(await seen(new KeyChange(other.old, other.fresh).target(target))).toBe(1);
  });
});
