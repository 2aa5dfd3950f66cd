import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LOCAL_PRINCIPAL } from '#platform';
import { RecordedOpenings } from '#privacy';
import { runQuery, type Answer } from '#queries';
import { memoryLog, orderPlaced } from '#testing';
import { ingestingEngine, type IngestingEngine } from '#testing/stores';
import { DecideCustomers, type DecisionVerdict, type PreviewVerdict } from './decide-customers.js';
import type { DecisionKind } from './decision-documents.js';

const day = (n: number): number => Date.UTC(2026, 0, 1) + n * 86_400_000;
const iso = (at: number): string => new Date(at).toISOString();
/** Touchpoints as a channel sends them. `who` maps namespaces to values. */
const told = (who: Readonly<Record<string, string>>, at: number, id: string, more: object) =>
  orderPlaced({
    ...{ id, time: iso(at), ...more },
    identifiers: Object.entries(who).map(([namespace, value]) => ({ namespace, value })),
  });
const order = (who: Readonly<Record<string, string>>, at: number, orderId: string, totalMinor: number) =>
  told(who, at, orderId, { data: { orderId, currency: 'EUR', totalMinor } });
const opened = (who: Readonly<Record<string, string>>, at: number, id: string) =>
  told(who, at, id, { type: 'app-opened', data: {} });

const CARD = { loyaltyCard: 'card-7' };
const reason = 'showed both at the counter';

describe('decisions about who is who', () => {
  let engine: IngestingEngine;
  let now = day(100);
  let customers: DecideCustomers;
  let anna: string;
  let card: string;

  beforeAll(async () => {
    engine = await ingestingEngine(() => now);
    const { context, sealer } = engine;
    customers = new DecideCustomers({ context, sealer });
    card = subjectId('loyaltyCard', 'card-7');
    await engine.take(
      order({ userId: 'anna', email: 'anna@example.com' }, day(3), 'A1', 1_250),
      order(CARD, day(5), 'C1', 2_000),
      order(CARD, day(9), 'C2', 3_000),
      opened({ userId: 'ben', deviceId: 'tablet' }, day(1), 'e1'),
      opened({ userId: 'cleo', deviceId: 'tablet' }, day(2), 'e2'),
    );
    anna = String(await customerIdOf('userId:anna'));
  }, 120_000);
  afterAll(() => engine.close());

  const decide = async (kind: DecisionKind, document: object, decisionId?: string): Promise<DecisionVerdict> => {
    const made = await customers.decide(
      { kind, document, ...(decisionId === undefined ? {} : { decisionId }) },
      LOCAL_PRINCIPAL.id,
    );
    await engine.projector.catchUp();
    return made;
  };
  const decided = async (...given: Parameters<typeof decide>) => {
    const verdict = await decide(...given);
    if (verdict.outcome !== 'decided') throw new Error(JSON.stringify(verdict));
    return verdict;
  };
  const previewed = (verdict: PreviewVerdict) => {
    if (verdict.outcome !== 'previewed') throw new Error(JSON.stringify(verdict));
    return verdict.preview;
  };
  const subjectId = (namespace: string, value: string): string => engine.sealer.subjectIdOf(namespace, value);
  /** Runs a query for a purpose; the openings are recorded elsewhere, so that the log holds what the specs count. */
  const ask = (name: string, params: Readonly<Record<string, string>>): Promise<Answer> => {
    const { context, sealer } = engine;
    const openings = new RecordedOpenings({ log: memoryLog({ clock: context.clock }), sealer, clock: context.clock });
    const stated = { purpose: 'service', ticket: null, reason: null, kind: 'view' as const, requestId: 'spec' };
    return runQuery({ ...context, openings, opening: { principal: LOCAL_PRINCIPAL, ...stated } }, name, params);
  };
  const ordersOf = async (identifier: string) => (await ask('customer', { identifier })).rows[0];
  const customerIdOf = async (identifier: string) => (await ordersOf(identifier))?.['customerId'];

  it('a preview says who, how many events, and what stage, orders and revenue would become, and writes nothing', async () => {
    const before = await engine.context.log.head();
    const document = { one: 'email:anna@example.com', other: 'loyaltyCard:card-7' };
    const preview = previewed(await customers.preview({ kind: 'merge', document }));
    const found = preview.before.map(({ orders, touchpoints, revenue }) => ({ orders, touchpoints, revenue }));
    expect(found.sort((a, b) => a.orders - b.orders)).toEqual([
      ...[{ orders: 1, touchpoints: 1, revenue: [{ currency: 'EUR', amountMinor: 1_250 }] }],
      ...[{ orders: 2, touchpoints: 2, revenue: [{ currency: 'EUR', amountMinor: 5_000 }] }],
    ]);
    expect(preview.after).toMatchObject([
      {
        ...{ customerId: anna, orders: 3, touchpoints: 3, revenue: [{ currency: 'EUR', amountMinor: 6_250 }] },
        ...{ stage: 'retention', firstSeenAt: iso(day(3)).replace('.000', '') },
      },
    ]);
    expect(preview.after[0]?.subjects.map(({ namespace }) => namespace).sort()).toEqual([
      ...['email', 'loyaltyCard', 'userId'],
    ]);
    expect(await engine.context.log.head()).toEqual(before);
  });

  it('a merge, an unmerge and a lift are recorded with by and reason, and shown where they happened', async () => {
    const { decision: merge, preview } = await decided('merge', { one: 'loyaltyCard:card-7', other: anna, reason });
    expect(preview?.after).toHaveLength(1);
    expect(await ordersOf('loyaltyCard:card-7')).toMatchObject({ customerId: anna, orders: 3 });
    // The old id keeps working: the case merge-alias of segment-scoring-merge.json.
    expect((await ask('customer', { customer: card })).rows).toMatchObject([{ customerId: anna }]);
    await engine.take(order(CARD, day(20), 'C3', 500));

    const undo = { kind: 'unmerge', document: { merge: merge.decisionId } } as const;
    expect(
      previewed(await customers.preview(undo))
        .after.map(({ orders }) => orders)
        .sort(),
    ).toEqual([1, 3]);
    now = day(101);
    const { decision: unmerge } = await decided('unmerge', { merge: merge.decisionId, reason });
    expect(await ordersOf('userId:anna')).toMatchObject({ orders: 1 });
    expect(await ordersOf('loyaltyCard:card-7')).toMatchObject({ customerId: card, orders: 3 });
    expect(unmerge).toMatchObject({ kind: 'unmerge', status: 'stands', merge: merge.decisionId, decidedBy: 'local' });

    const { rows } = await ask('identity-decisions', { identifier: 'userId:anna' });
    expect(rows).toMatchObject([
      { decisionId: merge.decisionId, kind: 'merge', status: 'ended', reason, decidedBy: 'local' },
      { decisionId: unmerge.decisionId, kind: 'unmerge', status: 'stands', endedAt: null },
    ]);
    const timeline = await ask('timeline', { identifier: 'userId:anna' });
    expect(timeline.rows.map(({ type }) => type)).toEqual(['order-placed', 'customers-merged', 'customers-unmerged']);
    expect(JSON.stringify(timeline.rows)).not.toContain('sealed');
    const [explained] = (await ask('explain', { identifier: 'userId:anna' })).rows;
    expect(explained?.['text']).toContain(`On 2026-04-11 local merged two customers into this one`);
    expect(explained?.['decisions']).toHaveLength(2);
    const [profile] = (await ask('customer', { identifier: 'userId:anna' })).rows;
    expect(profile?.['decisions']).toMatchObject([{ kind: 'merge' }, { kind: 'unmerge' }]);

    // What was believed while they were one, and before.
    const then = (at: number) => ask('history', { identifier: 'loyaltyCard:card-7', 'known-at': iso(at) });
    expect((await then(day(100))).rows[0]).toMatchObject({ customerId: anna });
    expect((await then(day(101))).rows[0]).toMatchObject({ customerId: card });
    const early = await ask('explain', { identifier: 'userId:anna', 'known-at': iso(day(100)) });
    expect(early.rows[0]?.['decisions']).toMatchObject([{ kind: 'merge', endedAt: null }]);

    // Decided once more is the same decision.
    const again = await decided('unmerge', { merge: merge.decisionId, reason });
    expect(again).toMatchObject({ changed: false, decision: { decisionId: unmerge.decisionId } });
    expect(await decide('merge', { one: anna, other: card, reason })).toMatchObject({
      outcome: 'conflict',
      extension: { decisionId: unmerge.decisionId },
    });
    const lifted = await decided('lift', { reason }, unmerge.decisionId);
    expect(lifted.decision).toMatchObject({ status: 'ended', endedBy: 'local' });
    expect(await decided('lift', { reason }, unmerge.decisionId)).toMatchObject({ changed: false });
    // The merge stays undone; they may be merged again.
    expect(await ordersOf('userId:anna')).toMatchObject({ orders: 1 });
    expect(await decided('merge', { one: anna, other: card, reason })).toMatchObject({ changed: true });
  });

  it('a conflict is listed with the commands that decide it, and then with the decision', async () => {
    const [ben, cleo] = [subjectId('userId', 'ben'), subjectId('userId', 'cleo')];
    const tablet = subjectId('deviceId', 'tablet');
    const open = async () => (await ask('refused-links', { status: 'open' })).rows;
    expect(await open()).toMatchObject([
      { reason: 'unique-namespace', status: 'open', decision: null, commands: expect.arrayContaining([]) },
    ]);
    const [{ commands }] = (await open()) as [{ commands: string[] }];
    expect(commands.some((each) => each.includes(`--apart ${tablet}`))).toBe(true);
    expect(await decide('merge', { one: ben, other: cleo, reason })).toMatchObject({
      outcome: 'conflict',
      detail: expect.stringContaining('userId'),
    });
    const apart = await decided('keep-apart', { one: ben, other: cleo, reason });
    expect(await decided('keep-apart', { one: cleo, other: ben, reason })).toMatchObject({
      ...{ changed: false, decision: { decisionId: apart.decision.decisionId } },
    });
    expect(await open()).toEqual([]);
    expect((await ask('refused-links', { status: 'decided' })).rows).toMatchObject([
      {
        ...{ status: 'decided', reason: 'kept-apart', decision: apart.decision.decisionId },
        commands: [`perennial lift ${apart.decision.decisionId} --reason TEXT`],
      },
    ]);
    // The tablet belongs to the other one.
    await decided('lift', { reason }, apart.decision.decisionId);
    const part = { kind: 'unmerge', document: { customer: ben, apart: [tablet] } } as const;
    const preview = previewed(await customers.preview(part));
    expect(preview.admitted).toMatchObject([{ reason: 'unique-namespace' }]);
    await decided('unmerge', { customer: ben, apart: [tablet], reason });
    expect(await ordersOf('deviceId:tablet')).toMatchObject({ customerId: await customerIdOf('userId:cleo') });
    expect(await engine.projector.verify()).toMatchObject({ equal: true });
  });

  it.each<[string, DecisionKind, object, string, string]>([
    ['a body that is none', 'merge', [], 'invalid', '#'],
    ['no reason', 'merge', { one: 'userId:anna', other: 'userId:ben' }, 'invalid', '#/reason'],
    ['no customer', 'merge', { one: 'anna', other: 'userId:ben', reason }, 'invalid', '#/one'],
    ['one customer twice', 'merge', { one: 'userId:anna', other: 'userId:anna', reason }, 'invalid', '#/other'],
    ['nothing to undo', 'unmerge', { reason }, 'invalid', '#'],
    ['a merge and a customer', 'unmerge', { merge: 'a'.repeat(32), customer: 'userId:anna', reason }, 'invalid', '#'],
    ['nothing to part', 'unmerge', { customer: 'userId:anna', reason }, 'invalid', '#/apart'],
  ])('%s is an error that says what and where', async (_, kind, document, outcome, pointer) => {
    const verdict = await customers.decide({ kind, document }, 'local');
    expect(verdict).toMatchObject({ outcome, errors: [{ pointer }] });
  });

  it.each<[string, DecisionKind, object, string | undefined, string]>([
    ['a stranger', 'merge', { one: 'userId:anna', other: 'userId:stranger', reason }, undefined, 'unknown'],
    ['an unknown merge', 'unmerge', { merge: 'a'.repeat(32), reason }, undefined, 'unknown'],
    ['an unknown decision', 'lift', { reason }, 'b'.repeat(32), 'unknown'],
    [
      'one customer by two names',
      'merge',
      { one: 'userId:anna', other: 'email:anna@example.com', reason },
      undefined,
      'conflict',
    ],
    [
      'one customer kept apart',
      'keep-apart',
      { one: 'userId:anna', other: 'email:anna@example.com', reason },
      undefined,
      'conflict',
    ],
    ['all that there is', 'unmerge', { customer: 'userId:ben', apart: ['userId:ben'], reason }, undefined, 'conflict'],
    [
      'what belongs to another',
      'unmerge',
      { customer: 'userId:ben', apart: ['userId:anna'], reason },
      undefined,
      'conflict',
    ],
  ])('%s is rejected, and nothing is written', async (_, kind, document, decisionId, outcome) => {
    const before = await engine.context.log.head();
    expect(await decide(kind, document, decisionId)).toMatchObject({ outcome });
    expect(await engine.context.log.head()).toEqual(before);
  });

  it.each<[DecisionKind, object, string]>([
    ['merge', { one: 'userId:stranger', other: 'userId:anna', reason }, 'one'],
    ['keep-apart', { one: 'userId:anna', other: 'userId:stranger', reason }, 'other'],
    ['unmerge', { customer: 'userId:stranger', apart: ['userId:anna'], reason }, 'customer'],
    ['unmerge', { customer: 'userId:anna', apart: ['userId:stranger'], reason }, 'apart'],
  ])('%s says which field names no known customer, and what to give', async (kind, document, field) => {
    expect(await decide(kind, document)).toEqual({
      outcome: 'unknown',
      detail: `${field} names no known customer: give a customer id, or an identifier of a customer with touchpoints, such as userId:0001.`,
    });
  });

  it('an id of one’s own makes a decision that is sent twice one decision', async () => {
    const decisionId = 'c'.repeat(32);
    const document = { one: 'userId:anna', other: 'userId:ben', reason, decisionId };
    expect(await decided('keep-apart', document)).toMatchObject({ changed: true });
    expect(await decided('keep-apart', document)).toMatchObject({ changed: false, decision: { decisionId } });
    expect(await decide('merge', { ...document, other: 'userId:cleo' })).toMatchObject({ outcome: 'conflict' });
  });
});
