import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { STREAMS, streamOfFact } from '#contracts';
import { BUILT_IN_POLICIES, withheldActions, type Policy } from '#lifecycle';
import { day, iso, specEngine, type SpecEngine } from '../testdata/engine.js';

const HOUR = 3_600_000;
const byMail = { purpose: 'marketing', medium: 'email' };

describe('what is held back, and why', () => {
  let engine: SpecEngine;
  let facts = 0;
  beforeAll(async () => {
    engine = await specEngine();
    engine.now = day(400) + 12 * HOUR;
    await publish(POLICY);
    const at = engine.now - HOUR;
    const given = (user: string, data: object, more: object = {}) => ({
      ...{ who: { userId: user }, at, type: 'consent-given', data: { ...byMail, ...data }, ...more },
    });
    await engine.tell(
      { who: { userId: 'none' }, at, type: 'site-visited' },
      given('unconfirmed', { wording: 'news', wordingVersion: '2' }),
      given('confirmed', { confirmed: true, wording: 'news', wordingVersion: '2' }),
      given('expired', { confirmed: true, expiresAt: iso(engine.now - 1) }),
      given('withdrawn', { confirmed: true }),
      given('suppressed', { confirmed: true }),
      given('sms', { medium: 'sms', confirmed: true }),
      { who: { userId: 'withdrawn' }, at: at + 1, type: 'unsubscribed', data: { medium: 'email' } },
    );
    await suppress('suppressed');
  }, 120_000);
  afterAll(() => engine.close());

  const POLICY: Policy = {
    ...BUILT_IN_POLICIES.retail,
    treatments: { acquisition: { awareness: { name: 'introduce', media: ['email', 'sms'] } } },
    contact: { doubleOptIn: ['marketing'], quietHours: [{ from: '10:00', until: '14:00', media: ['sms'] }] },
  };
  const fact = async (stream: string, type: string, data: object): Promise<void> => {
    const event = {
      ...{
        source: 'perennial',
        id: `f-${(facts += 1)}`,
        type,
        schemaVersion: type === 'policy-published' ? 2 : 1,
        occurredAt: engine.now,
      },
      ...{ contentHash: Buffer.alloc(16, facts), meta: '{"by":"me"}', data: JSON.stringify(data) },
    };
    expect(await engine.log.appendMany([{ stream, event }])).toMatchObject([{ status: 'accepted' }]);
    await engine.catchUp();
  };
  const publish = (policy: Policy) =>
    fact(streamOfFact('policy-published'), 'policy-published', {
      ...{ version: 'mine@1', policy, effectiveFrom: null, restates: false, reason: null },
    });
  const suppress = (user: string) =>
    fact(STREAMS.suppressions, 'suppression-added', {
      ...{ suppressionId: '1'.repeat(32), subjectId: engine.subjectId('userId', user) },
      ...{ namespace: 'userId', reason: 'request' },
    });
  const line = (row: Readonly<Record<string, unknown>>) =>
    `${String(row['treatment'])} by ${String(row['medium'])}: ${String(row['reason'])} until ${String(row['until'])}`;
  const held = async (user: string) => (await engine.all('held-actions', { identifier: `userId:${user}` })).map(line);

  it('is listed for each customer with the reason', async () => {
    expect(await held('none')).toEqual([
      'introduce by email: no-consent until null',
      'introduce by sms: no-consent until null',
    ]);
    expect(await held('unconfirmed')).toContain('introduce by email: consent-unconfirmed until null');
    expect(await held('confirmed')).toEqual(['introduce by sms: no-consent until null']);
    expect(await held('expired')).toContain('introduce by email: consent-expired until null');
    expect(await held('withdrawn')).toContain('introduce by email: consent-withdrawn until null');
    expect(await held('suppressed')).toContain('introduce by email: suppressed until null');
    expect(await held('sms')).toContain(
      `introduce by sms: quiet-hours until ${iso(day(400) + 14 * HOUR).replace('.000', '')}`,
    );
  });

  it('is narrowed, paged, and counted by reason', async () => {
    const all = await engine.all('held-actions', {}, 3);
    expect(all).toHaveLength(13);
    expect(await engine.all('held-actions', { 'held-reason': 'quiet-hours' })).toHaveLength(1);
    expect(await engine.all('held-actions', { medium: 'sms', treatment: 'introduce' })).toHaveLength(7);
    const counts = (await engine.runQuery('held-action-counts')).rows;
    const summed = counts.reduce((sum, { actions }) => sum + Number(actions), 0);
    expect(summed).toBe(all.length);
    expect(
      counts.map(({ reason, medium, actions }) => `${String(reason)} ${String(medium)} ${String(actions)}`),
    ).toEqual([
      'consent-expired email 1',
      'consent-unconfirmed email 1',
      'consent-withdrawn email 1',
      'no-consent email 2',
      'no-consent sms 6',
      'quiet-hours sms 1',
      'suppressed email 1',
    ]);
  });

  it('is what the rules say of each customer by itself', async () => {
    const rows = await engine.database.query(
      'SELECT customer_id, stage, phase, entered_at, consents FROM rm_1.customers ORDER BY customer_id',
    );
    const expected = rows.flatMap((row) =>
      withheldActions(
        { ...row, enteredAt: row['entered_at'] } as unknown as Parameters<typeof withheldActions>[0],
        POLICY,
        engine.now,
      ).map((one) => ({ ...one, customerId: row['customer_id'], since: iso(one.since).replace('.000', '') })),
    );
    const shown = (await engine.all('held-actions'))
      .filter(({ reason }) => String(reason).includes('consent'))
      .map(({ customerId, treatment, purpose, medium, reason, since }) => ({
        ...{ treatment, purpose, medium, reason, since: String(since), customerId },
      }));
    expect(shown).toEqual(expected.map((one) => expect.objectContaining(one)));
    expect(expected).toHaveLength(11);
  });

  it('stands beside the actions in the profile and in the explanation', async () => {
    for (const name of ['customer', 'explain']) {
      const [row] = (await engine.runQuery(name, { identifier: 'userId:sms' })).rows;
      expect(row?.['actions']).toEqual([]);
      expect((row?.['heldActions'] as Record<string, unknown>[]).map(({ reason }) => reason)).toEqual([
        'quiet-hours',
        'no-consent',
      ]);
    }
    const [past] = (
      await engine.runQuery('explain', { identifier: 'userId:withdrawn', 'as-of': iso(engine.now - HOUR) })
    ).rows;
    expect((past?.['heldActions'] as Record<string, unknown>[]).map(({ reason }) => reason)).toEqual(['no-consent']);
  });

  it('leaves the unconfirmed and the suppressed out of selections by consent, and shows why', async () => {
    const selected = await engine.all('customers', { consent: 'email:marketing' });
    expect(selected.map(({ customerId }) => customerId)).toEqual([engine.subjectId('userId', 'confirmed')]);
    const of = async (user: string, more: Record<string, string> = {}) =>
      (await engine.runQuery('consents', { identifier: `userId:${user}`, ...more })).rows.map(
        ({ state, confirmedAt, wording, wordingVersion, eventId, proofEventId }) => ({
          ...{ state, confirmed: confirmedAt !== null, wording, wordingVersion, proved: eventId === proofEventId },
        }),
      );
    const shown = { wording: 'news', wordingVersion: '2', proved: true };
    expect(await of('unconfirmed')).toEqual([{ ...shown, state: 'unconfirmed', confirmed: false }]);
    expect(await of('confirmed')).toEqual([{ ...shown, state: 'given', confirmed: true }]);
    expect(await of('unconfirmed', { 'as-of': iso(engine.now - 1) })).toEqual([
      { ...shown, state: 'unconfirmed', confirmed: false },
    ]);
    expect(await engine.all('consents', { state: 'unconfirmed' })).toHaveLength(1);
  });
});
