import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { formatInstant, streamOfFact } from '#contracts';
import { BUILT_IN_POLICIES, type Policy } from '#lifecycle';
import { order, specEngine, type SpecEngine } from '../testdata/engine.js';

const { retail } = BUILT_IN_POLICIES;
const at = (text: string): number => Date.parse(text);

interface Publication {
  readonly effectiveFrom?: number | null;
  readonly restates?: boolean;
}

async function publish(engine: SpecEngine, policy: Policy, options: Publication = {}): Promise<void> {
  const { effectiveFrom = engine.now, restates = false } = options;
  const version = `${policy.name}@${policy.version}`;
  await engine.log.append(streamOfFact('policy-published'), 'any', [
    {
      ...{ source: 'perennial/policies', id: version, type: 'policy-published', schemaVersion: 2, meta: '{}' },
      ...{ occurredAt: engine.now, contentHash: new Uint8Array(16).fill(policy.version) },
      data: JSON.stringify({
        ...{ version, policy, restates, reason: restates ? 'because' : null },
        effectiveFrom: effectiveFrom === null ? null : formatInstant(effectiveFrom),
      }),
    },
  ]);
}

const IN_UTC: Policy = { ...retail, name: 'mine', version: 1 };
const IN_BERLIN: Policy = { ...IN_UTC, version: 2, timeZone: 'Europe/Berlin', currency: 'EUR' };

describe('one zone, one answer', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    engine.now = at('2026-01-01T00:00:00Z');
    await publish(engine, IN_UTC, { effectiveFrom: null });
    // On the last evening of May 2024, half an hour before and half an hour after midnight in Berlin.
    engine.now = at('2026-01-02T00:00:00Z');
    await engine.tell(
      order({ userId: 'anna' }, at('2024-05-31T21:30:00Z'), 'A1', 1_000),
      order({ userId: 'anna' }, at('2024-05-31T22:30:00Z'), 'A2', 200),
      order({ userId: 'anna' }, at('2024-06-30T23:30:00Z'), 'A3', 30),
      order({ userId: 'ben' }, at('2024-05-31T22:30:00Z'), 'B1', 4),
    );
    engine.now = at('2026-02-01T00:00:00Z');
    await publish(engine, IN_BERLIN);
    await engine.catchUp();
  }, 60_000);
  afterAll(() => engine.close());

  const months = async (params: Readonly<Record<string, string>> = {}): Promise<unknown> =>
    (await engine.runQuery('revenue', params)).rows.map(({ period, netMinor }) => [period, Number(netMinor)]);

  it('gives the same months whatever as-of is: those of the policy in force now', async () => {
    const inBerlin = [
      ['2024-05-01', 1_000],
      ['2024-06-01', 204],
      ['2024-07-01', 30],
    ];
    expect(await months()).toEqual(inBerlin);
    expect(await months({ 'as-of': '2025-09-01' })).toEqual(inBerlin);
    expect(await months({ 'as-of': '2026-01-15T00:00:00Z' })).toEqual(inBerlin);
    expect(await months({ 'time-zone': 'UTC' })).toEqual([
      ['2024-05-01', 1_204],
      ['2024-06-01', 30],
    ]);
  });

  it('reads a date in the zone in which it reckons days', async () => {
    const { meta } = await engine.runQuery('revenue', { 'as-of': '2024-06-01' });
    expect(meta).toMatchObject({ asOf: '2024-05-31T22:00:00Z', timeZone: 'Europe/Berlin' });
    expect(await months({ 'as-of': '2024-06-01' })).toEqual([['2024-05-01', 1_000]]);
    const inUtc = { 'as-of': '2024-06-01', 'time-zone': 'UTC' };
    expect((await engine.runQuery('revenue', inUtc)).meta).toMatchObject({
      ...{ asOf: '2024-06-01T00:00:00Z', timeZone: 'UTC' },
    });
    expect(await months(inUtc)).toEqual([['2024-05-01', 1_204]]);
  });

  it('counts purchase days of rfm in that zone, as of any day', async () => {
    const rfm = async (params: Readonly<Record<string, string>>) =>
      (await engine.runQuery('rfm', params)).rows.map(({ identifier, frequency, recency, T }) => ({
        ...{ identifier, frequency, recency, T },
      }));
    for (const asOf of ['2024-07-02', '2025-01-01'])
      expect(await rfm({ 'as-of': asOf })).toContainEqual(
        expect.objectContaining({ identifier: 'anna', frequency: 2, recency: 31 }),
      );
    // In UTC the first two orders are of one day.
    expect(await rfm({ 'as-of': '2024-07-02', 'time-zone': 'UTC' })).toContainEqual(
      expect.objectContaining({ identifier: 'anna', frequency: 1, recency: 30 }),
    );
  });

  it('says zone, currency and version of the policy with each answer', async () => {
    for (const name of ['revenue', 'rfm', 'customers', 'stage-counts', 'stage-periods', 'policies', 'lag'])
      expect((await engine.runQuery(name)).meta).toMatchObject({
        ...{ timeZone: 'Europe/Berlin', currency: 'EUR', policyVersion: 'mine@2', complete: true },
      });
  });

  it('counts the days of stages in that zone, and those of another when they are asked for', async () => {
    const entered = async (params: Readonly<Record<string, string>>) =>
      (await engine.all('stage-counts', params))
        .filter(({ phase, entered }) => phase === 'onboarding' && Number(entered) > 0)
        .map(({ day, entered }) => [day, entered]);
    expect(await entered({})).toEqual([
      ['2024-05-31', 1],
      ['2024-06-01', 1],
    ]);
    expect(await entered({ 'time-zone': 'UTC' })).toEqual([['2024-05-31', 2]]);
    for (const timeZone of ['Asia/Tokyo', 'America/New_York', 'Europe/Berlin']) {
      const { rows, meta } = await engine.runQuery('stage-counts', { 'time-zone': timeZone });
      expect(meta).toMatchObject({ timeZone, complete: true });
      const moves = rows.reduce((sum, row) => sum + Number(row['entered']) - Number(row['left']), 0);
      expect(moves).toBe(2);
    }
  });

  it.each(['Berlin', '+02:00', 'CEST?', 'Europe/../UTC', ''])('rejects the zone %j', async (timeZone) => {
    await expect(engine.runQuery('revenue', { 'time-zone': timeZone })).rejects.toMatchObject({
      issues: [{ pointer: '#/time-zone' }],
    });
  });

  it('asks one customer’s questions under the policies known then', async () => {
    const stage = async (params: Readonly<Record<string, string>>) =>
      (await engine.runQuery('stage', { identifier: 'userId:anna', ...params })).meta;
    expect(await stage({ 'as-of': '2026-03-01' })).toMatchObject({
      ...{ asOf: '2026-02-28T23:00:00Z', timeZone: 'Europe/Berlin', policyVersion: 'mine@2' },
    });
    // The first policy was in force then, and its days are those of UTC.
    expect(await stage({ 'as-of': '2024-06-01' })).toMatchObject({
      ...{ asOf: '2024-06-01T00:00:00Z', timeZone: 'UTC', currency: null, policyVersion: 'mine@1' },
    });
    expect(await stage({ 'as-of': '2026-03-01', 'known-at': '2026-01-20T00:00:00Z' })).toMatchObject({
      ...{ asOf: '2026-03-01T00:00:00Z', timeZone: 'UTC', policyVersion: 'mine@1' },
    });
    await expect(stage({ 'time-zone': 'UTC' })).rejects.toMatchObject({ issues: [{ pointer: '#/time-zone' }] });
  });

  it('tells of each policy when it holds, and which replaced it', async () => {
    engine.now = at('2026-03-01T00:00:00Z');
    await publish(engine, { ...IN_BERLIN, version: 3 }, { effectiveFrom: at('2027-01-01T00:00:00Z') });
    const then = (await engine.runQuery('policies')).rows.map(({ policy: _, ...row }) => row);
    expect(then).toMatchObject([
      { version: 'mine@1', inForceFrom: null, inForceUntil: '2026-02-01T00:00:00Z', status: 'past' },
      { version: 'mine@2', inForceUntil: '2027-01-01T00:00:00Z', status: 'in force', restates: false, reason: null },
      { version: 'mine@3', inForceFrom: '2027-01-01T00:00:00Z', inForceUntil: null, status: 'to come' },
    ]);
    await publish(engine, { ...IN_BERLIN, version: 4 }, { effectiveFrom: null, restates: true });
    const now = (await engine.runQuery('policies')).rows;
    expect(now.map(({ version, status }) => `${String(version)} ${String(status)}`)).toEqual([
      ...['mine@1 replaced', 'mine@2 replaced', 'mine@3 to come', 'mine@4 in force'],
    ]);
    expect(now[3]).toMatchObject({ effectiveFrom: null, inForceFrom: null, restates: true, reason: 'because' });
  });

  it('is not complete until all customers are folded under the policy that holds', async () => {
    const complete = async (name: string): Promise<boolean> => (await engine.runQuery(name)).meta.complete;
    expect(await complete('customers')).toBe(true);
    await engine.database.transaction(async (tx) => {
      await tx.query(`SET LOCAL search_path TO rm_1, perennial`);
      await tx.query(
        `INSERT INTO dirty (customer_id, position, pending, reason, since)
         SELECT customer_id, 1, 0, 'policy-restated', now() FROM customers LIMIT 1`,
      );
    });
    expect(await complete('customers')).toBe(false);
    await engine.catchUp();
    expect(await complete('customers')).toBe(true);
  });
});
