import { afterAll, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, subjectOfStream } from '#contracts';
import type { Row, Transaction } from '#database';
import type { AppendItem, EventLog } from '#event-log';
import { BUILT_IN_POLICIES, foldAccount, policyTimeline, type LifecycleEvent } from '#lifecycle';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { foldBatch } from '../folding/fold-batch.js';
import { toLifecycleEvent } from '../folding/fold-one.js';
import { indexBatch, readTurn, selectTurn } from '../indexing/index-batch.js';
import { Projector, type ProjectorOptions } from '../processor/projector.js';
import { Steps } from '../processor/steps.js';
import { accountIdOf } from '../read-models/accounts/account-id.js';
import { liveSchema } from '../schema.js';
import { eventsAfter, index, liveStore, policyPublished, policyRestated } from '../testdata/store.js';
import { appendAll, day, order, subject, touchpoint } from '../testdata/touchpoints.js';
import { seededRandom, shuffled, world } from '../testdata/world.js';

jest.setTimeout(300_000);

const ACME = accountIdOf({ source: 'shop', accountId: 'acme' });
const [BUYER, COLLEAGUE] = [{ userId: 'buyer' }, { userId: 'colleague' }];

const joins = (who: Record<string, string>, at: number, more: Record<string, unknown> = {}): AppendItem =>
  touchpoint({ who, at, type: 'account-joined', data: { accountId: 'acme', ...more } });
const leaves = (who: Record<string, string>, at: number): AppendItem =>
  touchpoint({ who, at, type: 'account-left', data: { accountId: 'acme' } });

/** A world whose customers join three accounts and leave them, at any instant and under any of their identifiers. */
function worldOfAccounts(seed: number, customers: number, eventsEach: number): AppendItem[] {
  const random = seededRandom(seed + 1);
  const items = world(seed, customers, eventsEach);
  for (let n = 0; n < customers * 2; n += 1) {
    const c = Math.floor(random() * customers);
    const who = random() < 0.5 ? { userId: `user-${c}` } : { anonymousId: `browser-${c}` };
    const at = day(0) + Math.floor(random() * 24 * 500) * HOUR;
    const data = {
      accountId: `a${Math.floor(random() * 3)}`,
      ...(random() < 0.5 ? { kind: 'company', part: `p${n}` } : {}),
    };
    const type = random() < 0.7 ? 'account-joined' : 'account-left';
    items.push(touchpoint({ who, at, type, id: `m${n}`, data, ...(random() < 0.1 ? { test: true } : {}) }));
  }
  return items;
}

describeOnEachStore('accounts', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  let now: number;
  const clock = { now: () => now };
  beforeAll(async () => {
    store = await openStore(name);
  });
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    now = day(100);
    log = memoryLog({ clock });
  });

  const open = (more: Partial<ProjectorOptions> = {}): Promise<Projector> =>
    Projector.open({ database: store.database, log, clock, ...more });
  /** Rows of the live version. */
  const live = (sql: string): Promise<Row[]> =>
    store.database.transaction(async (tx) => {
      await tx.query("SELECT set_config('search_path', $1, true)", [`${await liveSchema(tx)}, perennial`]);
      return tx.query(sql);
    });
  const staysOf = async (): Promise<string[]> =>
    (await live('SELECT phase, entered_at FROM account_stage_periods ORDER BY account_id, seq')).map(
      (row) => `${(Number(row['entered_at']) - day(0)) / DAY} ${String(row['phase'])}`,
    );
  const published = async (): Promise<string[]> =>
    (
      await store.database.query<{ kind: string; phase: string; at: number; reason: string | null }>(
        'SELECT kind, phase, at, reason FROM perennial.accounts_published ORDER BY account_id, publication',
      )
    ).map(
      ({ kind, phase, at, reason }) =>
        `${(at - day(0)) / DAY} ${kind} ${phase}${reason === null ? '' : ` (${reason})`}`,
    );

  it('move with what their members do while members, as customers do, and move no other member', async () => {
    await appendAll(log, [
      joins(BUYER, day(0), { kind: 'company', part: 'buyer' }),
      touchpoint({ who: BUYER, at: day(5), type: 'quote-requested', data: { quoteId: 'q' } }),
      joins(COLLEAGUE, day(10), { part: 'user' }),
      order(COLLEAGUE, day(20), 'A'),
      leaves(COLLEAGUE, day(30)),
      order(COLLEAGUE, day(40), 'B'),
    ]);
    const projector = await open();
    await projector.catchUp();
    expect(await staysOf()).toEqual(['0 awareness', '5 evaluation', '20 onboarding']);
    expect(await live('SELECT * FROM accounts')).toMatchObject(
      [
        {
          ...{ account_id: ACME, source: 'shop', reference: 'acme', kind: 'company', members: 1, members_ever: 2 },
          ...{ stage: 'retention', phase: 'onboarding', orders: 1, revenue_minor: 1_000, currency: 'EUR' },
          ...{ next_due_kind: 'second-order-due', wake_at: null },
        },
      ].map((row) => ({ ...row, wake_at: expect.any(Number), next_due_kind: expect.any(String) })),
    );
    expect(await live('SELECT * FROM account_memberships ORDER BY joined_at')).toEqual([
      { account_id: ACME, customer_id: subject('userId', 'buyer'), joined_at: day(0), left_at: null, part: 'buyer' },
      {
        account_id: ACME,
        customer_id: subject('userId', 'colleague'),
        joined_at: day(10),
        left_at: day(30),
        part: 'user',
      },
    ]);
    expect(await live('SELECT order_id, amount_minor FROM account_bookings')).toEqual([
      { order_id: 'A', amount_minor: 1_000 },
    ]);
    expect(await live('SELECT customer_id, phase, orders FROM customers ORDER BY first_seen_at')).toEqual([
      { customer_id: subject('userId', 'buyer'), phase: 'cold', orders: 0 },
      { customer_id: subject('userId', 'colleague'), phase: 'active', orders: 2 },
    ]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('are moved by silence at its own instant, whenever the engine looks', async () => {
    await appendAll(log, [joins(BUYER, day(50)), order(BUYER, day(60), 'A')]);
    const projector = await open();
    await projector.catchUp();
    expect(await staysOf()).toEqual(['50 awareness', '60 onboarding']);
    now = day(149);
    await projector.catchUp();
    expect(await staysOf()).toHaveLength(2);
    now = day(170);
    await projector.catchUp();
    expect(await staysOf()).toEqual(['50 awareness', '60 onboarding', '150 at-risk']);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('count a member who joined before what was known of it: the joining comes late, or lies in the future', async () => {
    const projector = await open();
    await appendAll(log, [order(BUYER, day(10), 'A'), order(BUYER, day(20), 'B')]);
    await projector.catchUp();
    expect(await live('SELECT * FROM accounts')).toEqual([]);
    await appendAll(log, [joins(BUYER, day(15)), joins(COLLEAGUE, day(100) + HOUR)]);
    await projector.catchUp();
    expect(await staysOf()).toEqual(['15 awareness', '20 onboarding']);
    expect(await live('SELECT members, waiting_until, wake_at FROM accounts')).toEqual([
      { members: 1, waiting_until: day(100) + HOUR, wake_at: day(100) + HOUR },
    ]);
    await appendAll(log, [leaves(BUYER, day(12))]);
    await projector.catchUp();
    now = day(101);
    await projector.catchUp();
    expect(await live('SELECT members, waiting_until FROM accounts')).toEqual([{ members: 2, waiting_until: null }]);
    // Left at the instant of joining: no member any more, and the account stands on the other one.
    await appendAll(log, [leaves(BUYER, day(15))]);
    await projector.catchUp();
    expect(await live('SELECT members, members_ever, orders FROM accounts')).toEqual([
      { members: 1, members_ever: 1, orders: 0 },
    ]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('follow a member who proves to be another customer, and one who proves not to be', async () => {
    const browser = { anonymousId: 'browser' };
    const projector = await open();
    await appendAll(log, [order(browser, day(1), 'A'), joins(BUYER, day(0)), joins(COLLEAGUE, day(2))]);
    await projector.catchUp();
    expect(await live('SELECT orders, members FROM accounts')).toEqual([{ orders: 0, members: 2 }]);
    // The browser is the buyer's: its order counts, since the buyer was a member then.
    await appendAll(log, [touchpoint({ who: { ...BUYER, ...browser }, at: day(50), type: 'site-visited' })]);
    await projector.catchUp();
    expect(await live('SELECT orders, members FROM accounts')).toEqual([{ orders: 1, members: 2 }]);
    expect(await live('SELECT DISTINCT customer_id FROM account_memberships ORDER BY 1')).toHaveLength(2);
    // An earlier link shows that it is the colleague's: the other one is refused, and the order was before the colleague joined.
    await appendAll(log, [touchpoint({ who: { ...COLLEAGUE, ...browser }, at: day(1), type: 'site-visited' })]);
    await projector.catchUp();
    expect(await live('SELECT orders, members FROM accounts')).toEqual([{ orders: 0, members: 2 }]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('publish their stage changes, retract what no longer holds, and publish nothing twice', async () => {
    const projector = await open();
    await appendAll(log, [joins(BUYER, day(99)), order(BUYER, day(99.5), 'A')]);
    await projector.catchUp();
    expect(await published()).toEqual(['99 entered awareness', '99.5 left awareness', '99.5 entered onboarding']);
    await projector.catchUp();
    await projector.rebuild();
    expect(await published()).toHaveLength(3);
    await appendAll(log, [order(BUYER, day(99.25), 'B')]);
    await projector.catchUp();
    expect((await published()).slice(3)).toEqual([
      '99.5 retracted onboarding (late-event)',
      '99.5 retracted awareness (late-event)',
      '99.25 left awareness',
      '99.25 entered onboarding',
      '99.5 left onboarding',
      '99.5 entered active',
    ]);
    const rows = await store.database.query(
      'SELECT DISTINCT source, reference, account_kind, historical FROM perennial.accounts_published',
    );
    expect(rows).toEqual([{ source: 'shop', reference: null, account_kind: 'other', historical: false }]);
    expect(await store.database.query('SELECT count(*) AS n FROM perennial.account_outbox')).toEqual([{ n: 9 }]);
  });

  it('are known by a hash alone where they are households, or where nothing says what they are', async () => {
    await appendAll(log, [
      joins(BUYER, day(0), { kind: 'household' }),
      touchpoint({ who: BUYER, at: day(1), type: 'account-joined', data: { accountId: 'unsaid' } }),
      touchpoint({ who: BUYER, at: day(1), type: 'account-joined', data: { accountId: 'shed', kind: 'other' } }),
    ]);
    const projector = await open();
    await projector.catchUp();
    expect(await live('SELECT kind, reference FROM accounts ORDER BY reference, kind')).toEqual([
      { kind: 'other', reference: 'shed' },
      { kind: 'household', reference: null },
      { kind: 'other', reference: null },
    ]);
    expect(JSON.stringify(await live('SELECT * FROM membership_changes'))).not.toMatch(/acme|unsaid/);
  });

  it('are folded under a policy that is published or restates the past', async () => {
    const sooner = { silence: { ...BUILT_IN_POLICIES.retail.silence, atRiskDaysWithoutRhythm: 40 } };
    const projector = await open();
    const signals = Array.from({ length: 10 }, (_, n) =>
      touchpoint({ who: BUYER, at: day(2 + n), type: 'site-visited' }),
    );
    await appendAll(log, [joins(BUYER, day(0)), order(BUYER, day(1), 'A'), ...signals]);
    await projector.catchUp();
    expect(await staysOf()).toEqual(['0 awareness', '1 onboarding', '91 at-risk']);
    await appendAll(log, [policyPublished('sooner@1', sooner, now), policyRestated('sooner@2', sooner, now)]);
    await projector.catchUp();
    expect((await staysOf()).slice(0, 3)).toEqual(['0 awareness', '1 onboarding', '41 at-risk']);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('keep the mark of one that cannot be folded, with the reason, and fold the others', async () => {
    const broken = joins(COLLEAGUE, day(3));
    const other = { userId: 'other' };
    await appendAll(log, [
      joins(BUYER, day(0)),
      touchpoint({ who: other, at: day(0), type: 'account-joined', data: { accountId: 'fine' } }),
      broken,
      { ...broken, event: { ...broken.event, id: 'broken', type: 'site-visited', data: '{' } },
    ]);
    const projector = await open();
    await projector.catchUp();
    expect(await live('SELECT account_id FROM accounts')).toEqual([
      { account_id: accountIdOf({ source: 'shop', accountId: 'fine' }) },
    ]);
    expect(await live('SELECT account_id, failure FROM dirty_accounts')).toEqual([
      { account_id: ACME, failure: expect.stringContaining('JSON') },
    ]);
  });

  it('are the same whatever the order of arrival and the size of pages and batches, and when rebuilt; each row is that of the pure fold', async () => {
    now = day(520);
    const digestOf = async (items: readonly AppendItem[], more: Partial<ProjectorOptions> = {}) => {
      await store.wipe();
      log = memoryLog({ clock });
      await appendAll(log, items);
      const projector = await open(more);
      await projector.catchUp();
      return { projector, models: (await projector.digest()).models };
    };
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer(),
        fc.constantFrom(1, 7, 50, 1_000),
        fc.constantFrom(1, 3, 500),
        fc.constantFrom(0, 20, 100_000),
        async (seed, arrival, pageSize, foldBatchSize, bulkLag) => {
          const items = worldOfAccounts(seed, 6, 8);
          const plain = await digestOf(items);
          expect(await foldedRows()).toEqual(await foldedApart());
          const other = await digestOf(shuffled(items, arrival), {
            pageSize,
            foldBatchSize,
            bulkLag,
            snapshotEvery: 3,
          });
          expect(other.models).toEqual(plain.models);
          expect(await other.projector.verify()).toMatchObject({ equal: true });
        },
      ),
      { numRuns: 6 },
    );
  });

  it('are the same when time and events come step by step as when all is known at once', async () => {
    const items = worldOfAccounts(7, 10, 12);
    now = day(0);
    const projector = await open({ pageSize: 9, foldBatchSize: 3, snapshotEvery: 4 });
    const arriving = shuffled(items, 3);
    for (let at = 0; at < arriving.length; at += 12) {
      await appendAll(log, arriving.slice(at, at + 12));
      await projector.catchUp();
      now += 30 * DAY;
      await projector.catchUp();
    }
    now = day(2_000);
    await projector.catchUp();
    expect(await projector.verify()).toMatchObject({ equal: true, differences: [] });
    // What stands published is what the stage periods say.
    const [held] = await live(
      `SELECT (SELECT count(*) FROM account_stage_periods) + (SELECT count(left_at) FROM account_stage_periods) AS held,
              (SELECT count(*) FROM perennial.accounts_published WHERE NOT retracted AND kind <> 'retracted') AS standing`,
    );
    expect(held?.['held']).toBeGreaterThan(5);
    expect(held?.['standing']).toBe(held?.['held']);
  });

  // The embedded database has one connection: several would take turns.
  // PGlite has one owner.
  const itOnServers = name === 'pglite' ? () => undefined : it;
  itOnServers('are the same when several processes fold them at once', async () => {
    now = day(520);
    const items = worldOfAccounts(4, 30, 12);
    await appendAll(log, items);
    const alone = await (await open()).digest();
    await store.wipe();
    log = memoryLog({ clock });
    await appendAll(log, shuffled(items, 5));
    const many = [];
    for (let i = 0; i < 4; i += 1) many.push(await open({ pageSize: 20, foldBatchSize: 2, bulkLag: 40 }));
    await Promise.all(many.map((projector) => projector.catchUp()));
    expect((await many[0]?.digest())?.models).toEqual(alone.models);
  });

  /** Orders, revenue and stays of each account as the tables have them. */
  async function foldedRows(): Promise<object[]> {
    const rows = await live(
      `SELECT a.account_id, a.kind, a.orders, a.revenue, a.touchpoints, a.members,
              (SELECT jsonb_agg(p.phase ORDER BY seq) FROM account_stage_periods p WHERE p.account_id = a.account_id) AS phases,
              (SELECT sum(amount_minor) FROM account_bookings b WHERE b.account_id = a.account_id AND voided_at IS NULL) AS booked
         FROM accounts a ORDER BY account_id`,
    );
    return rows;
  }

  /** The same by the pure fold, from the log and the customers of the tables. */
  async function foldedApart(): Promise<object[]> {
    const customerOf = new Map(
      (await live('SELECT subject_id, customer_id FROM subjects')).map((row) => [
        String(row['subject_id']),
        String(row['customer_id']),
      ]),
    );
    const byCustomer = new Map<string, LifecycleEvent[]>();
    for (const event of await eventsAfter(log)) {
      const customerId = customerOf.get(subjectOfStream(event.stream) ?? '') ?? '';
      byCustomer.set(customerId, [...(byCustomer.get(customerId) ?? []), toLifecycleEvent(event)]);
    }
    const members = [...byCustomer].map(([customerId, events]) => ({ customerId, events }));
    return ['a0', 'a1', 'a2']
      .map((accountId) => ({ source: 'shop', accountId }))
      .map((account) => ({ account, ...foldAccount({ account, members, policies: policyTimeline([]), asOf: now }) }))
      .flatMap(({ account, kind, memberships, fold: { view, stagePeriods, bookings } }) => {
        if (view === null) return [];
        const counting = bookings.filter(({ voidedAt }) => voidedAt === null);
        return [
          {
            ...{ account_id: accountIdOf(account), kind, orders: view.orders, revenue: view.revenue },
            ...{ touchpoints: view.touchpoints, phases: stagePeriods.map(({ phase }) => phase) },
            members: memberships.filter(({ leftAt }) => leftAt === null).length,
            booked: counting.length === 0 ? null : counting.reduce((sum, { amountMinor }) => sum + amountMinor, 0),
          },
        ];
      })
      .sort((a, b) => (a.account_id < b.account_id ? -1 : 1));
  }

  it('are folded while customers stay dirty', async () => {
    await appendAll(log, [joins(BUYER, day(0)), order(BUYER, day(5), 'A')]);
    const readModels = await liveStore(store.database, log, clock.now);
    await index(readModels, await eventsAfter(log), 0, false);
    const steps = new Steps(readModels.context, {
      ...{ pageSize: 100, foldBatchSize: 1, bulkLag: 5_000, vacuumAfter: 1_000, foldsPages: true },
    });
    const foldedAccounts = async () => (await live('SELECT phase FROM accounts')).length;
    for (let n = 0; n < 4; n += 1) {
      expect(await foldedAccounts()).toBe(0);
      await readModels.transaction((tx) =>
        tx.query(
          `INSERT INTO dirty (customer_id, position, pending, reason, since)
                  SELECT 'waiting-' || $1 || n, 1, 0, 'events', now() FROM generate_series(1, 2) n`,
          [`${n}-`],
        ),
      );
      await steps.fold(readModels, true);
    }
    expect(await live('SELECT 1 FROM dirty')).not.toEqual([]);
    expect(await foldedAccounts()).toBe(1);
  });

  it('cost a log without them no statement, when its pages are indexed and when its customers are folded', async () => {
    const asked: string[] = [];
    const watching = (tx: Transaction): Transaction => ({
      query: <R extends Row>(sql: string, params: readonly unknown[] = []) => {
        asked.push(sql);
        return tx.query<R>(sql, params);
      },
      exec: (sql) => tx.exec(sql),
      batch: (steps) => {
        for (const step of steps) asked.push('sql' in step ? step.sql : step.into);
        return tx.batch(steps);
      },
      copyIn: (table, columns, rows) => tx.copyIn(table, columns, rows),
    });
    const readModels = await liveStore(store.database, log, clock.now);
    const ofAccounts = async (items: readonly AppendItem[], foldNow: boolean): Promise<string[]> => {
      const { position: after } = await log.head();
      await appendAll(log, items);
      const events = await eventsAfter(log, after);
      asked.length = 0;
      await readModels.transaction(
        (tx, turn) => indexBatch(watching(tx), { events, after, foldNow, ...readTurn(turn) }, readModels),
        { byKeys: true, first: selectTurn(readModels) },
      );
      await readModels.transaction((tx) => foldBatch(watching(tx), { limit: 9, all: true, only: null }, readModels));
      expect(asked).not.toEqual([]);
      return asked.filter((sql) => /account|membership_/.test(sql));
    };
    expect(await ofAccounts([order(BUYER, day(5), 'A')], true)).toEqual([]);
    expect(await ofAccounts([order(COLLEAGUE, day(5), 'B')], false)).toEqual([]);
    // The same looks see the statements of a page with one.
    expect(await ofAccounts([joins(BUYER, day(6))], true)).not.toEqual([]);
  });
});
