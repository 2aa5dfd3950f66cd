import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { type Engine, startEngine } from '../engine.js';

const ANN = 'email:ann@shop.example';
const at = (daysAgo: number): string => new Date(Date.now() - daysAgo * DAY).toISOString();

interface Example {
  readonly id: string;
  readonly type?: string;
  readonly daysAgo: number;
  readonly data?: Record<string, unknown>;
  readonly identifiers?: readonly Record<string, string>[];
}

/** A touchpoint of Ann in the plain JSON form, by default an order. */
const touchpoint = ({ id, type = 'order-placed', daysAgo, data, identifiers }: Example) => ({
  id,
  source: 'shop',
  type,
  channel: 'web',
  time: at(daysAgo),
  identifiers: identifiers ?? [{ namespace: 'email', value: 'Ann@shop.example', role: 'self' }],
  data: data ?? {
    orderId: id,
    currency: 'EUR',
    lines: [{ sku: 'A', category: 'books', quantity: 1, unitPriceMinor: 1_990 }],
  },
});

describe('a channel, a marketer and an auditor in their first hour', () => {
  let folder: string;
  let engine: Engine;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'perennial-journey-'));
    engine = await startEngine(folder);
  }, 120_000);
  afterAll(async () => {
    await engine.kill();
    rmSync(folder, { recursive: true, force: true });
  });

  const publish = async (...examples: Example[]) =>
    (await engine.request('POST', '/v1/touchpoints', examples.map(touchpoint))).body;
  const query = async (name: string, params: Record<string, string>) => {
    const answer = await engine.request(
      'GET',
      `/v1/query/${name}?${new URLSearchParams(params).toString()}`,
      undefined,
      {
        'perennial-purpose': 'audit',
      },
    );
    expect({ name, ...answer }).toMatchObject({ status: 200 });
    return answer.body.rows;
  };
  /** Repeats a request until the answer is the expected one: the read models follow the log with a delay. */
  const eventually = async <T>(read: () => Promise<T>, isExpected: (answer: T) => boolean): Promise<T> => {
    for (let attempts = 0; attempts < 400; attempts += 1) {
      const answer = await read().catch(() => null);
      if (answer !== null && isExpected(answer)) return answer;
      await new Promise((wake) => setTimeout(wake, 50));
    }
    return read();
  };
  const phases = async () => (await query('history', { identifier: ANN })).map(({ phase }: { phase: string }) => phase);

  it('accepts a touchpoint and shows the stage it leads to', async () => {
    expect(await publish({ id: 'o-1', daysAgo: 200 })).toMatchObject({ received: 1, accepted: 1, quarantined: 0 });
    const rows = await eventually(
      () => query('customer', { identifier: ANN }),
      (answer) => answer.length === 1,
    );
    expect(rows[0]).toMatchObject({ stage: 'retention', phase: 'lapsed', cycle: 1, orders: 1 });
    expect(rows[0].revenue).toEqual([{ amountMinor: 1_990, currency: 'EUR' }]);
  });

  it('explains the stage: why, since when, and what comes next', async () => {
    const [why] = await query('explain', { identifier: ANN });
    expect(why).toMatchObject({ phase: 'lapsed', policyVersion: 'retail@1' });
    expect(why.deadline).toMatchObject({ kind: 'lapsed' });
    expect(why.text).toContain('retail@1');
    expect(why.next[0]).toMatchObject({ kind: 'lost' });
  });

  it('answers the same publication twice with duplicate, and another content under the same id with quarantine', async () => {
    const [same] = [touchpoint({ id: 'o-same', daysAgo: 150 })];
    expect((await engine.request('POST', '/v1/touchpoints', [same])).body).toMatchObject({ accepted: 1 });
    expect((await engine.request('POST', '/v1/touchpoints', [same])).body).toMatchObject({
      accepted: 0,
      duplicate: 1,
    });
    const other = { ...same, data: { ...same?.data, orderId: 'another' } };
    const reused = (await engine.request('POST', '/v1/touchpoints', [other])).body;
    expect(reused).toMatchObject({ quarantined: 1 });
    expect(reused.results[0]).toMatchObject({ outcome: 'quarantined', code: 'id-reused' });
  });

  it('changes the history when a late event arrives, and still shows what was known before', async () => {
    const known = await eventually(phases, (answer) => answer.includes('active'));
    expect(known).toEqual(['onboarding', 'active', 'at-risk', 'lapsed']);
    const before = new Date().toISOString();
    await publish({ id: 'o-late', daysAgo: 50 });
    const now = await eventually(phases, (answer) => answer.at(-1) === 'active');
    expect(now).toEqual(['onboarding', 'active', 'at-risk', 'active']);
    const then = await query('history', { identifier: ANN, 'known-at': before });
    expect(then.map(({ phase }: { phase: string }) => phase)).toEqual(known);
  });

  it('merges two subjects when a login carries both', async () => {
    const visitor = [{ namespace: 'anonymousId', value: 'v-77', role: 'self' }];
    await publish({ id: 'visit', type: 'site-visited', daysAgo: 20, data: {}, identifiers: visitor });
    await eventually(
      () => query('customer', { identifier: 'anonymousId:v-77' }),
      (rows) => rows.length === 1,
    );
    const both = [...visitor, { namespace: 'email', value: 'ann@shop.example', role: 'self' }];
    await publish({ id: 'login', type: 'site-visited', daysAgo: 19, data: {}, identifiers: both });
    const [ann] = await query('customer', { identifier: ANN });
    const rows = await eventually(
      () => query('customer', { identifier: 'anonymousId:v-77' }),
      (answer) => answer[0]?.customerId === ann.customerId,
    );
    expect(rows[0].customerId).toBe(ann.customerId);
  });

  it('quarantines an invalid event with a pointer and a detail, and accepts it once it is fixed, with its original time', async () => {
    const broken = { id: 'o-bad', daysAgo: 3, data: { orderId: 'o-bad', currency: 'EURO', lines: [] } };
    const result = await publish(broken, { id: 'o-good', daysAgo: 4 });
    expect(result).toMatchObject({ received: 2, accepted: 1, quarantined: 1 });
    const [bad] = result.results;
    expect(bad).toMatchObject({ outcome: 'quarantined', code: 'data-invalid' });
    const released = await engine.request('POST', `/v1/quarantine/${bad.quarantineId}/release`, {
      fixed: touchpoint({ id: 'o-bad', daysAgo: 3 }),
    });
    expect(released).toMatchObject({ status: 200 });
    const orders = await eventually(
      () => query('orders', { identifier: ANN }),
      (rows) => rows.some(({ orderId }: { orderId: string }) => orderId === 'o-bad'),
    );
    expect(orders.map(({ orderId }: { orderId: string }) => orderId)).toContain('o-bad');
  });

  it('has an outcome for everything that it received', async () => {
    const outcomes = await eventually(
      () => query('outcomes', { source: 'shop' }),
      (rows) => rows.some(({ quarantined }: { quarantined: number }) => quarantined === 2),
    );
    for (const { received, accepted, duplicate, quarantined, suppressed } of outcomes)
      expect(accepted + duplicate + quarantined + suppressed).toBe(received);
  });

  it('rejects a request without an API key', async () => {
    const answer = await fetch(`${engine.url}/v1/query/customers`);
    expect(answer.status).toBe(401);
    expect(answer.headers.get('content-type')).toContain('application/problem+json');
  });

  it('erases a customer for good', async () => {
    const erased = await engine.request('POST', '/v1/erasures', {
      identifiers: [{ namespace: 'email', value: 'ann@shop.example' }],
    });
    expect(erased.status).toBeLessThan(300);
    expect(await publish({ id: 'o-after', daysAgo: 1 })).toMatchObject({ accepted: 0, suppressed: 1 });
    const names = await eventually(
      () => query('customers', { limit: '10' }),
      (rows) => rows.every(({ identifier }: { identifier: string | null }) => identifier === null),
    );
    expect(JSON.stringify(names)).not.toContain('ann@shop.example');
  });

  it('stops on its signal, and has everything again after a start', async () => {
    const before = await query('stage-counts', {});
    expect(await engine.stop()).toBe(0);
    engine = await startEngine(folder);
    expect(await query('stage-counts', {})).toEqual(before);
  }, 120_000);
});
