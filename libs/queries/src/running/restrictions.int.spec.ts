import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Identities } from '#ingestion';
import { CLOSED_BY_RESTRICTION } from '#platform';
import { ManageRestrictions, RecordedOpenings, RestrictionRegister } from '#privacy';
import { specEngine, type SpecEngine } from '../testdata/engine.js';
import type { Answer } from './answer.js';
import { runQuery } from './run-query.js';

const HOUR = 3_600_000;

describe('the restriction of processing', () => {
  let engine: SpecEngine;
  let manage: ManageRestrictions;
  let openings: RecordedOpenings;
  let identities: Identities;
  beforeAll(async () => {
    engine = await specEngine();
    const { log, keys, sealer, database } = engine;
    const clock = { now: () => engine.now };
    identities = new Identities(sealer);
    openings = new RecordedOpenings({ log, sealer, clock, database });
    const register = new RestrictionRegister(log);
    manage = new ManageRestrictions({ log, keys, identities, sealer, database, clock, register });
  }, 120_000);
  afterAll(() => engine.close());

  const subjectOf = (user: string): string => engine.subjectId('userId', user);
  const consented = (user: string, id: string) => ({
    ...{ who: { userId: user }, at: engine.now - HOUR, type: 'consent-given', id },
    data: { purpose: 'marketing', medium: 'email' },
  });
  const answer = (name: string, params: Record<string, string>, purpose = 'service'): Promise<Answer> => {
    const { opening } = engine.context;
    if (opening === undefined || opening === null) throw new Error('The engine of specs states a purpose.');
    return runQuery({ ...engine.context, openings, opening: { ...opening, purpose } }, name, params);
  };
  const place = async (user: string): Promise<string> => {
    await engine.catchUp();
    const person = { identifiers: [{ namespace: 'userId', value: user }], customerId: null };
    const verdict = await manage.place({ person, ground: 'accuracy-contested', requestId: null, by: 'key:officer' });
    await engine.catchUp();
    return verdict.outcome === 'placed' ? verdict.restriction.restrictionId : verdict.outcome;
  };
  const lift = async (id: string): Promise<void> => {
    await manage.lift(id, 'key:officer');
    await engine.catchUp();
  };
  const actionsOf = async (customerId: string): Promise<string[]> => {
    const rows = await engine.database.query<{ kind: string; treatment: string; reason: string | null }>(
      'SELECT kind, treatment, reason FROM perennial.actions WHERE customer_id = $1 ORDER BY number',
      [customerId],
    );
    return rows.map(({ kind, treatment, reason }) => `${kind} ${treatment}${reason === null ? '' : `: ${reason}`}`);
  };

  it('closes the data of the person but for legal claims and what they request, and says so; those of others open', async () => {
    await engine.tell(consented('ann', 'c-ann'), consented('bob', 'c-bob'));
    const identifiers = async (purpose?: string) => {
      const { rows, meta } = await answer('customers', {}, purpose);
      return { shown: rows.map(({ identifier }) => identifier).sort(), state: meta.personalData };
    };
    expect((await identifiers()).shown).toEqual(['ann', 'bob']);
    const id = await place('ann');
    expect(await place('ann')).toBe(id);
    expect(await identifiers()).toEqual({
      shown: ['bob', null],
      state: { state: 'open', purpose: 'service', restrictedSubjects: 1 },
    });
    for (const purpose of ['legal', 'subject-request'])
      expect((await identifiers(purpose)).shown).toEqual(['ann', 'bob']);
    const one = await answer('timeline', { customer: subjectOf('ann') });
    expect(one.rows).toHaveLength(1);
    expect((await answer('customer', { customer: subjectOf('ann') })).meta.personalData).toEqual(CLOSED_BY_RESTRICTION);
    const { opening } = engine.context;
    if (opening === undefined || opening === null) throw new Error('The engine of specs states a purpose.');
    expect(await openings.decide(opening, [subjectOf('ann')])).toEqual(CLOSED_BY_RESTRICTION);
    await lift(id);
    await lift(id);
    expect((await identifiers()).shown).toEqual(['ann', 'bob']);
  });

  it('holds back the actions to the person, withdraws those that were published, and leaves the person out of selections by consent', async () => {
    await engine.tell(consented('cleo', 'c-cleo'));
    const cleo = subjectOf('cleo');
    expect(await actionsOf(cleo)).toEqual(['proposed introduce']);
    const selected = async (params: Record<string, string>) =>
      (await answer('customers', params)).rows.map(({ customerId }) => customerId);
    expect(await selected({ consent: 'email:marketing' })).toContain(cleo);
    const { models } = await engine.projector.digest();
    const id = await place('cleo');
    expect(await actionsOf(cleo)).toEqual(['proposed introduce', 'withdrawn introduce: restricted']);
    expect(await selected({ consent: 'email:marketing' })).not.toContain(cleo);
    // Counted as before.
    expect(await selected({})).toContain(cleo);
    const { models: restricted } = await engine.projector.digest();
    for (const name of ['customers', 'stage_periods', 'stage_days', 'bookings'])
      expect(restricted[name]).toEqual(models[name]);
    // Another event calls for another action: it is held back too.
    const order = { orderId: 'o-1', currency: 'EUR', totalMinor: 1_000 };
    await engine.tell({ who: { userId: 'cleo' }, at: engine.now, type: 'order-placed', id: 'o-cleo', data: order });
    expect(await actionsOf(cleo)).toHaveLength(2);
    await lift(id);
    expect((await actionsOf(cleo)).slice(2)).toEqual(['proposed welcome']);
  });

  it('holds for the whole person: also what is linked later, by late events, and after a rebuild', async () => {
    await engine.tell(consented('dan', 'c-dan'));
    const browser = { anonymousId: 'browser-of-dan' };
    await engine.tell({ who: browser, at: engine.now - 2 * HOUR, type: 'site-visited', id: 'v-1' });
    expect(await actionsOf(subjectOf('dan'))).toEqual(['proposed introduce']);
    // Only the visitor is named; that they are dan is known later.
    const person = { identifiers: [{ namespace: 'anonymousId', value: 'browser-of-dan' }], customerId: null };
    await manage.place({ person, ground: 'unlawful', requestId: null, by: 'key:officer' });
    await engine.catchUp();
    const shown = async () => (await answer('customer', { identifier: 'userId:dan' })).meta.personalData;
    expect(await shown()).toMatchObject({ state: 'open' });
    await engine.tell({
      who: { userId: 'dan', ...browser },
      at: engine.now - 3 * HOUR,
      type: 'site-visited',
      id: 'v-2',
    });
    expect(await shown()).toEqual(CLOSED_BY_RESTRICTION);
    expect((await actionsOf(subjectOf('dan'))).at(-1)).toBe('withdrawn introduce: restricted');
    const before = await engine.projector.digest();
    await engine.projector.rebuild();
    const after = await engine.projector.digest();
    expect(after.models).toEqual(before.models);
    expect(after.models['restricted_subjects']?.rows).toBe(1);
    expect(await shown()).toEqual(CLOSED_BY_RESTRICTION);
    expect((await actionsOf(subjectOf('dan'))).at(-1)).toBe('withdrawn introduce: restricted');
  }, 120_000);

  it('holds for a person who is met only afterwards', async () => {
    await place('eva');
    await engine.tell(consented('eva', 'c-eva'));
    expect(await actionsOf(subjectOf('eva'))).toEqual([]);
    expect((await answer('customer', { identifier: 'userId:eva' })).meta.personalData).toEqual(CLOSED_BY_RESTRICTION);
  });
});
