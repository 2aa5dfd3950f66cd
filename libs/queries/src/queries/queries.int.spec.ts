import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { cancelled, day, iso, order, specEngine, type SpecEngine } from '../testdata/engine.js';
import { runQuery } from '../running/run-query.js';

const ANNA = { userId: 'anna', email: 'anna@example.com' };
const BEN = { userId: 'ben' };
const CLEO = { anonymousId: 'c-1' };

describe('the questions, asked of three customers', () => {
  let engine: SpecEngine;
  let anna: string;

  beforeAll(async () => {
    engine = await specEngine();
    anna = engine.subjectId('userId', 'anna');
    engine.now = day(200);
    await engine.tell(
      { who: { userId: 'anna' }, at: day(1), type: 'site-visited' },
      { who: ANNA, at: day(2), type: 'product-viewed', data: { sku: 'tea' } },
      order(ANNA, day(3), 'A1', 1_250),
      order(ANNA, day(23), 'A2', 2_000),
      {
        who: ANNA,
        at: day(24),
        type: 'review-posted',
        data: { stars: 5 },
        personal: { '/text': 'Lovely, says Anna' },
      },
      order(BEN, day(5), 'B1', 500),
      cancelled(BEN, day(6), 'B1'),
      { who: CLEO, at: day(100), type: 'site-visited' },
    );
  }, 60_000);
  afterAll(() => engine.close());

  it('customer: the profile, by id, by any subject and by an identifier however it is written', async () => {
    const byId = await engine.runQuery('customer', { customer: anna });
    expect(byId.rows).toMatchObject([
      {
        customerId: anna,
        identifiers: [
          { namespace: 'userId', value: 'anna' },
          { namespace: 'email', value: 'anna@example.com' },
        ],
        stage: 'retention',
        cycle: 1,
        orders: 2,
        revenue: [{ amountMinor: 3_250, currency: 'EUR' }],
        firstSeenAt: '2024-01-02T00:00:00Z',
        parked: null,
      },
    ]);
    for (const named of [
      { customer: engine.subjectId('email', 'anna@example.com') },
      { identifier: 'userId:anna' },
      { identifier: 'email: ANNA@Example.com ' },
    ])
      expect((await engine.runQuery('customer', named)).rows).toEqual(byId.rows);
  });

  it('customer: writes the instants of their identifiers as all others', async () => {
    const { rows } = await engine.runQuery('customer', { customer: anna });
    const [row] = rows as [{ firstSeenAt: string; identifiers: { namespace: string; firstSeenAt: string }[] }];
    const first = row.identifiers.find(({ namespace }) => namespace === 'userId');
    expect(first?.firstSeenAt).toBe(row.firstSeenAt);
    for (const { firstSeenAt } of row.identifiers) expect(firstSeenAt).toMatch(/^2024-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('customer: says nothing personal to who may not read it', async () => {
    const context = { ...engine.context, opening: null };
    const { runQuery } = await import('../running/run-query.js');
    for (const [name, params] of [
      ['customer', { customer: anna }],
      ['timeline', { customer: anna }],
      ['customers', {}],
      ['stage-periods', {}],
      ['rfm', {}],
      ['events', { customer: anna }],
    ] as const) {
      const { rows } = await runQuery(context, name, params);
      expect(rows.length).toBeGreaterThan(0);
      expect(JSON.stringify(rows)).not.toMatch(/"anna"|example\.com|Lovely/);
    }
  });

  it('revenue: each booking on its own date, gross and net, and as it was known to stand at an instant', async () => {
    const { rows } = await engine.runQuery('revenue', { period: 'month' });
    expect(rows).toEqual([
      {
        period: '2024-01-01',
        currency: 'EUR',
        orders: 3,
        customers: 2,
        grossMinor: 3_750,
        returnedMinor: -500,
        netMinor: 3_250,
        amendedMinor: 0,
        payments: 0,
        paymentsMinor: 0,
      },
    ]);
    const before = await engine.runQuery('revenue', { period: 'day', 'as-of': iso(day(5)) });
    expect(before.rows.map(({ period, netMinor }) => [period, netMinor])).toEqual([
      ['2024-01-04', 1_250],
      ['2024-01-06', 500],
    ]);
  });

  it('stage: where they stood then, and what was believed then', async () => {
    const phaseAt = async (asOf: number) =>
      (await engine.runQuery('stage', { customer: anna, 'as-of': iso(asOf) })).rows.map(({ phase }) => phase);
    expect(await phaseAt(day(0))).toEqual([]);
    expect(await phaseAt(day(1))).toEqual(['awareness']);
    expect(await phaseAt(day(2))).toEqual(['consideration']);
    expect(await phaseAt(day(3))).toEqual(['onboarding']);
    expect(await phaseAt(day(23))).toEqual(['active']);
    expect(await phaseAt(day(23 + 90))).toEqual(['at-risk']);
    const before = await engine.runQuery('stage', { customer: anna, 'known-at': iso(day(199)) });
    expect(before.rows).toEqual([]);
    expect(before.meta).toMatchObject({ knownAt: '2024-07-18T00:00:00Z', position: 0 });
  });

  it('stage: takes a date as midnight of that day, and says what the answer rests on', async () => {
    const { meta } = await engine.runQuery('stage', { customer: anna, 'as-of': '2024-01-24' });
    expect(meta).toEqual({
      asOf: '2024-01-24T00:00:00Z',
      ...{ knownAt: null, position: 8, policyVersion: 'retail@1', timeZone: 'UTC', currency: null, complete: true },
    });
  });

  it('history: their stage periods with their causes, end to end', async () => {
    const rows = await engine.all('history', { customer: anna }, 2);
    expect(rows.map(({ phase }) => phase)).toEqual([
      'awareness',
      'consideration',
      'onboarding',
      'active',
      'at-risk',
      'lapsed',
    ]);
    for (const [index, row] of rows.entries()) expect(row['leftAt']).toBe(rows[index + 1]?.['enteredAt'] ?? null);
    expect(rows[3]).toMatchObject({
      cause: { events: [{ source: 'shop', id: 'order-A2' }] },
      policyVersion: 'retail@1',
    });
  });

  it('explain: why, since when, why not earlier, and what comes next', async () => {
    const asOf = day(23 + 95);
    const { rows } = await engine.runQuery('explain', { customer: anna, 'as-of': iso(asOf) });
    expect(rows).toMatchObject([
      {
        customerId: anna,
        phase: 'at-risk',
        since: '2024-04-23T00:00:00Z',
        days: 5,
        rule: 'silence-at-risk',
        deadline: { kind: 'at-risk', dueAt: '2024-04-23T00:00:00Z', since: '2024-01-24T00:00:00Z' },
        compared: [{ what: 'days of silence', measured: 90, needed: 90 }],
        notBefore: { at: '2024-04-22T00:00:00Z', phase: 'active' },
        policyVersion: 'retail@1',
      },
    ]);
    expect(rows[0]?.['next']).toMatchObject([{ kind: 'lapsed', dueAt: '2024-06-07T00:00:00Z' }, { kind: 'lost' }]);
    expect(String(rows[0]?.['text']).split('\n')[0]).toBe(
      'The customer has been at-risk (retention, cycle 1) since 2024-04-23T00:00:00Z.',
    );
    const before = await engine.runQuery('explain', { customer: anna, 'as-of': iso(day(0)) });
    expect(before.rows).toEqual([]);
  });

  it('timeline: their touchpoints in their order, personal fields opened', async () => {
    const rows = await engine.all('timeline', { customer: anna }, 2);
    expect(rows.map(({ type }) => type)).toEqual([
      'site-visited',
      'product-viewed',
      'order-placed',
      'order-placed',
      'review-posted',
    ]);
    expect(rows.at(-1)).toMatchObject({ group: 'satisfaction', data: { stars: 5, text: 'Lovely, says Anna' } });
    expect(await engine.all('timeline', { customer: anna, type: 'site-visited' })).toHaveLength(1);
    expect(await engine.all('timeline', { customer: anna, 'as-of': iso(day(2)) })).toHaveLength(2);
  });

  it('orders: what was placed, what was taken back, what survives', async () => {
    const [b1] = await engine.all('orders', { identifier: 'userId:ben' });
    expect(b1).toMatchObject({
      orderId: 'B1',
      amountMinor: 500,
      netMinor: 0,
      survives: false,
      reversedAt: iso(day(6)).replace('.000', ''),
    });
    const then = await engine.runQuery('orders', { identifier: 'userId:ben', 'as-of': iso(day(5)) });
    expect(then.rows).toMatchObject([{ netMinor: 500, survives: true, reversedAt: null }]);
    expect(await engine.all('orders', { customer: anna }, 1)).toHaveLength(2);
  });

  it('events: exactly as recorded, in the order of the log, still sealed', async () => {
    const rows = await engine.all('events', { customer: anna }, 2);
    const recorded = (await engine.log.readStreams([`subject-${anna}`])).map((event) => ({
      ...event,
      meta: JSON.parse(event.meta) as unknown,
      data: JSON.parse(event.data) as unknown,
      occurredAt: iso(event.occurredAt).replace('.000', ''),
      recordedAt: iso(event.recordedAt).replace('.000', ''),
      role: 'self',
    }));
    expect(rows).toEqual(recorded);
    expect(JSON.stringify(rows)).not.toMatch(/example\.com|Lovely/);
  });

  it('recorded: the same of all customers, in one pass over the log, and without what the engine writes itself', async () => {
    const rows = await engine.all('recorded', {}, 3);
    const whose = await Promise.all([
      engine.all('events', { customer: anna }),
      engine.all('events', { identifier: 'userId:ben' }),
    ]);
    const [annas, bens] = whose.map((events) => events.map(({ role: _, ...event }) => event)) as [object[], object[]];
    expect(rows.filter(({ stream }) => stream === `subject-${anna}`)).toEqual(annas);
    expect(rows).toEqual(expect.arrayContaining([...bens]));
    expect(rows).toHaveLength(8);
    const positions = rows.map(({ position }) => position as number);
    expect(positions).toEqual([...positions].sort((a, b) => a - b));
    expect(await engine.all('recorded', { 'as-of': iso(day(3)) })).toHaveLength(3);
    expect(await engine.all('recorded', { 'known-at': iso(day(199)) })).toEqual([]);
  });

  it('customers: by stage and phase, now and then', async () => {
    const who = async (params: Record<string, string>) =>
      (await engine.all('customers', params, 1)).map(({ identifier }) => identifier).sort();
    expect(await who({})).toEqual(['anna', 'ben', 'c-1']);
    expect(await who({ stage: 'retention' })).toEqual(['anna']);
    expect(await who({ stage: 'acquisition', phase: 'cold' })).toEqual(['ben', 'c-1']);
    expect(await who({ 'as-of': iso(day(5)) })).toEqual(['anna', 'ben']);
    expect(await who({ 'as-of': iso(day(5)), stage: 'retention' })).toEqual(['anna', 'ben']);
    expect(await who({ 'as-of': iso(day(7)), stage: 'retention' })).toEqual(['anna']);
    expect(await who({ namespace: 'anonymousId' })).toEqual(['c-1']);
    expect(await who({ 'orders-min': '1' })).toEqual(['anna']);
    const [then] = await engine.all('customers', { 'as-of': iso(day(5)), 'entered-since': iso(day(4)) });
    expect(then).toMatchObject({ identifier: 'ben', orders: 1, revenueMinor: 500, currency: 'EUR' });
    await expect(engine.runQuery('customers', { 'as-of': iso(day(5)), flag: 'win-back' })).rejects.toThrow(
      /of now only/,
    );
  });

  it('stage periods: of all customers, as they stood at an instant', async () => {
    const rows = await engine.all('stage-periods', { 'as-of': iso(day(24)) }, 2);
    const of = (identifier: string) => rows.filter((row) => row['identifier'] === identifier);
    expect(of('anna').map(({ phase, leftAt }) => [phase, leftAt])).toEqual([
      ['awareness', '2024-01-03T00:00:00Z'],
      ['consideration', '2024-01-04T00:00:00Z'],
      ['onboarding', '2024-01-24T00:00:00Z'],
      ['active', null],
    ]);
    expect(of('ben').at(-1)).toMatchObject({ stage: 'acquisition', leftAt: null });
    expect(of('c-1')).toEqual([]);
    expect(Object.keys(rows[0] ?? {})).toEqual([
      'customerId',
      'identifier',
      'cycle',
      'stage',
      'phase',
      'enteredAt',
      'leftAt',
    ]);
  });

  it('stage-counts: the days add up to the customers that there are', async () => {
    const rows = await engine.all('stage-counts', {}, 130);
    for (const last of ['2024-01-03', '2024-01-07', '2024-04-15']) {
      const there = rows.filter(({ day }) => day === last);
      const counted = await engine.all('customers', { 'as-of': iso(Date.parse(last) + 86_399_999) });
      expect(there.reduce((sum, row) => sum + Number(row['customers']), 0)).toBe(counted.length);
    }
    expect(await engine.all('stage-counts', { from: '1900-01-01', to: '8000-01-01' })).toEqual(
      await engine.all('stage-counts', { to: '2024-07-19' }),
    );
  }, 30_000);

  it('rfm: of those whose orders survive', async () => {
    const at = iso(day(63));
    expect(await engine.all('rfm', { 'as-of': at, unit: 'week' }, 1)).toMatchObject([
      { identifier: 'anna', frequency: 1, recency: 20 / 7, T: 60 / 7, monetaryMinor: 2_000, currency: 'EUR' },
    ]);
    expect(await engine.all('rfm', { 'as-of': iso(day(5)) })).toHaveLength(2);
  });

  it('policies, stats, lag, outcomes, parked, quarantine and rejected links answer too', async () => {
    expect((await engine.runQuery('policies')).rows).toEqual([]);
    expect((await engine.runQuery('stats')).rows).toEqual(
      expect.arrayContaining([
        { figure: 'log_head_position', value: 8, at: '2024-07-19T00:00:00Z' },
        { figure: 'customers', value: 3, at: null },
        { figure: 'lag_events', value: 0, at: null },
      ]),
    );
    expect((await engine.runQuery('lag')).rows).toEqual(
      expect.arrayContaining([
        { figure: 'lag_events', value: 0, at: null },
        { figure: 'lag_positions', value: 0, at: null },
        { figure: 'lag_ms', value: 0, at: null },
        { figure: 'dirty', value: 0, at: null },
        { figure: 'waiting', value: 0, at: null },
      ]),
    );
    for (const name of ['outcomes', 'parked', 'quarantine', 'refused-links'])
      expect((await engine.runQuery(name)).rows).toEqual([]);
  });

  it('stats shows a backlog of the relay only where a relay is configured', async () => {
    const backlog = async (hasRelay: boolean) =>
      (await runQuery({ ...engine.context, hasRelay }, 'stats', {})).rows.filter(
        ({ figure }) => figure === 'outbox_waiting',
      );
    expect(await backlog(false)).toEqual([]);
    expect(await backlog(true)).toEqual([{ figure: 'outbox_waiting', value: expect.any(Number), at: null }]);
  });

  it('an erased customer keeps their history and loses their name', async () => {
    const ella = { userId: 'ella' };
    await engine.tell({ who: ella, at: day(1), type: 'site-visited', personal: { '/note': 'Ella was here' } });
    const customer = engine.subjectId('userId', 'ella');
    expect((await engine.runQuery('customer', { customer })).rows).toMatchObject([
      { identifiers: [{ value: 'ella' }] },
    ]);
    await engine.sealer.keys.destroy([customer]);
    expect((await engine.runQuery('customer', { customer })).rows).toMatchObject([{ identifiers: [{ value: null }] }]);
    expect(await engine.all('timeline', { customer })).toMatchObject([{ type: 'site-visited', data: {} }]);
    expect(JSON.stringify(await engine.all('timeline', { customer }))).not.toContain('here');
    expect((await engine.all('stage-periods')).filter((row) => row['customerId'] === customer)).toMatchObject([
      { identifier: null },
      { identifier: null },
    ]);
  });
});

describe('consents, asked after', () => {
  let engine: SpecEngine;

  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(200);
  }, 60_000);
  afterAll(() => engine.close());

  it('what the customer allowed, since when and by which event, and what is called for because of it', async () => {
    const who = { userId: 'dora' };
    const byMail = { purpose: 'marketing', medium: 'email' };
    await engine.tell(
      order(who, day(190), 'D1', 900),
      { who, at: day(191), type: 'consent-given', id: 'yes', data: { ...byMail, expiresAt: iso(day(210)) } },
      { who, at: day(192), type: 'consent-withdrawn', id: 'no', data: { purpose: 'service' } },
    );
    const named = { identifier: 'userId:dora' };
    const [allowed] = (await engine.runQuery('customer', named)).rows;
    expect(allowed).toMatchObject({
      consents: [
        {
          ...{
            ...byMail,
            given: true,
            inForce: true,
            since: '2024-07-10T00:00:00Z',
            expiresAt: '2024-07-29T00:00:00Z',
          },
          cause: { source: 'shop', id: 'yes' },
        },
        {
          ...{ purpose: 'service', medium: null, given: false, inForce: false, since: '2024-07-11T00:00:00Z' },
          ...{ expiresAt: null, cause: { source: 'shop', id: 'no' } },
        },
      ],
      actions: [
        {
          ...{ treatment: 'welcome', purpose: 'marketing', medium: 'email', because: 'first-purchase' },
          ...{ since: '2024-07-10T00:00:00Z', validUntil: '2024-07-29T00:00:00Z' },
          consent: { medium: 'email', since: '2024-07-10T00:00:00Z', cause: { source: 'shop', id: 'yes' } },
        },
      ],
    });
    const [explained] = (await engine.runQuery('explain', named)).rows;
    expect(explained).toMatchObject({ consents: allowed?.['consents'], actions: allowed?.['actions'] });
    await engine.tell({ who, at: day(193), type: 'unsubscribed', id: 'stop' });
    expect((await engine.runQuery('customer', named)).rows).toMatchObject([
      { consents: [{ given: false, cause: { source: 'shop', id: 'stop' } }, { given: false }], actions: [] },
    ]);
  });
});
