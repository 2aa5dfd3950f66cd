import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { DAY, HOUR, STREAMS } from '#contracts';
import type { AppendItem } from '#event-log';
import { openDatabase, type Database } from '#database';
import type { Condition } from '#lifecycle';
import { memoryLog } from '#testing';
import { Projector } from '../../processor/projector.js';
import { segmentDefined, segmentRemoved } from '../../testdata/store.js';
import { appendAll, day, order, subject, touchpoint } from '../../testdata/touchpoints.js';
import { shuffled, world } from '../../testdata/world.js';

const ANNA = { userId: 'anna' };
const BEN = { userId: 'ben' };
const idOf = ({ userId }: { readonly userId: string }): string => subject('userId', userId);
const visit = (who: Record<string, string>, at: number, id: string) =>
  touchpoint({ who, at, type: 'site-visited', id });

const VISITORS: Condition = { did: 'site-visited', withinDays: 10 };

describe('segments', () => {
  let database: Database;
  let time = day(0);
  const clock = { now: () => time };
  let log: ReturnType<typeof memoryLog>;
  let projector: Projector;

  beforeAll(async () => {
    database = await openDatabase({ kind: 'pglite', folder: null });
  }, 60_000);
  afterAll(() => database.close());
  beforeEach(async () => {
    time = day(0);
    log = memoryLog({ clock });
    projector = await Projector.open({ database, log, clock });
  });
  afterEach(async () => {
    const versions = await projector.versions();
    for (const { schema } of versions) await database.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await database.query('DELETE FROM perennial.versions');
    for (const table of ['published', 'outbox', 'actions', 'segment_changes', 'customer_changes'])
      await database.query(`DELETE FROM perennial.${table}`);
  });

  const schema = async () => (await projector.versions()).find(({ status }) => status === 'live')?.schema ?? '';
  const members = async () =>
    (
      await database.query<{ segment_id: string; customer_id: string }>(
        `SELECT segment_id, customer_id FROM ${await schema()}.segment_members ORDER BY 1, 2`,
      )
    ).map((row) => [row.segment_id, row.customer_id]);
  const changes = () =>
    database.query(
      `SELECT customer_id, segment_id, number, kind, at, cause->>'kind' AS why, historical FROM perennial.segment_changes
        ORDER BY customer_id, segment_id, number`,
    );
  const catchUp = async (at: number) => {
    time = at;
    await projector.catchUp();
  };

  it('are entered with an event, and left at their own instant, however late anybody looks', async () => {
    await appendAll(log, [segmentDefined('visitors', VISITORS, day(0)), order(ANNA, day(0), 'A')]);
    await catchUp(day(1));
    expect(await members()).toEqual([]);
    time = day(2) + HOUR;
    await appendAll(log, [visit(ANNA, day(2), 'v1')]);
    await catchUp(day(2) + HOUR);
    expect(await members()).toEqual([['visitors', idOf(ANNA)]]);
    await catchUp(day(20));
    expect(await members()).toEqual([]);
    const row = { customer_id: idOf(ANNA), segment_id: 'visitors' };
    expect(await changes()).toEqual([
      { ...row, number: 1, kind: 'entered', at: day(2), why: 'event', historical: false },
      { ...row, number: 2, kind: 'left', at: day(12), why: 'time', historical: true },
    ]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('say of every event which one was new', async () => {
    await appendAll(log, [
      segmentDefined('buyers', { field: 'orders', op: 'at-least', value: 2 }, day(0)),
      order(ANNA, day(0), 'A'),
    ]);
    await catchUp(day(1));
    await appendAll(log, [order(ANNA, day(1), 'B')]);
    await catchUp(day(1) + HOUR);
    const [row] = await database.query<{ cause: unknown; at: number }>(
      'SELECT cause, at FROM perennial.segment_changes',
    );
    expect(row).toEqual({ cause: { kind: 'event', events: [{ source: 'shop', id: 'order-B' }] }, at: day(1) });
  });

  it('follow the stage: a deadline moves who is in and who is out, at its own instant', async () => {
    await appendAll(log, [
      segmentDefined('silent', { field: 'phase', op: 'one-of', value: ['at-risk', 'lapsed'] }, day(0)),
      order(ANNA, day(0), 'A'),
    ]);
    await catchUp(day(1));
    await catchUp(day(400));
    expect((await changes()).map((row) => [row['kind'], row['at']])).toEqual([
      ['entered', day(90)],
      ['left', day(365)],
    ]);
  });

  it('are judged over all customers when they are defined, with what they did before', async () => {
    await appendAll(log, [visit(ANNA, day(1), 'v1'), visit(BEN, day(4), 'v2'), order(BEN, day(4), 'B')]);
    await catchUp(day(12));
    await appendAll(log, [
      segmentDefined('visitors', VISITORS, day(12)),
      segmentDefined('buyers', { field: 'orders', op: 'more', value: 0 }, day(12)),
    ]);
    await catchUp(day(12));
    expect(await members()).toEqual([
      ['buyers', idOf(BEN)],
      ['visitors', idOf(BEN)],
    ]);
    expect((await changes()).map((row) => row['why'])).toEqual(['definition', 'definition']);
    // Another definition under the same id asks about other touchpoints; what no segment asks about any more is deleted.
    await appendAll(log, [segmentDefined('visitors', { not: { did: 'order-placed', withinDays: 30 } }, day(12), 2)]);
    await catchUp(day(13));
    expect(await members()).toEqual([
      ['buyers', idOf(BEN)],
      ['visitors', idOf(ANNA)],
    ]);
    expect(await database.query(`SELECT DISTINCT event_id FROM ${await schema()}.segment_events`)).toEqual([
      { event_id: 'order-B' },
    ]);
    await catchUp(day(34));
    expect((await members()).length).toBe(3);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('are left by all members when they are removed', async () => {
    await appendAll(log, [segmentDefined('visitors', VISITORS, day(0)), visit(ANNA, day(0), 'v1')]);
    await catchUp(day(1));
    await appendAll(log, [segmentRemoved('visitors', day(1))]);
    await catchUp(day(1));
    expect(await members()).toEqual([]);
    expect((await changes()).map((row) => [row['kind'], row['why']])).toEqual([
      ['entered', 'event'],
      ['left', 'removal'],
    ]);
    expect(await database.query(`SELECT count(*)::int AS n FROM ${await schema()}.segment_events`)).toEqual([{ n: 0 }]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('are left by a customer who is erased, and follow a restriction of processing', async () => {
    const fact = (type: string, id: string, data: object): AppendItem => ({
      stream: STREAMS.privacy,
      event: {
        ...{ source: 'perennial/privacy', id, type, schemaVersion: type === 'person-erased' ? 2 : 1, occurredAt: time },
        ...{ contentHash: Buffer.alloc(16, id), meta: '{"by":"me"}', data: JSON.stringify(data) },
      },
    });
    await appendAll(log, [
      segmentDefined('visitors', VISITORS, day(0)),
      segmentDefined('held', { field: 'restricted', op: 'equals', value: true }, day(0)),
      ...[visit(ANNA, day(0), 'v1'), visit(BEN, day(0), 'v2')],
    ]);
    await catchUp(day(1));
    await appendAll(log, [
      fact('restriction-placed', 'r1', { restrictionId: 'r1', subjectIds: [idOf(BEN)], ground: 'objection' }),
      fact('person-erased', 'p1', { subjectIds: [idOf(ANNA)], customerId: null, namespaces: [], quarantineIds: [] }),
    ]);
    await catchUp(day(1));
    expect(await members()).toEqual([
      ['held', idOf(BEN)],
      ['visitors', idOf(BEN)],
    ]);
    expect((await changes()).filter((row) => row['why'] === 'privacy')).toMatchObject(
      [
        { customer_id: idOf(ANNA), segment_id: 'visitors', kind: 'left' },
        { customer_id: idOf(BEN), segment_id: 'held', kind: 'entered' },
      ].sort((a, b) => (a.customer_id < b.customer_id ? -1 : 1)),
    );
    await catchUp(day(11));
    expect(await members()).toEqual([['held', idOf(BEN)]]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('follow a merge: the customer who remains has done what both did', async () => {
    const both: Condition = { did: 'site-visited', atLeast: 2, withinDays: 10 };
    await appendAll(log, [segmentDefined('twice', both, day(0)), segmentDefined('once', VISITORS, day(0))]);
    await appendAll(log, [visit(ANNA, day(1), 'v1'), visit({ deviceId: 'd' }, day(2), 'v2')]);
    await catchUp(day(3));
    expect(await members()).toEqual(
      [
        ['once', idOf(ANNA)],
        ['once', subject('deviceId', 'd')],
      ].sort((a, b) => ((a[1] ?? '') < (b[1] ?? '') ? -1 : 1)),
    );
    await appendAll(log, [
      touchpoint({ who: { ...ANNA, deviceId: 'd' }, at: day(3), type: 'app-opened', id: 'login' }),
    ]);
    await catchUp(day(4));
    expect(await members()).toEqual([
      ['once', idOf(ANNA)],
      ['twice', idOf(ANNA)],
    ]);
    const left = (await changes()).filter((row) => row['kind'] === 'left');
    expect(left).toMatchObject([{ customer_id: subject('deviceId', 'd'), segment_id: 'once', why: 'merge' }]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it('count a late event in its place, and an order that it makes known', async () => {
    const when: Condition = { sequence: [{ did: 'cart-updated' }, { did: 'order-placed', withinDays: 3 }] };
    await appendAll(log, [segmentDefined('converted', when, day(0)), order(ANNA, day(5), 'A')]);
    await catchUp(day(6));
    expect(await members()).toEqual([]);
    await appendAll(log, [touchpoint({ who: ANNA, at: day(4), type: 'cart-updated', id: 'late' })]);
    await catchUp(day(6));
    expect(await members()).toEqual([['converted', idOf(ANNA)]]);
    expect(await projector.verify()).toMatchObject({ equal: true });
  });

  it.each([1, 2, 3])(
    'come out the same in any order of arrival, page by page or built at once (world %i)',
    async (seed) => {
      const conditions: Condition[] = [
        { all: [{ did: '*', atLeast: 3, withinDays: 60 }, { not: { field: 'orders', op: 'less', value: 2 } }] },
        {
          any: [
            { segment: 's0' },
            { field: 'revenue', op: 'at-least', value: { amountMinor: 9_000, currency: 'EUR' } },
          ],
        },
        { sequence: [{ did: 'cart-updated' }, { did: 'order-placed', withinDays: 30 }], withinDays: 90 },
        { did: 'order-placed', from: '2024-03-01', until: '2024-09-01', where: [{ field: 'lines', op: 'present' }] },
        { field: 'since', op: 'within-days', value: 45 },
      ];
      const items = shuffled(world(seed), seed);
      const half = Math.floor(items.length / 2);
      await appendAll(log, items.slice(0, half), 7);
      await catchUp(day(300));
      await appendAll(
        log,
        conditions.map((when, index) => segmentDefined(`s${index}`, when, day(300))),
      );
      await appendAll(log, items.slice(half), 7);
      for (const at of [310, 380, 450, 520]) await catchUp(day(at));
      expect((await members()).length).toBeGreaterThan(10);
      expect(await projector.verify()).toMatchObject({ equal: true });
      // What was published adds up to what is believed.
      const standing = await database.query(
        `SELECT segment_id, customer_id FROM (
         SELECT DISTINCT ON (customer_id, segment_id) customer_id, segment_id, kind FROM perennial.segment_changes
          ORDER BY customer_id, segment_id, number DESC) c WHERE kind = 'entered' ORDER BY 1, 2`,
      );
      expect(standing.map((row) => [row['segment_id'], row['customer_id']])).toEqual(await members());
      const before = await changes();
      await projector.rebuild();
      expect(await changes()).toEqual(before);
      expect(time - day(0)).toBe(520 * DAY);
    },
  );
});
