import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#event-log';
import { BUILT_IN_POLICIES } from '#lifecycle';
import type { Row, Transaction } from '#database';
import { day } from '../../testdata/touchpoints.js';
import { loadPolicies } from './load-policies.js';
import { policyRow, typeRow } from './projection.js';
import { CUSTOM_TYPES, POLICIES } from './table.js';

const fact = (type: string, data: object, position = 7): RecordedEvent => ({
  ...{ stream: 'policies', source: 'perennial', id: `${type}-${position}`, type, schemaVersion: 1, occurredAt: day(1) },
  ...{ meta: '{}', data: JSON.stringify(data), position, revision: 0, recordedAt: day(2) },
});

describe('the row of a policy', () => {
  it('given the first policy, in the version of its time, has no beginning', () => {
    const row = policyRow(
      fact('policy-published', { version: 'v1', policy: { timeZone: 'UTC' }, effectiveFrom: null }),
    );
    expect(row).toEqual({
      ...{ position: 7, version: 'v1', policy: { timeZone: 'UTC' }, effective_from: null, recorded_at: day(2) },
      ...{ restates: false, reason: null, in_force_from: null, in_force_until: null },
    });
    expect(Object.keys(row).sort()).toEqual(Object.keys(POLICIES.columns).sort());
  });

  it('given a date, begins there; and twice gives the same row', () => {
    const published = fact('policy-published', { version: 'v2', policy: {}, effectiveFrom: '2024-02-01T00:00:00Z' });
    expect(policyRow(published)).toMatchObject({ effective_from: Date.UTC(2024, 1, 1) });
    expect(policyRow(published)).toEqual(policyRow(published));
  });
});

describe('the row of a custom type', () => {
  it('holds the definition under its name; without a name the name is empty', () => {
    const row = typeRow(fact('type-registered', { name: 'tasting-attended', signal: 'interest' }));
    expect(row).toEqual({
      ...{ position: 7, type: 'tasting-attended', recorded_at: day(2) },
      definition: { name: 'tasting-attended', signal: 'interest' },
    });
    expect(Object.keys(row).sort()).toEqual(Object.keys(CUSTOM_TYPES.columns).sort());
    expect(typeRow(fact('type-registered', {}))).toMatchObject({ type: '' });
  });
});

describe('the policies of the tables', () => {
  const [policy] = Object.values(BUILT_IN_POLICIES);
  const load = (rows: readonly Row[]) => loadPolicies({ query: () => Promise.resolve(rows) } as unknown as Transaction);

  const row = (version: string, at: number, more: Row = {}): Row => ({
    ...{ version, policy, effective_from: null, recorded_at: at, restates: false, moves_customers: false },
    ...more,
  });

  it('make the timeline, with a restatement from its date on', async () => {
    const { timeline, count } = await load([
      row('v1', day(2)),
      row('v2', day(9), { effective_from: day(4), restates: true }),
    ]);
    expect(count).toBe(2);
    expect(timeline.eras.map(({ version, from }) => [version, from])).toEqual([
      ['v1', -Infinity],
      ['v2', day(4)],
    ]);
  });

  it('tell when the past was last restated, by those that met customers', async () => {
    const before = row('v2', day(3), { restates: true });
    expect((await load([row('v1', day(2)), before])).restatedAt).toBe(-Infinity);
    const after = row('v3', day(9), { restates: true, moves_customers: true });
    expect((await load([row('v1', day(2)), before, after])).restatedAt).toBe(day(9));
  });
});
