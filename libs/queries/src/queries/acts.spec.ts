import { describe, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { RecordedActs } from '#event-log';
import { memoryLog } from '#testing';
import type { QueryContext, QueryRequest } from '../running/query.js';
import { acts } from './acts.js';

const NOW = Date.UTC(2026, 0, 31, 12);

describe('the query acts', () => {
  const clock = { at: NOW, now: () => clock.at };

  const rowsOf = async (params: object, limit = 100): Promise<Record<string, unknown>[]> => {
    const rows: Record<string, unknown>[] = [];
    for (let after: QueryRequest<object>['after'] = null; ;) {
      const page = await acts.answer(
        { log, clock } as unknown as QueryContext,
        { after, limit, params: { from: null, to: null, by: null, kind: null, ...params } } as unknown as Parameters<
          typeof acts.answer
        >[1],
      );
      rows.push(...page.rows);
      if (page.next === null) return rows;
      after = page.next;
    }
  };
  const log = memoryLog({ clock });

  it('lists who did what, by time, principal and kind, whole and in pages, without sealed values', async () => {
    const recorded = new RecordedActs(log, clock);
    const [one, other] = ['key:000000000001', 'local'];
    clock.at = NOW - 40 * DAY;
    await recorded.record({ name: 'key-revoked', by: one, data: { keyId: 'a' } });
    clock.at = NOW - 2 * DAY;
    await recorded.record({ name: 'principal-blocked', by: one, data: { principal: 'key:a' } });
    const webhook = { webhookId: '0'.repeat(32), change: 'paused', sealed: 'what is sealed' };
    await log.append('webhooks', 'any', [
      {
        ...{ source: 'perennial/webhooks', id: '1', type: 'webhook-changed', schemaVersion: 1, occurredAt: clock.at },
        ...{ contentHash: Buffer.alloc(16), meta: JSON.stringify({ by: other }), data: JSON.stringify(webhook) },
      },
    ]);
    clock.at = NOW;
    await recorded.record({ name: 'operation-started', by: other, data: { operation: 'rebuild' } });
    const all = await rowsOf({});
    expect(all).toEqual([
      expect.objectContaining({ position: 2, kind: 'principal-blocked', by: one, detail: { principal: 'key:a' } }),
      expect.objectContaining({ position: 3, kind: 'webhook-changed', by: other }),
      expect.objectContaining({ position: 4, kind: 'operation-started', by: other, recordedAt: NOW }),
    ]);
    expect(JSON.stringify(all)).not.toContain('what is sealed');
    expect(await rowsOf({}, 1)).toEqual(all);
    const kinds = async (params: object) => (await rowsOf(params)).map(({ kind }) => kind);
    expect(await kinds({ by: one })).toEqual(['principal-blocked']);
    expect(await kinds({ kind: 'operation-started' })).toEqual(['operation-started']);
    expect(await kinds({ from: NOW - 50 * DAY, to: NOW - 3 * DAY })).toEqual(['key-revoked']);
    expect(await kinds({ from: NOW - 50 * DAY, to: NOW })).toHaveLength(3);
  });
});
