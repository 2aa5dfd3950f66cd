import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { day, iso, order, specEngine, type SpecEngine } from '../testdata/engine.js';

const [ANN, BEN, CLEO] = [{ userId: 'ann' }, { userId: 'ben' }, { userId: 'cleo' }];

describe('queries about accounts', () => {
  let engine: SpecEngine;
  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(40);
    const joins = (who: Record<string, string>, at: number, data: Record<string, unknown>) => ({
      ...{ who, at, type: 'account-joined', source: 'crm', data },
    });
    await engine.tell(
      joins(ANN, day(1), { accountId: 'acme', kind: 'company', part: 'buyer' }),
      joins(BEN, day(2), { accountId: 'acme' }),
      joins(CLEO, day(3), { accountId: 'H-17', kind: 'household' }),
      joins(ANN, day(4), { accountId: 'H-17' }),
      order(BEN, day(10), 'B1', 9_000),
      { who: BEN, at: day(20), type: 'account-left', source: 'crm', data: { accountId: 'acme' } },
      order(BEN, day(25), 'B2', 1_000),
    );
  }, 60_000);
  afterAll(() => engine.close());

  const acme = async (): Promise<string> =>
    String((await engine.all('accounts', { kind: 'company' }))[0]?.['accountId']);

  it('list them by kind, stage, source and members, in pages of any size', async () => {
    const listed = async (params: Record<string, string>, page?: number) =>
      (await engine.all('accounts', params, page)).map(({ reference, kind, phase, members, orders, revenueMinor }) => [
        ...[reference, kind, phase, members, orders, revenueMinor],
      ]);
    const company = ['acme', 'company', 'onboarding', 1, 1, 9_000];
    const household = [null, 'household', 'awareness', 2, 0, 0];
    expect(await listed({ kind: 'company' })).toEqual([company]);
    expect(await listed({ stage: 'acquisition' })).toEqual([household]);
    expect(await listed({ 'members-min': '2' })).toEqual([household]);
    expect(await listed({ source: 'shop' })).toEqual([]);
    expect(await listed({ phase: 'onboarding', 'next-due-before': iso(day(30)) })).toEqual([]);
    expect(await listed({ 'entered-since': iso(day(5)) })).toEqual([company]);
    for (const page of [1, 2, 100])
      expect((await listed({}, page)).map(([, kind]) => kind).sort()).toEqual(['company', 'household']);
  });

  it('give the profile of one, by its id or as its source names it, a household too', async () => {
    const [company] = (await engine.runQuery('account', { source: 'crm', reference: 'acme' })).rows;
    expect(company).toMatchObject({
      ...{ accountId: await acme(), source: 'crm', reference: 'acme', kind: 'company', stage: 'retention', orders: 1 },
      ...{ revenue: [{ amountMinor: 9_000, currency: 'EUR' }], membersNow: 1, membersEver: 2, failure: null },
      members: [
        {
          customerId: engine.subjectId('userId', 'ann'),
          part: 'buyer',
          joinedAt: '2024-01-02T00:00:00Z',
          leftAt: null,
        },
        {
          ...{ customerId: engine.subjectId('userId', 'ben'), part: null },
          ...{ joinedAt: '2024-01-03T00:00:00Z', leftAt: '2024-01-21T00:00:00Z' },
        },
      ],
    });
    expect((await engine.runQuery('account', { account: await acme() })).rows).toEqual([company]);
    const [household] = (await engine.runQuery('account', { source: 'crm', reference: 'H-17' })).rows;
    expect(household).toMatchObject({ kind: 'household', reference: null, membersNow: 2 });
  });

  it('give its stage periods as of any instant, in pages of any size', async () => {
    const account = await acme();
    for (const page of [1, 2, 100])
      expect(
        (await engine.all('account-history', { account }, page)).map(({ phase, enteredAt, leftAt, rule }) => [
          ...[phase, enteredAt, leftAt, rule],
        ]),
      ).toEqual([
        ['awareness', '2024-01-02T00:00:00Z', '2024-01-11T00:00:00Z', 'first-touchpoint'],
        ['onboarding', '2024-01-11T00:00:00Z', null, 'first-purchase'],
      ]);
    expect(await engine.all('account-history', { account, 'as-of': iso(day(5)) })).toMatchObject([
      { phase: 'awareness', leftAt: null },
    ]);
  });

  it('give its members, and what each of them is by themselves', async () => {
    for (const page of [1, 2, 100])
      expect(await engine.all('account-members', { account: await acme() }, page)).toMatchObject([
        { identifier: 'ann', part: 'buyer', leftAt: null, stage: 'acquisition', orders: 0 },
        { identifier: 'ben', part: null, leftAt: '2024-01-21T00:00:00Z', stage: 'retention', orders: 2 },
      ]);
    expect(await engine.all('account-members', { account: await acme(), 'as-of': iso(day(1)) })).toHaveLength(1);
  });

  it('show in the profile of a customer which accounts they belong to', async () => {
    const [ann] = (await engine.runQuery('customer', { identifier: 'userId:ann' })).rows;
    expect(ann?.['accounts']).toMatchObject([
      { accountId: await acme(), kind: 'company', part: 'buyer', joinedAt: '2024-01-02T00:00:00Z', leftAt: null },
      { kind: 'household', reference: null, stage: 'acquisition', joinedAt: '2024-01-05T00:00:00Z' },
    ]);
  });

  it.each([
    [{}, /account.*is missing/],
    [{ account: 'acme' }, /is not the id of an account/],
    [{ source: 'crm' }, /reference.*is missing/],
    [{ reference: 'acme' }, /source.*is missing/],
    [{ account: 'a'.repeat(32), source: 'crm' }, /beside account/],
    [{ account: 'a'.repeat(32) }, /names no known account/],
    [{ source: 'shop', reference: 'acme' }, /names no known account/],
  ])('reject %j', async (params, why) => {
    for (const name of ['account', 'account-history', 'account-members'])
      await expect(engine.runQuery(name, params)).rejects.toThrow(why);
  });
});
