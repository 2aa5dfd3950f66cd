import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { instantText, story, type Story } from '#testing';
import { BUILT_IN_POLICIES, compareEvents, consentFor, foldCustomer, type Policy } from '../index.js';

const marketing = { purpose: 'marketing' };
const byMail = { ...marketing, medium: 'email' };

/** What is to be done next, a line each: what, by which medium, since when, until when. */
const toDo = (told: Story, at: string): string[] =>
  (told.at(at).view?.actions ?? []).map(
    ({ treatment, medium, since, validUntil }) =>
      `${treatment} by ${medium}, ${instantText(since)} to ${instantText(validUntil)}`,
  );

const consents = (told: Story, at: string): string[] =>
  (told.at(at).view?.consents ?? []).map(
    ({ purpose, medium, given, since, expiresAt }) =>
      `${purpose} by ${medium ?? 'all'}: ${given ? 'given' : 'withdrawn'} ${instantText(since)}` +
      (expiresAt === null ? '' : ` to ${instantText(expiresAt)}`),
  );

const retail = BUILT_IN_POLICIES.retail;
const withTreatment = (rule: Policy['treatments'][string][string]): Policy => ({
  ...retail,
  treatments: { retention: { onboarding: rule } },
});

const bought = (policy = retail) => story(policy).buys('2026-01-01', 'o1');

describe('what a channel should do next', () => {
  it('is nothing without a consent, and the treatment of their phase with one', () => {
    expect(toDo(bought(), '2026-01-02')).toEqual([]);
    const told = bought().on('2026-01-05', 'consent-given', byMail);
    expect(toDo(told, '2026-01-05')).toEqual(['welcome by email, 2026-01-05 to 2026-02-04']);
    expect(toDo(told, '2026-01-04')).toEqual([]);
  });

  it('is called for since the customer entered the phase, where they had consented before', () => {
    const told = story().on('2025-12-01', 'consent-given', byMail).buys('2026-01-01', 'o1');
    expect(toDo(told, '2025-12-02')).toEqual(['introduce by email, 2025-12-01 to 2025-12-31']);
    expect(toDo(told, '2026-01-01')).toEqual(['welcome by email, 2026-01-01 to 2026-01-31']);
    // By then the thirty days are over.
    expect(toDo(told, '2026-01-31')).toEqual([]);
    expect(toDo(told, '2026-04-01')).toEqual(['ask what is missing by email, 2026-04-01 to 2026-05-01']);
  });

  it('ends with the consent: withdrawn, expired, unsubscribed, called spam', () => {
    const given = bought().on('2026-01-05', 'consent-given', byMail);
    for (const [type, data] of [
      ['consent-withdrawn', byMail],
      ['consent-withdrawn', marketing],
      ['unsubscribed', { newsletter: 'weekly' }],
      ['unsubscribed', { medium: 'email' }],
      ['spam-reported', { medium: 'email' }],
    ] as const)
      expect([
        type,
        toDo(bought().on('2026-01-05', 'consent-given', byMail).on('2026-01-06', type, data), '2026-01-06'),
      ]).toEqual([type, []]);
    expect(
      toDo(given.on('2026-01-06', 'consent-withdrawn', { ...marketing, medium: 'sms' }), '2026-01-06'),
    ).toHaveLength(1);
    const brief = bought().on('2026-01-05', 'consent-given', { ...byMail, expiresAt: '2026-01-10T00:00:00Z' });
    expect(toDo(brief, '2026-01-09')).toEqual(['welcome by email, 2026-01-05 to 2026-01-10']);
    expect(toDo(brief, '2026-01-10')).toEqual([]);
  });

  it('needs the consent for the very purpose and medium that the policy names', () => {
    const policy = withTreatment({ name: 'call', purpose: 'service', media: ['phone', 'sms'], validDays: 3 });
    const told = bought(policy).on('2026-01-05', 'consent-given', byMail);
    expect(toDo(told, '2026-01-05')).toEqual([]);
    told.on('2026-01-06', 'consent-given', { purpose: 'service' });
    expect(toDo(told, '2026-01-06')).toEqual([
      'call by phone, 2026-01-06 to 2026-01-09',
      'call by sms, 2026-01-06 to 2026-01-09',
    ]);
    told.on('2026-01-07', 'consent-withdrawn', { purpose: 'service', medium: 'phone' });
    expect(toDo(told, '2026-01-07')).toEqual(['call by sms, 2026-01-06 to 2026-01-09']);
  });

  it('is not called for again by a consent that was in force already', () => {
    const told = bought().on('2026-01-05', 'consent-given', byMail).on('2026-01-20', 'consent-given', byMail);
    told.on('2026-01-21', 'consent-given', marketing);
    expect(toDo(told, '2026-01-25')).toEqual(['welcome by email, 2026-01-05 to 2026-02-04']);
    expect(consents(told, '2026-01-25')).toEqual([
      'marketing by all: given 2026-01-21',
      'marketing by email: given 2026-01-05',
    ]);
  });

  it('counts the days in the zone of the business', () => {
    const policy = { ...withTreatment('welcome'), timeZone: 'Europe/Amsterdam' };
    const told = story(policy).on('2026-03-01', 'consent-given', byMail).buys('2026-03-10 12:00', 'o1');
    // Clocks go forward on 29 March: thirty days there are an hour less.
    expect(toDo(told, '2026-03-11')).toEqual(['welcome by email, 2026-03-10T12:00:00Z to 2026-04-09T11:00:00Z']);
  });

  it('knows of no consent in test traffic', () => {
    expect(toDo(bought().on('2026-01-05', 'consent-given', byMail, true), '2026-01-06')).toEqual([]);
  });
});

describe('consents', () => {
  it('given for all media take the place of what was rejected by one, and withdrawn for all of all', () => {
    const told = bought().on('2026-01-02', 'consent-withdrawn', byMail).on('2026-01-03', 'consent-given', marketing);
    expect(consents(told, '2026-01-03')).toEqual(['marketing by all: given 2026-01-03']);
    told.on('2026-01-04', 'consent-withdrawn', byMail);
    expect(consents(told, '2026-01-04')).toEqual([
      'marketing by all: given 2026-01-03',
      'marketing by email: withdrawn 2026-01-04',
    ]);
    told.on('2026-01-05', 'consent-withdrawn', marketing);
    expect(consents(told, '2026-01-05')).toEqual(['marketing by all: withdrawn 2026-01-05']);
  });

  it('given for all media again do not give a medium that was rejected the days that the others still had', () => {
    const told = bought()
      .on('2026-01-02', 'consent-given', { ...marketing, expiresAt: '2026-02-11T00:00:00Z' })
      .on('2026-01-03', 'consent-withdrawn', byMail)
      .on('2026-01-04', 'consent-given', { ...marketing, expiresAt: '2026-01-05T00:00:00Z' });
    expect(consents(told, '2026-01-04')).toEqual([
      'marketing by all: given 2026-01-02 to 2026-02-11',
      'marketing by email: given 2026-01-04 to 2026-01-05',
    ]);
  });

  it.each(['unsubscribed', 'spam-reported', 'consent-withdrawn'])(
    'given at the very instant at which they said %s are rejected, whichever arrives first',
    (type) => {
      const at = '2026-01-05 10:00';
      for (const data of [marketing, byMail, ...(type === 'consent-withdrawn' ? [] : [{}])]) {
        const rejectedFirst = bought().on(at, type, data).on(at, 'consent-given', byMail);
        const givenFirst = bought().on(at, 'consent-given', byMail).on(at, type, data);
        for (const told of [rejectedFirst, givenFirst]) {
          expect(toDo(told, at)).toEqual([]);
          expect(told.at(at).view?.consents.filter(({ given }) => given)).toEqual([]);
        }
        expect(consents(rejectedFirst, at)).toEqual(consents(givenFirst, at));
        // A millisecond later it is a new word, and the last one counts.
        expect(toDo(rejectedFirst.on('2026-01-05T10:00:00.001Z', 'consent-given', byMail), '2026-01-06')).toHaveLength(
          1,
        );
      }
    },
  );

  it('name the event since which it has been so, also when it was said again', () => {
    const told = bought().on('2026-01-05', 'consent-given', byMail).on('2026-01-06', 'consent-given', byMail);
    told.on('2026-01-07', 'consent-withdrawn', { purpose: 'service' }).on('2026-01-08', 'unsubscribed', {});
    const causes = (at: string) =>
      told.at(at).view?.consents.map(({ purpose, since, cause }) => `${purpose} ${instantText(since)} ${cause.id}`);
    expect(causes('2026-01-06')).toEqual(['marketing 2026-01-05 e0002']);
    expect(causes('2026-01-08')).toEqual(['marketing 2026-01-08 e0005', 'service 2026-01-07 e0004']);
    told.on('2026-01-09', 'consent-given', marketing);
    expect(causes('2026-01-09')).toEqual(['marketing 2026-01-09 e0006', 'service 2026-01-07 e0004']);
  });

  it('that a rejection of the same instant does not mean are given', () => {
    const at = '2026-01-05 10:00';
    const told = bought().on(at, 'unsubscribed', { medium: 'sms' }).on(at, 'consent-given', byMail);
    told.on(at, 'unsubscribed', { purpose: 'service' });
    expect(toDo(told, at)).toHaveLength(1);
  });

  it('refused in more ways at one instant than can be remembered are all refused', () => {
    const at = '2026-01-05 10:00';
    const told = bought();
    for (let n = 0; n < 150; n += 1) told.on(at, 'unsubscribed', { purpose: `p${n}` });
    told.on(at, 'consent-given', byMail);
    expect(toDo(told, at)).toEqual([]);
    expect(JSON.stringify(told.at(at).snapshot.state.rejections).length).toBeLessThan(20_000);
  });

  it('do not grow without end, and where there is no room for more the answer is no', () => {
    const told = bought();
    for (let n = 0; n < 150; n += 1) told.on('2026-01-02', 'consent-given', { purpose: `p${n}` });
    expect(told.at('2026-01-03').view?.consents).toHaveLength(100);
    told.on('2026-01-04', 'consent-withdrawn', { purpose: 'p7', medium: 'sms' });
    const after = consents(told, '2026-01-04');
    expect(after).toHaveLength(100);
    expect(after).toContain('p7 by all: withdrawn 2026-01-04');
  });

  it('beyond that number are neither given nor withdrawn', () => {
    const told = bought();
    for (let n = 0; n < 100; n += 1) told.on('2026-01-02', 'consent-given', { purpose: `p${n}` });
    told.on('2026-01-03', 'consent-given', { purpose: 'one more' });
    told.on('2026-01-04', 'consent-withdrawn', { purpose: 'another' });
    told.on('2026-01-05', 'consent-withdrawn', { purpose: 'another', medium: 'sms' });
    expect(told.at('2026-01-06').view?.consents).toHaveLength(100);
    expect(consents(told, '2026-01-06').filter((line) => !/^p\d+ by all: given 2026-01-02$/.test(line))).toEqual([]);
  });

  it('without a purpose are none, given or withdrawn', () => {
    const told = bought();
    for (const type of ['consent-given', 'consent-withdrawn'])
      for (const data of [{}, { medium: 'email' }, { purpose: '', medium: 'email' }]) told.on('2026-01-02', type, data);
    expect(consents(told, '2026-01-03')).toEqual([]);
  });

  it('are listed by purpose, then by medium, those of all media first', () => {
    const said = [
      { purpose: 'service' },
      { purpose: 'marketing', medium: 'sms' },
      { purpose: 'research', medium: 'email' },
      { purpose: 'marketing' },
      { purpose: 'marketing', medium: 'email' },
    ];
    const [first, ...rest] = said;
    for (const order of [said, [...said].reverse(), [...rest, first]]) {
      const told = bought();
      for (const data of order) told.on('2026-01-02', 'consent-given', data);
      expect(told.at('2026-01-02').view?.consents.map(({ purpose, medium }) => `${purpose} ${medium}`)).toEqual([
        'marketing null',
        'marketing email',
        'marketing sms',
        'research email',
        'service null',
      ]);
    }
  });

  it('of one medium leave those of the others as they were', () => {
    const told = bought()
      .on('2026-01-02', 'consent-given', { ...marketing, medium: 'sms', expiresAt: '2026-02-01T00:00:00Z' })
      .on('2026-01-03', 'consent-given', byMail);
    expect(consents(told, '2026-01-03')).toEqual([
      'marketing by email: given 2026-01-03',
      'marketing by sms: given 2026-01-02 to 2026-02-01',
    ]);
  });

  it('given again last as long as the longer one, and begin again once they have expired', () => {
    const brief = () => bought().on('2026-01-02', 'consent-given', { ...byMail, expiresAt: '2026-01-10T00:00:00Z' });
    expect(consents(brief().on('2026-01-05', 'consent-given', byMail), '2026-01-06')).toEqual([
      'marketing by email: given 2026-01-02',
    ]);
    // At the instant at which it expires it is no longer in force.
    for (const day of ['2026-01-10', '2026-01-20'])
      expect(consents(brief().on(day, 'consent-given', byMail), day)).toEqual([`marketing by email: given ${day}`]);
  });

  it('are refused once by each way of one instant, and by all where there are more than can be remembered', () => {
    const at = '2026-01-05 10:00';
    const rejections = (told: Story) => told.at(at).snapshot.state.rejections?.said;
    const told = bought();
    for (const data of [byMail, byMail, marketing, { ...marketing, medium: 'sms' }, {}])
      told.on(at, 'unsubscribed', data);
    expect(rejections(told)).toEqual([
      { ...byMail, cause: { source: 'shop', id: 'e0002' } },
      { ...marketing, medium: null, cause: { source: 'shop', id: 'e0004' } },
      { ...marketing, medium: 'sms', cause: { source: 'shop', id: 'e0005' } },
      { purpose: null, medium: null, cause: { source: 'shop', id: 'e0006' } },
    ]);
    const many = bought();
    for (let n = 0; n < 100; n += 1) many.on(at, 'unsubscribed', { purpose: `p${n}` });
    expect(rejections(many)).toHaveLength(100);
    many.on(at, 'unsubscribed', { purpose: 'one more' });
    expect(rejections(many)).toEqual([{ purpose: null, medium: null, cause: { source: 'shop', id: 'e0102' } }]);
  });

  const statement = fc.record({
    type: fc.constantFrom('consent-given', 'consent-given', 'consent-withdrawn', 'unsubscribed', 'spam-reported'),
    purpose: fc.constantFrom('marketing', 'service', undefined),
    medium: fc.constantFrom('email', 'sms', undefined),
    days: fc.constantFrom(1, 3, 40, undefined),
    wait: fc.integer({ min: 1, max: 3 }),
  });

  it('of one instant come out as if every rejection had been said after every consent', () => {
    fc.assert(
      fc.property(
        fc.array(statement, { maxLength: 5 }),
        fc.array(statement, { minLength: 1, maxLength: 6 }),
        (before, together) => {
          const tell = (types: readonly string[]) => {
            const told = bought();
            let at = Date.UTC(2026, 0, 2);
            const on = ({ type, purpose, medium, days }: (typeof before)[number], stamp: number) =>
              told.on(new Date(stamp).toISOString(), type, {
                ...(purpose === undefined ? {} : { purpose }),
                ...(medium === undefined ? {} : { medium }),
                ...(days === undefined || type !== 'consent-given'
                  ? {}
                  : { expiresAt: new Date(at + days * 86_400_000).toISOString() }),
              });
            for (const one of before) on(one, (at += one.wait * 86_400_000));
            at += 86_400_000;
            // As a fold would take them whose order of one instant were this.
            const shift = (type: string) => Math.max(0, types.indexOf(type === 'consent-given' ? 'given' : 'refused'));
            for (const one of together) on(one, at + shift(one.type));
            return told.at(new Date(at + 10).toISOString()).view;
          };
          const inForce = (view: ReturnType<typeof tell>) =>
            (['email', 'sms'] as const).map((medium) =>
              ['marketing', 'service'].map((purpose) =>
                consentFor(view?.consents ?? [], purpose, medium, Date.UTC(2026, 0, 2)) === null ? 'no' : 'yes',
              ),
            );
          expect(inForce(tell([]))).toEqual(inForce(tell(['given', 'refused'])));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('in force are those that the last word about a purpose and a medium gave, whatever was said before', () => {
    fc.assert(
      fc.property(fc.array(statement, { maxLength: 12 }), (statements) => {
        const told = story(withTreatment({ name: 'call', media: ['email', 'sms'], validDays: 9_000 })).buys(
          '2026-01-01',
          'o1',
        );
        const ends = { email: -Infinity, sms: -Infinity };
        let at = Date.UTC(2026, 0, 2);
        for (const { type, purpose, medium, days, wait } of statements) {
          at += wait * 86_400_000;
          const expiry = type === 'consent-given' && days !== undefined ? at + days * 86_400_000 : Infinity;
          const data = {
            ...(purpose === undefined ? {} : { purpose }),
            ...(medium === undefined ? {} : { medium }),
            ...(expiry === Infinity ? {} : { expiresAt: new Date(expiry).toISOString() }),
          };
          told.on(new Date(at).toISOString(), type, data);
          const concerned = (['email', 'sms'] as const).filter((each) => medium === undefined || medium === each);
          // Without a purpose a consent is none; a rejection is one of every purpose.
          if (type === 'consent-given' && purpose === 'marketing')
            for (const each of concerned) ends[each] = ends[each] > at ? Math.max(ends[each], expiry) : expiry;
          else if (
            type === 'consent-withdrawn' ? purpose === 'marketing' : type !== 'consent-given' && purpose !== 'service'
          )
            for (const each of concerned) ends[each] = -Infinity;
        }
        const now = new Date(at).toISOString();
        const allowed = told.at(now).view?.actions.map(({ medium }) => medium);
        expect(allowed).toEqual((['email', 'sms'] as const).filter((each) => ends[each] > at));
      }),
      { numRuns: 300 },
    );
  });

  it('are the same when the fold goes on from a snapshot', () => {
    fc.assert(
      fc.property(fc.array(statement, { minLength: 1, maxLength: 8 }), fc.nat(), (statements, cut) => {
        const told = story();
        let at = Date.UTC(2026, 0, 2);
        for (const { type, purpose, medium, wait } of statements) {
          // Some at the instant of the one before.
          at += (wait - 1) * 86_400_000;
          told.on(new Date(at).toISOString(), type, { ...(purpose && { purpose }), ...(medium && { medium }) });
        }
        const events = [...told.events].sort(compareEvents);
        const { policies } = told;
        const [first, rest] = [events.slice(0, cut % events.length), events.slice(cut % events.length)];
        const { snapshot } = foldCustomer({ events: first, policies, asOf: at });
        const copy = JSON.parse(JSON.stringify(snapshot)) as typeof snapshot;
        const whole = foldCustomer({ events, policies, asOf: at });
        const parts = foldCustomer({ events: rest, policies, asOf: at, snapshot: copy });
        expect(parts.view).toEqual(whole.view);
      }),
    );
  });
});

describe('a consent that is to be confirmed', () => {
  const policy: Policy = { ...retail, contact: { doubleOptIn: ['marketing'] } };
  const asked = (): Story =>
    bought(policy).on('2026-01-05', 'consent-given', { ...byMail, wording: 'news', wordingVersion: '3' });
  const states = (told: Story, at: string) =>
    (told.at(at).view?.consents ?? []).map(({ awaitsConfirmation, confirmedAt }) => [
      awaitsConfirmation === true,
      confirmedAt === undefined ? null : instantText(confirmedAt),
    ]);

  it('counts as none until then, where the policy asks for it', () => {
    expect(toDo(asked(), '2026-01-06')).toEqual([]);
    expect(states(asked(), '2026-01-06')).toEqual([[true, null]]);
    const told = asked().on('2026-01-08', 'consent-given', { ...byMail, confirmed: true });
    expect(states(told, '2026-01-09')).toEqual([[false, '2026-01-08']]);
    expect(consents(told, '2026-01-09')).toEqual(['marketing by email: given 2026-01-05']);
    expect(toDo(told, '2026-01-09')).toEqual(['welcome by email, 2026-01-08 to 2026-02-07']);
    expect(toDo(bought().on('2026-01-05', 'consent-given', byMail), '2026-01-06')).toHaveLength(1);
  });

  it('needs a confirmation again once it was withdrawn or has expired', () => {
    const told = asked().on('2026-01-08', 'consent-given', { ...byMail, confirmed: true });
    told.on('2026-01-09', 'consent-withdrawn', byMail).on('2026-01-10', 'consent-given', byMail);
    expect(toDo(told, '2026-01-10')).toEqual([]);
    expect(states(told, '2026-01-10')).toEqual([[true, null]]);
  });

  it('keeps the last text that was shown, and the event that proves it', () => {
    const told = asked().on('2026-01-08', 'consent-given', { ...byMail, confirmed: true });
    expect(told.at('2026-01-09').view?.consents).toMatchObject([
      { wording: 'news', wordingVersion: '3', cause: { id: 'e0002' }, proof: { id: 'e0003' } },
    ]);
    told.on('2026-01-10', 'consent-given', { ...byMail, wording: 'news-4' });
    const [consent] = told.at('2026-01-11').view?.consents ?? [];
    expect(consent).toMatchObject({ wording: 'news-4', proof: { id: 'e0004' }, confirmedAt: Date.UTC(2026, 0, 8) });
    expect(consent).not.toHaveProperty('wordingVersion');
  });

  it('is confirmed by medium where it was given for all', () => {
    const told = bought(policy).on('2026-01-05', 'consent-given', marketing);
    told.on('2026-01-06', 'consent-given', { ...byMail, confirmed: true });
    expect(toDo(told, '2026-01-07')).toEqual(['welcome by email, 2026-01-06 to 2026-02-05']);
    told.on('2026-01-07', 'consent-given', { ...marketing, confirmed: true });
    expect(states(told, '2026-01-08')).toEqual([
      [false, '2026-01-07'],
      [false, '2026-01-06'],
    ]);
  });

  it('loses to a rejection of its instant, in whatever order they arrive', () => {
    const confirmed = { ...byMail, confirmed: true };
    for (const [first, second] of [
      ['consent-given', 'unsubscribed'],
      ['unsubscribed', 'consent-given'],
    ] as const) {
      const told = asked().on('2026-01-08', first, confirmed).on('2026-01-08', second, confirmed);
      expect(toDo(told, '2026-01-09')).toEqual([]);
    }
  });
});

describe('the contacts that caps count', () => {
  const kept = (told: Story, at: string) => told.at(at).view?.contacts ?? [];

  it('are those that the business made, with medium and purpose', () => {
    const told = bought()
      .on('2026-01-02', 'contact-made', { medium: 'phone', purpose: 'service', actionId: 'a' })
      .on('2026-01-03', 'campaign-received', { medium: 'email' })
      .on('2026-01-03', 'message-delivered', { medium: 'email' })
      .on('2026-01-04', 'contact-made', {}, true);
    expect(kept(told, '2026-01-05')).toEqual([
      { at: Date.UTC(2026, 0, 2), medium: 'phone', purpose: 'service', actionId: 'a' },
      { at: Date.UTC(2026, 0, 3), medium: 'email' },
    ]);
  });

  it('are bounded: of each kind what a cap can count, within a year, and no more than 120', () => {
    const told = bought();
    for (let n = 0; n < 40; n += 1)
      told.on(`2026-02-01 ${String(n % 24).padStart(2, '0')}:00`, 'contact-made', { medium: 'email' });
    told.on('2026-02-02', 'contact-made', { medium: 'sms' });
    const media = kept(told, '2026-02-03').map(({ medium }) => medium);
    expect([media.filter((each) => each === 'email').length, media.filter((each) => each === 'sms').length]).toEqual([
      30, 1,
    ]);
    for (let n = 0; n < 150; n += 1) told.on('2026-02-04', 'contact-made', { purpose: `p${n}` });
    expect(kept(told, '2026-02-05')).toHaveLength(120);
    told.on('2027-12-01', 'contact-made', { medium: 'sms' });
    expect(kept(told, '2027-12-02')).toHaveLength(1);
  });
});
