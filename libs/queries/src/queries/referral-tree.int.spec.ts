import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS } from '#contracts';
import { day, iso, order, specEngine, type SpecEngine } from '../testdata/engine.js';

describe('the referral tree', () => {
  let engine: SpecEngine;
  const id = (name: string) => engine.subjectId('userId', name);
  /** `referrer` brought `referee`. */
  const brings = async (referrer: string, referee: string, at: number, test = false): Promise<void> => {
    const event = `${referrer}-${referee}`;
    const identifiers = [
      { namespace: 'userId', role: 'self', subjectId: id(referrer), sealed: 'sealed' },
      { namespace: 'userId', role: 'referee', subjectId: id(referee), sealed: 'sealed' },
    ];
    const meta = { channel: 'shop', identifiers, receivedAt: engine.now, ...(test ? { test } : {}) };
    const contentHash = createHash('md5').update(event).digest();
    await engine.log.append(STREAMS.subject(id(referrer)), 'any', [
      {
        ...{ source: 'shop', id: event, type: 'referral-converted', schemaVersion: 1, occurredAt: at, contentHash },
        ...{ meta: JSON.stringify(meta), data: '{}' },
      },
    ]);
  };
  beforeAll(async () => {
    engine = await specEngine();
    for (const [n, name] of ['ann', 'ben', 'cleo', 'dan', 'eve'].entries())
      await engine.record(order({ userId: name }, day(n), name.toUpperCase(), 1_000 * (n + 1)));
    // Told in another order than they happened.
    await brings('cleo', 'ann', day(30));
    await brings('ben', 'cleo', day(20));
    await brings('ann', 'ben', day(10));
    await brings('ann', 'dan', day(40));
    await brings('eve', 'dan', day(41));
    await brings('dan', 'stranger', day(42));
    await brings('dan', 'eve', day(43), true);
    await engine.catchUp();
  }, 120_000);
  afterAll(() => engine.close());

  const tree = (name: string, params: Readonly<Record<string, string>> = {}) =>
    engine.all('referral-tree', { identifier: `userId:${name}`, ...params });

  it('lists those that a customer brought, at first hand and after, with their revenue', async () => {
    expect((await tree('ann')).filter((row) => row['rejected'] === null)).toMatchObject([
      { level: 0, customerId: id('ann'), referrerId: null, brought: 2, broughtInAll: 3, depth: 2 },
      ...[
        { level: 1, customerId: id('ben'), referrerId: id('ann'), eventId: 'ann-ben', broughtInAll: 1 },
        { level: 1, customerId: id('dan'), referrerId: id('ann'), eventId: 'ann-dan', broughtInAll: 0 },
      ].sort((a, b) => (a.customerId < b.customerId ? -1 : 1)),
      { level: 2, customerId: id('cleo'), referrerId: id('ben'), revenue: [{ amountMinor: 3_000, currency: 'EUR' }] },
    ]);
  });

  it('refuses circles and second referrers, whatever order they came in, and lists them', async () => {
    expect((await tree('ann')).filter((row) => row['rejected'] !== null)).toMatchObject([
      { level: null, customerId: id('ann'), referrerId: id('cleo'), eventId: 'cleo-ann', rejected: 'cycle' },
      { level: null, customerId: id('dan'), referrerId: id('eve'), eventId: 'eve-dan', rejected: 'referred-already' },
    ]);
  });

  it('names who brought the customer', async () => {
    expect((await tree('cleo')).slice(0, 2)).toMatchObject([
      { level: -1, customerId: id('ben') },
      { level: 0, customerId: id('cleo'), referrerId: id('ben'), referredAt: iso(day(20)).replace('.000', '') },
    ]);
  });

  it('holds what had happened by as-of', async () => {
    const rows = await tree('ann', { 'as-of': iso(day(15)) });
    expect(rows.map((row) => [row['level'], row['customerId']])).toEqual([
      [0, id('ann')],
      [1, id('ben')],
    ]);
  });

  it('is one customer alone where no referral is known', async () => {
    await engine.tell(order({ userId: 'zoe' }, day(50), 'Z'));
    expect(await tree('zoe')).toMatchObject([{ level: 0, brought: 0, broughtInAll: 0, depth: 0 }]);
  });
});
