import { describe, expect, it } from '@jest/globals';
import type { EventLog } from '#event-log';
import { memoryLog } from '#testing';
import type { QueryContext, QueryRequest } from '../running/query.js';
import { privacy } from './privacy.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const id = (n: number): string => n.toString(16).padStart(32, '0');
const changed = {
  ...{ formerCheck: id(1), check: id(2), events: 4, subjects: 3, erased: 1, mapping: '0'.repeat(64) },
  ...{ command: 'perennial move --rekey', by: 'ticket 7' },
};

async function told(): Promise<EventLog> {
  const log = memoryLog({ clock: { now: () => NOW } });
  const facts: [string, object, object][] = [
    ['hash-key-adopted', {}, { check: id(2) }],
    ['person-erased', { by: 'admin' }, { subjectIds: [id(3), id(4)], customerId: id(3) }],
    ['hash-key-changed', {}, changed],
  ];
  for (const [at, [type, meta, data]] of facts.entries()) {
    const contentHash = Buffer.alloc(16, at);
    const named = { source: 'perennial/privacy', id: `${at}`, type, schemaVersion: 1, occurredAt: NOW, contentHash };
    const event = { ...named, meta: JSON.stringify(meta), data: JSON.stringify(data) };
    await log.appendMany([{ stream: 'privacy', event }]);
  }
  return log;
}

/** All rows, so many to a page. */
async function rowsOf(log: EventLog, limit: number): Promise<unknown[]> {
  const rows: unknown[] = [];
  for (let after: QueryRequest<object>['after'] = null; ;) {
    const page = await privacy.answer(
      { log } as QueryContext,
      { after, limit } as Parameters<typeof privacy.answer>[1],
    );
    rows.push(...page.rows);
    if (page.next === null) return rows;
    after = page.next;
  }
}

describe('the query privacy', () => {
  it('lists each erasure and each change of the hash key, with who did it and how many it concerned', async () => {
    const log = await told();
    const rows = await rowsOf(log, 100);
    expect(rows).toEqual(
      [
        ...[{ position: 1, what: 'hash-key-adopted', by: null, subjects: null, customerId: null }],
        ...[{ position: 2, what: 'person-erased', by: 'admin', subjects: 2, customerId: id(3) }],
        ...[{ position: 3, what: 'hash-key-changed', by: 'ticket 7', subjects: 3, customerId: null }],
      ].map((row) => ({ ...row, recordedAt: NOW, detail: expect.any(Object) })),
    );
    expect(rows[2]).toMatchObject({ detail: changed });
  });

  it('gives the same in pages', async () => {
    const log = await told();
    for (const limit of [1, 2, 3]) expect(await rowsOf(log, limit)).toEqual(await rowsOf(log, 100));
  });
});
