import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DAY, STREAMS } from '#contracts';
import { PublishPolicy, PublishPolicyHandler } from '#ingestion';
import { BUILT_IN_POLICIES, type Policy } from '#lifecycle';
import { ClockGuard, LOCAL_PRINCIPAL } from '#platform';
import {
  EraseCustomerHandler,
  HoldRegister,
  LiftHold,
  ManageHolds,
  PlaceHold,
  PolicyInForce,
  RetentionKeeper,
  type RetentionDependencies,
} from '#privacy';
import { runQuery } from '#queries';
import { ONE_IS_ENOUGH, orderPlaced } from '#testing';
import { ingestingEngine, type IngestingEngine } from '#testing/stores';

const at = (text: string): number => Date.parse(text);
const PUBLISHED = at('2026-01-31T12:00:00Z');
const GRACE_ENDS = at('2026-03-02T12:00:00Z');

const POLICY: Policy = {
  ...BUILT_IN_POLICIES.retail,
  name: 'shop',
  retention: [
    { what: 'person', after: 'P3Y', since: 'last-contact', unless: ['open-contract', 'hold'], grace: 'P30D' },
    { what: 'openings', after: 'P1Y' },
  ],
};

describe('retention', () => {
  let engine: IngestingEngine;
  let now = PUBLISHED;
  const clock = { now: () => now };
  const guard = new ClockGuard(clock);
  beforeAll(async () => {
    engine = await ingestingEngine(() => now);
    const { log } = engine.context;
    await new PublishPolicyHandler(log, clock, ONE_IS_ENOUGH).execute(new PublishPolicy(POLICY));
  }, 120_000);
  afterAll(() => engine.close());

  const who = (user: string) => ({ namespace: 'userId', value: user });
  const OLD_EMAIL = 'old@shop.example';
  let oldId = '';
  const idOf = (user: string): string => (user === 'old' ? oldId : engine.sealer.subjectIdOf('userId', user));
  let events = 0;
  const buys = (user: string, time: string, email?: string) => {
    const id = `order-${(events += 1)}`;
    const identifiers = [who(user), ...(email === undefined ? [] : [{ namespace: 'email', value: email }])];
    return orderPlaced({ id, time, identifiers, data: { orderId: id, currency: 'EUR', totalMinor: 1_000 } });
  };
  /** A process of the engine. */
  const start = (others: Partial<RetentionDependencies> = {}, log = engine.context.log) => {
    const { keys, sealer, database, ingestion } = engine;
    const { identities } = ingestion;
    const register = new HoldRegister(log);
    const stores = { log, keys, identities, sealer, database, clock, approvals: ONE_IS_ENOUGH };
    const eraser = new EraseCustomerHandler(stores);
    const logger = { info: () => undefined, warn: () => undefined };
    const policy = new PolicyInForce(log, clock);
    const keeper = new RetentionKeeper({
      ...{ database, log, eraser, register, policy, clock: guard, logger },
      ...others,
    });
    return { keeper, manage: new ManageHolds({ ...stores, register }) };
  };
  const turn = () => start().keeper.turn();
  const until = async (instant: number): Promise<void> => {
    now = instant;
    await engine.projector.catchUp();
  };
  const run = async (name: string, params: Record<string, string> = {}) =>
    (await runQuery(engine.context, name, params)).rows;
  const actionsOf = async (user: string) =>
    engine.database.query<Record<string, unknown>>(
      `SELECT kind, treatment, purpose, medium, because, reason, standing FROM perennial.actions WHERE customer_id = $1::text ORDER BY number`,
      [idOf(user)],
    );
  const erasures = async () => {
    const found: { by: string; customerId: string }[] = [];
    for await (const page of engine.context.log.read(STREAMS.privacy))
      for (const { type, meta, data } of page)
        if (type === 'person-erased') found.push({ ...JSON.parse(meta), customerId: JSON.parse(data).customerId });
    return found;
  };

  it('previews who is due, when and why, without personal data', async () => {
    await engine.take(
      buys('old', '2020-05-01T09:00:00Z', OLD_EMAIL),
      buys('held', '2020-05-01T09:00:00Z'),
      buys('back', '2020-05-01T09:00:00Z'),
      buys('fresh', '2026-01-30T09:00:00Z'),
      buys('soon', '2023-02-14T09:00:00Z'),
      orderPlaced({
        ...{ id: 'c', type: 'subscription-started', time: '2020-05-01T09:00:00Z', identifiers: [who('member')] },
        data: { contractId: 'c1', currency: 'EUR', amountMinor: 500 },
      }),
    );
    oldId = String((await run('customer', { identifier: `email:${OLD_EMAIL}` }))[0]?.['customerId']);
    const rows = await run('retention-preview');
    const inGrace = {
      ...{ state: 'grace', dueAt: '2026-01-31T12:00:00Z', graceEndsAt: '2026-03-02T12:00:00Z', held: false },
      ...{ since: 'last-contact', startedAt: '2020-05-01T09:00:00Z', after: 'P3Y', grace: 'P30D' },
      ...{ ruleSince: '2026-01-31T12:00:00Z', policyVersion: 'shop@1' },
    };
    const users = ['back', 'held', 'old'].sort((a, b) => (idOf(a) < idOf(b) ? -1 : 1));
    expect(rows).toEqual([
      ...users.map((user) => ({ ...inGrace, customerId: idOf(user) })),
      {
        ...inGrace,
        ...{ customerId: idOf('soon'), state: 'coming', startedAt: '2023-02-14T09:00:00Z' },
        ...{ dueAt: '2026-02-14T09:00:00Z', graceEndsAt: '2026-03-16T09:00:00Z' },
      },
    ]);
    expect(JSON.stringify(rows)).not.toContain('shop.example');
    expect(await run('retention-counts')).toMatchObject([
      { since: 'last-contact', after: 'P3Y', state: 'coming', customers: 1, firstDueAt: '2026-02-14T09:00:00Z' },
      { since: 'last-contact', after: 'P3Y', state: 'grace', customers: 3, lastGraceEndsAt: '2026-03-02T12:00:00Z' },
    ]);
    const pages = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const page = await runQuery(engine.context, 'retention-preview', {
        limit: '1',
        ...(cursor === '' ? {} : { cursor }),
      });
      pages.push(...page.rows);
      cursor = page.nextCursor;
    }
    expect(pages).toEqual(rows);
  });

  it('previews rules that are not published: as if they were now, those in force going on', async () => {
    const preview = async (rules: unknown, params: Record<string, string> = {}) =>
      (await run('retention-preview', { rules: JSON.stringify(rules), ...params })).map(
        ({ customerId, state, ruleSince, dueAt }) => [customerId, state, ruleSince, dueAt],
      );
    now = at('2026-02-01T12:00:00Z');
    expect(await preview([])).toEqual([]);
    const same = await preview(POLICY.retention);
    expect(same.map(([customerId]) => customerId).sort()).toEqual(['back', 'held', 'old', 'soon'].map(idOf).sort());
    expect(same.filter(([, state]) => state === 'grace').map(([, , ruleSince]) => ruleSince)).toEqual(
      Array(3).fill('2026-01-31T12:00:00Z'),
    );
    const shorter = await preview([{ what: 'person', after: 'P1Y', since: 'last-purchase' }]);
    expect(shorter).toHaveLength(5);
    expect(new Set(shorter.map(([, , , dueAt]) => dueAt))).toEqual(new Set(['2026-02-01T12:00:00Z']));
    expect(
      await run('retention-counts', { rules: '[{"what":"person","after":"P1Y","since":"end-of-relationship"}]' }),
    ).toMatchObject([{ state: 'grace', customers: 4 }]);
    await expect(
      run('retention-preview', { rules: '[{"what":"person","after":"1Y","since":"never"}]' }),
    ).rejects.toThrow(/is not a list of rules: `retention\[0\]\.after` must be a period/);
    await expect(run('retention-preview', { rules: 'nonsense' })).rejects.toThrow(/is not JSON/);
  });

  it('calls for an action when grace begins, and no longer once they come back', async () => {
    const told = {
      ...{ kind: 'proposed', treatment: 'retention-due', purpose: 'retention', medium: 'email' },
      ...{ because: 'retention-due', reason: null },
    };
    expect(await actionsOf('old')).toEqual([{ ...told, standing: true }]);
    expect(await actionsOf('fresh')).toEqual([]);
    await until(at('2026-02-10T12:00:00Z'));
    await engine.take(buys('back', '2026-02-10T09:00:00Z'));
    expect(await actionsOf('back')).toMatchObject([
      { ...told, standing: false },
      { kind: 'withdrawn', treatment: 'retention-due', reason: 'customer-returned' },
    ]);
    await until(at('2026-02-14T09:00:00Z'));
    expect(await actionsOf('soon')).toEqual([{ ...told, standing: true }]);
  });

  it('erases when grace ends and not before, by the rule, once, and leaves the figures as they are', async () => {
    const place = new PlaceHold({ identifiers: [who('held')], customerId: null }, 'case-1', null, 'key:officer');
    expect(await start().manage.place(place)).toMatchObject({ outcome: 'placed' });
    await until(GRACE_ENDS - 1);
    expect(await turn()).toEqual({ erased: 0, waiting: {}, stopped: null });
    const before = { revenue: await run('revenue'), counts: await run('stage-counts', { to: '2026-02-28' }) };
    await until(GRACE_ENDS);
    // Two processes at once.
    const [first, second] = await Promise.all([turn(), turn()]);
    expect(first.erased + second.erased).toBeGreaterThanOrEqual(1);
    await until(GRACE_ENDS + 1_000);
    expect(await turn()).toEqual({ erased: 0, waiting: { hold: 1 }, stopped: null });
    expect(await erasures()).toEqual([expect.objectContaining({ by: 'retention shop@1', customerId: idOf('old') })]);
    const states = await engine.keys.keysFor([
      engine.sealer.subjectIdOf('email', OLD_EMAIL),
      engine.sealer.subjectIdOf('userId', 'old'),
    ]);
    expect([...states.values()]).toEqual(['erased', 'erased']);
    expect({ revenue: await run('revenue'), counts: await run('stage-counts', { to: '2026-02-28' }) }).toEqual(before);
    expect(await run('acts', { kind: 'person-erased', from: '2026-03-01' })).toMatchObject([
      { by: 'retention shop@1' },
    ]);
    expect((await actionsOf('old')).at(-1)).toMatchObject({ kind: 'withdrawn' });
    const left = (await run('retention-preview')).map(({ customerId, state, held }) => [customerId, state, held]);
    expect(left).toEqual([
      [idOf('held'), 'over', true],
      [idOf('soon'), 'grace', false],
    ]);
  });

  it('gives grace after a hold, where the rule says so', async () => {
    const { manage } = start();
    const [hold] = await run('holds', { status: 'active' });
    await manage.lift(new LiftHold(String(hold?.['holdId']), null, LOCAL_PRINCIPAL));
    const lifted = now;
    await engine.projector.catchUp();
    expect((await turn()).waiting).toEqual({ hold: 1 });
    now = lifted + 30 * DAY - 1;
    expect((await turn()).waiting).toMatchObject({ hold: 1 });
    expect((await erasures()).map(({ customerId }) => customerId)).not.toContain(idOf('held'));
    await until(lifted + 30 * DAY);
    await turn();
    expect((await erasures()).map(({ customerId }) => customerId)).toContain(idOf('held'));
    await engine.projector.catchUp();
  });

  it('waits for the whole of the grace after old data came, so that an import can be completed', async () => {
    const imported = now;
    await engine.take(buys('imported', '2019-01-01T00:00:00Z'));
    expect((await turn()).waiting).toEqual({ 'recorded-lately': 1 });
    await until(imported + 30 * DAY);
    expect(await turn()).toEqual({ erased: 1, waiting: {}, stopped: null });
    await engine.projector.catchUp();
  });

  it('does nothing while the clock, the read models or another version cannot be relied on', async () => {
    await engine.take(buys('late', '2019-01-01T00:00:00Z'));
    await until(now + 30 * DAY);
    guard.see({ newestEvent: now + DAY, projectorClock: null }, null);
    expect(await turn()).toEqual({ erased: 0, waiting: {}, stopped: 'clock' });
    guard.see({ newestEvent: null, projectorClock: null }, null);
    const { database } = engine;
    await database.query(
      "INSERT INTO perennial.versions (version, schema_name, status, model, created_at) VALUES (99, 'rm_99', 'building', 'x', now())",
    );
    expect(await turn()).toEqual({ erased: 0, waiting: {}, stopped: 'read-models' });
    await database.query('DELETE FROM perennial.versions WHERE version = 99');
    const { schema_name: schema } = (
      await database.query<{ schema_name: string }>(`SELECT schema_name FROM perennial.versions WHERE status = 'live'`)
    )[0] ?? { schema_name: '' };
    await database.query(
      `INSERT INTO ${schema}.dirty (customer_id, position, pending, earliest_at, reason, since) VALUES ($1::text, 1, 0, '-infinity', 'events', now())`,
      [idOf('late')],
    );
    expect(await turn()).toEqual({ erased: 0, waiting: { behind: 1 }, stopped: null });
    await database.query(`DELETE FROM ${schema}.dirty`);
  });

  it('completes an erasure that was interrupted after the keys were destroyed', async () => {
    const { log } = engine.context;
    const count = (await erasures()).length;
    // As where the process dies: the log is not written any more.
    const dying = new Proxy(log, {
      get: (target, name) =>
        name === 'appendMany'
          ? () => Promise.reject(new Error('killed'))
          : typeof Reflect.get(target, name) === 'function'
            ? (Reflect.get(target, name) as (...all: unknown[]) => unknown).bind(target)
            : Reflect.get(target, name),
    });
    await expect(start({}, dying).keeper.turn()).rejects.toThrow('killed');
    expect((await engine.keys.keysFor([idOf('late')])).get(idOf('late'))).toBe('erased');
    expect(await erasures()).toHaveLength(count);
    expect(await turn()).toMatchObject({ erased: 1 });
    expect(await erasures()).toHaveLength(count + 1);
    await engine.projector.catchUp();
    expect(await turn()).toEqual({ erased: 0, waiting: {}, stopped: null });
  });

  it('ends with the rules: a policy without them erases no one', async () => {
    const all = { until: '2035-01-01' };
    expect((await run('retention-preview', all)).map(({ state }) => state)).toContain('coming');
    const { log } = engine.context;
    const { retention: _, ...without } = POLICY;
    await new PublishPolicyHandler(log, clock, ONE_IS_ENOUGH).execute(new PublishPolicy({ ...without, version: 2 }));
    await engine.projector.catchUp();
    expect(await run('retention-preview', all)).toEqual([]);
    expect(await turn()).toEqual({ erased: 0, waiting: {}, stopped: 'no-rule' });
  });
});
