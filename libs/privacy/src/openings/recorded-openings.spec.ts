import { describe, expect, it } from '@jest/globals';
import { STREAMS, type PersonalDataOpened } from '#contracts';
import type { EventLog, RecordedEvent } from '#event-log';
import { PublishPolicy, PublishPolicyHandler } from '#ingestion';
import { openSqliteKeyStore, Sealer } from '#keys';
import { BUILT_IN_POLICIES, DEFAULT_PURPOSES } from '#lifecycle';
import { LOCAL_PRINCIPAL, ROLE_NAMES, roleDefinition, UNLIMITED, type Opening, type Principal } from '#platform';
import { memoryLog, ONE_IS_ENOUGH } from '#testing';
import { decideOpening } from './decide-opening.js';
import { IDS_PER_EVENT, RecordedOpenings } from './recorded-openings.js';

const NOW = Date.UTC(2026, 0, 31, 12);
const clock = { now: () => NOW };
const ids = (count: number, from = 0): string[] =>
  Array.from({ length: count }, (_, at) => (from + at).toString(16).padStart(32, '0'));
const agent: Principal = {
  ...{ id: '5f0c3a9b1d2e', kind: 'key', name: 'help desk', roles: ['service-agent'] },
  permissions: new Set(['read', 'open']),
  scopes: { ...UNLIMITED, purposes: ['service', 'complaint'] },
};
const openingOf = (subjects: readonly string[], more: Partial<Opening> = {}): Opening => ({
  ...{ principal: agent, purpose: 'complaint', ticket: 'C-123', reason: null, kind: 'view', requestId: 'r-1' },
  ...{ query: 'customer', parameters: { identifier: 'email:ann@example.com' }, columns: ['identifiers'] },
  ...{ subjects: new Map(subjects.map((id) => [id, 2])), ...more },
});

function engine(log: EventLog = memoryLog({ clock })) {
  const keys = openSqliteKeyStore({ file: ':memory:' });
  const sealer = new Sealer(keys);
  const recorded = async (): Promise<(RecordedEvent & { opened: PersonalDataOpened })[]> => {
    const events: RecordedEvent[] = [];
    for await (const page of log.read(STREAMS.access('2026-01-31'))) events.push(...page);
    return events.map((event) => ({ ...event, opened: JSON.parse(event.data) as PersonalDataOpened }));
  };
  return { log, keys, sealer, recorded, openings: new RecordedOpenings({ log, sealer, clock }) };
}

describe('the decision whether personal data are opened', () => {
  const names = DEFAULT_PURPOSES.map(({ name }) => name);
  it.each([
    [{ ...agent, permissions: new Set(['read'] as const) }, 'service', { state: 'closed', why: 'no-permission' }],
    [agent, null, { state: 'closed', why: 'no-purpose' }],
    [agent, 'curiosity', { state: 'closed', why: 'unknown-purpose' }],
    [agent, 'audit', { state: 'closed', why: 'purpose-not-granted' }],
    [agent, 'service', { state: 'open', purpose: 'service' }],
    [{ ...agent, standingPurpose: 'complaint' }, null, { state: 'open', purpose: 'complaint' }],
    [{ ...agent, standingPurpose: 'complaint' }, 'service', { state: 'open', purpose: 'service' }],
    [{ ...agent, standingPurpose: 'audit' }, null, { state: 'closed', why: 'purpose-not-granted' }],
    // The command line of the machine may state every purpose, and must state one.
    [LOCAL_PRINCIPAL, null, { state: 'closed', why: 'no-purpose' }],
    [LOCAL_PRINCIPAL, 'legal', { state: 'open', purpose: 'legal' }],
  ])('of case %# is as expected', (principal, purpose, decision) => {
    expect(decideOpening({ principal, purpose }, names)).toMatchObject(decision);
  });

  it('names the purposes that the principal may state', () => {
    expect(decideOpening({ principal: agent, purpose: null }, names)).toMatchObject({
      hint: 'State one of: service, complaint (header Perennial-Purpose, option --purpose).',
    });
  });

  it('goes by the policy in force, also where it was published after the first decision', async () => {
    const { log, openings } = engine();
    const request = openingOf([]);
    expect(await openings.decide(request)).toEqual({ state: 'open', purpose: 'complaint' });
    const purposes = [{ name: 'warranty', text: 'Settle a warranty claim', legalBasis: 'GDPR art. 6(1)(b)' }];
    await new PublishPolicyHandler(log, clock, ONE_IS_ENOUGH).execute(
      new PublishPolicy({ ...BUILT_IN_POLICIES.retail, name: 'shop', purposes }, {}, LOCAL_PRINCIPAL),
    );
    expect(await openings.decide(request)).toMatchObject({ state: 'closed', why: 'unknown-purpose' });
    expect(await openings.decide({ ...request, principal: LOCAL_PRINCIPAL, purpose: 'warranty' })).toMatchObject({
      state: 'open',
    });
  });

  it('finds every purpose of the role table among the default ones', () => {
    const ofRoles = ROLE_NAMES.flatMap((role) => roleDefinition(role).purposes ?? []);
    expect(names).toEqual(expect.arrayContaining(ofRoles));
  });
});

describe('the record of an opening', () => {
  it('is durable when it resolves, and says who, for what, whose and how much; neither parameters nor reason in the clear', async () => {
    const { openings, recorded, keys, sealer } = engine();
    const [ann = '', bob = ''] = ids(2);
    await openings.recordOpening(openingOf([ann], { reason: 'Ann Doe called', bodies: new Map([[bob, 1]]) }));
    const [event] = await recorded();
    expect(event).toMatchObject({ type: 'personal-data-opened', meta: JSON.stringify({ by: 'key:5f0c3a9b1d2e' }) });
    expect(event?.opened).toMatchObject({
      ...{ purpose: 'complaint', ticket: 'C-123', kind: 'view', query: 'customer', columns: ['identifiers'] },
      ...{ subjectIds: [ann], quarantineIds: [bob], count: 3, requestId: 'r-1' },
    });
    expect(event?.data).not.toMatch(/ann@example\.com|Ann Doe/);
    const reason = { subjectId: event?.id ?? '', sealed: event?.opened.sealedReason ?? '' };
    expect(await sealer.openMany([reason])).toEqual(['Ann Doe called']);
    // The person is erased: the record stays, the reason is gone.
    await keys.destroy([ann]);
    expect((await recorded())[0]?.opened.subjectIds).toEqual([ann]);
    expect(await sealer.openMany([reason])).toEqual([null]);
  });

  it(`has an event for each ${IDS_PER_EVENT} subjects, in one append`, async () => {
    const { openings, recorded, log } = engine();
    let appends = 0;
    const append = log.append.bind(log);
    log.append = (...given) => {
      appends += 1;
      return append(...given);
    };
    await openings.recordOpening(openingOf(ids(1_201)));
    const events = await recorded();
    expect(events.map(({ opened }) => opened.subjectIds.length)).toEqual([500, 500, 201]);
    expect(new Set(events.map(({ opened }) => opened.requestId)).size).toBe(1);
    expect(events.flatMap(({ opened }) => opened.subjectIds)).toEqual(ids(1_201));
    expect(appends).toBe(1);
  });

  it('of several answers at once is one append after the one that is under way', async () => {
    const { openings, recorded, log } = engine();
    const sizes: number[] = [];
    const append = log.append.bind(log);
    log.append = (stream, expected, events) => {
      sizes.push(events.length);
      return append(stream, expected, events);
    };
    await Promise.all(ids(20).map((id) => openings.recordOpening(openingOf([id]))));
    expect(sizes).toEqual([1, 19]);
    expect(await recorded()).toHaveLength(20);
  });

  it('is not made of an answer in which nothing was opened', async () => {
    const { openings, recorded } = engine();
    await openings.recordOpening(openingOf([]));
    expect(await recorded()).toEqual([]);
  });

  it('rejects where the log is away, for each answer that waits, and works again afterwards', async () => {
    const { openings, recorded, log } = engine();
    const append = log.append.bind(log);
    log.append = () => Promise.reject(new Error('away'));
    const failed = await Promise.allSettled(ids(3).map((id) => openings.recordOpening(openingOf([id]))));
    expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    log.append = append;
    await openings.recordOpening(openingOf(ids(1)));
    expect(await recorded()).toHaveLength(1);
  });

  it('asks first whether so many subjects may be opened', async () => {
    const { log, sealer, recorded } = engine();
    const asked: number[] = [];
    const beforeOpening = (_: unknown, subjects: number): void => {
      asked.push(subjects);
      throw new Error('too many');
    };
    const openings = new RecordedOpenings({ log, sealer, clock, beforeOpening });
    await expect(openings.recordOpening(openingOf(ids(7)))).rejects.toThrow('too many');
    expect(asked).toEqual([7]);
    expect(await recorded()).toEqual([]);
  });
});
