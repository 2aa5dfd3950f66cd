import { formatInstant, HOUR, STREAMS, type Instant } from '#contracts';
import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import type { AppendItem, EventLog } from '#event-log';
import type { ContactRules, Policy } from '#lifecycle';
import { memoryLog } from '#testing';
import { describeOnEachStore, openStore, type OpenedStore } from '#testing/stores';
import { Projector } from '../processor/projector.js';
import { policyPublished } from '../testdata/store.js';
import { appendAll, day, subject, touchpoint } from '../testdata/touchpoints.js';

const BERLIN = 'Europe/Berlin';
const byMail = { purpose: 'marketing', medium: 'email' };

describeOnEachStore('actions that are held back', (name) => {
  let store: OpenedStore;
  let log: EventLog;
  let projector: Projector;
  let now: Instant;
  let ids = 0;

  beforeAll(async () => {
    store = await openStore(name);
  }, 120_000);
  afterAll(() => store.stop());
  beforeEach(async () => {
    await store.wipe();
    now = day(100) + 12 * HOUR;
    log = memoryLog({ clock: { now: () => now } });
    projector = await Projector.open({ database: store.database, log, clock: { now: () => now } });
  });

  const tell = async (...items: AppendItem[]): Promise<void> => {
    await appendAll(log, items);
    await projector.catchUp();
  };
  const at = async (instant: Instant): Promise<void> => {
    now = instant;
    await projector.catchUp();
  };
  const policy = (contact: ContactRules, changes: Partial<Policy> = {}): AppendItem =>
    policyPublished('mine@1', { contact, ...changes }, now);
  const happens = (user: string, type: string, data: object, more: object = {}): AppendItem =>
    touchpoint({ who: { userId: user }, at: now, type, data: { ...data }, id: `t-${(ids += 1)}`, ...more });
  const consents = (user: string): AppendItem => happens(user, 'consent-given', byMail);
  const suppression = (user: string, number: number, more: object = {}, lifted = false): AppendItem => {
    const { event } = touchpoint({ who: { userId: user }, at: now, type: 'x', id: `s-${(ids += 1)}` });
    const suppressionId = String(number).padStart(32, '0');
    const data = {
      suppressionId,
      subjectId: subject('userId', user),
      namespace: 'userId',
      reason: 'complaint',
      ...more,
    };
    const type = lifted ? 'suppression-lifted' : 'suppression-added';
    return { stream: STREAMS.suppressions, event: { ...event, type, data: JSON.stringify(data), meta: '{"by":"me"}' } };
  };
  const published = async (user: string): Promise<string[]> =>
    (
      await store.database.query<{ kind: string; treatment: string; reason: string | null; published_at: number }>(
        'SELECT kind, treatment, reason, published_at FROM perennial.actions WHERE customer_id = $1 ORDER BY number',
        [subject('userId', user)],
      )
    ).map(
      (row) =>
        `${formatInstant(row.published_at)} ${row.kind} ${row.treatment}${row.reason === null ? '' : `: ${row.reason}`}`,
    );
  const held = async (): Promise<string[]> =>
    (
      await store.database.query<{ reason: string; rule: string | null; until: number | null; held_since: number }>(
        'SELECT reason, rule, until, held_since FROM perennial.held_actions ORDER BY customer_id, action_key',
      )
    ).map(
      ({ reason, rule, until, held_since }) =>
        `${reason} (${rule}) since ${formatInstant(held_since)} until ${until === null ? null : formatInstant(until)}`,
    );

  it('are proposed once at the end of quiet hours, at that instant, on the clock of the business', async () => {
    await tell(policy({ quietHours: [{ from: '21:00', until: '08:00' }] }, { timeZone: BERLIN }));
    await at(day(100) + 22 * HOUR);
    await tell(consents('ann'));
    expect(await published('ann')).toEqual([]);
    expect(await held()).toEqual([
      'quiet-hours (21:00 to 08:00) since 2024-04-10T22:00:00Z until 2024-04-11T06:00:00Z',
    ]);
    await at(day(101) + 6 * HOUR - 1);
    expect(await published('ann')).toEqual([]);
    await at(day(101) + 6 * HOUR);
    expect(await published('ann')).toEqual(['2024-04-11T06:00:00Z proposed introduce']);
    expect(await held()).toEqual([]);
    await at(day(102));
    await tell(happens('ann', 'message-opened', {}));
    expect(await published('ann')).toHaveLength(1);
  });

  it('wait until a cap has room, and count what was proposed and what channels did', async () => {
    await tell(policy({ caps: [{ max: 1, days: 3, medium: 'email' }] }));
    await tell(consents('ann'));
    expect(await published('ann')).toEqual(['2024-04-10T12:00:00Z proposed introduce']);
    const order = { orderId: 'o-1', currency: 'EUR', totalMinor: 1_000 };
    await at(day(101));
    await tell(happens('ann', 'order-placed', order));
    expect(await published('ann')).toEqual([
      '2024-04-10T12:00:00Z proposed introduce',
      '2024-04-11T00:00:00Z withdrawn introduce: phase-left',
    ]);
    expect(await held()).toEqual([
      'frequency-cap (1 contact in 3 days by email) since 2024-04-11T00:00:00Z until 2024-04-13T12:00:00Z',
    ]);
    // A campaign in the meantime moves the end of the window.
    await at(day(102));
    await tell(happens('ann', 'campaign-received', { medium: 'email' }));
    expect(await held()).toEqual([
      'frequency-cap (1 contact in 3 days by email) since 2024-04-11T00:00:00Z until 2024-04-15T00:00:00Z',
    ]);
    await at(day(103) + 12 * HOUR);
    expect(await published('ann')).toHaveLength(2);
    // More than a day after it became due: it was held back, so it is no history.
    await at(day(105));
    expect((await published('ann')).slice(2)).toEqual(['2024-04-15T00:00:00Z proposed welcome']);
    expect(await held()).toEqual([]);
  });

  it('are those of a suppressed person: withdrawn, held until the suppression ends, and proposed once then', async () => {
    await tell(policy({}), consents('ann'));
    expect(await published('ann')).toHaveLength(1);
    await at(day(101));
    await tell(suppression('ann', 1, { expiresAt: formatInstant(day(110)) }), suppression('ann', 2, { medium: 'sms' }));
    expect((await published('ann')).slice(1)).toEqual(['2024-04-11T00:00:00Z withdrawn introduce: suppressed']);
    expect(await held()).toEqual([
      `suppressed (complaint (suppression ${'1'.padStart(32, '0')})) since 2024-04-11T00:00:00Z until 2024-04-20T00:00:00Z`,
    ]);
    const before = await projector.digest();
    await projector.rebuild();
    const after = await projector.digest();
    expect(after.models).toEqual(before.models);
    expect(after.models['suppressed_subjects']?.rows).toBe(2);
    expect(await held()).toHaveLength(1);
    await at(day(110));
    expect((await published('ann')).slice(2)).toEqual(['2024-04-20T00:00:00Z proposed introduce']);
    await tell(suppression('ann', 3), suppression('ann', 3, {}, true));
    expect(await published('ann')).toHaveLength(3);
  });

  it('are those of a person who was suppressed before anything else was known of them, also by a linked identifier', async () => {
    await tell(policy({}), suppression('cookie', 1));
    await tell(touchpoint({ who: { userId: 'bob', anonymousId: 'b1' }, at: now, type: 'consent-given', data: byMail }));
    expect(await published('bob')).toHaveLength(1);
    await tell(suppression('bob', 2));
    expect((await published('bob')).at(-1)).toContain('withdrawn introduce: suppressed');
    await tell(consents('cookie'));
    expect(await published('cookie')).toEqual([]);
    expect(await held()).toHaveLength(2);
    await at(now + 2 * 24 * HOUR);
    await tell(suppression('cookie', 1, {}, true));
    expect(await published('cookie')).toEqual(['2024-04-12T12:00:00Z proposed introduce']);
  });

  it('go when they are no longer called for, and when the policy no longer holds them back', async () => {
    await tell(policy({ holdbackDays: ['04-10', '04-11', '04-12'] }), consents('ann'), consents('bob'));
    expect(await held()).toHaveLength(2);
    await tell(happens('ann', 'consent-withdrawn', byMail));
    expect(await held()).toEqual([
      'holdback-day (a day without contact) since 2024-04-10T12:00:00Z until 2024-04-13T00:00:00Z',
    ]);
    await at(day(102));
    await tell(policyPublished('mine@2', {}, now));
    await projector.catchUp();
    expect(await held()).toEqual([]);
    expect([await published('ann'), await published('bob')]).toEqual([[], ['2024-04-12T00:00:00Z proposed introduce']]);
  });

  it('does not propose again what a channel carried out before the person was suppressed', async () => {
    await tell(policy({}), consents('ann'));
    const [row] = await store.database.query<{ action_id: string }>('SELECT action_id FROM perennial.actions');
    await tell(happens('ann', 'contact-made', { ...byMail, actionId: row?.action_id }));
    await at(day(103));
    await tell(suppression('ann', 1));
    await tell(suppression('ann', 1, {}, true));
    expect(await published('ann')).toEqual([
      '2024-04-10T12:00:00Z proposed introduce',
      '2024-04-13T00:00:00Z withdrawn introduce: suppressed',
    ]);
    expect(await held()).toEqual([]);
  });
});
