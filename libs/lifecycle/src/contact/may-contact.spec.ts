import fc from 'fast-check';
import { describe, expect, it } from '@jest/globals';
import { instantText, when } from '#testing';
import { addDays, mayContact, withProposals, type Contact, type ContactRules } from '../index.js';
import { toWall } from '../calendar/zone.js';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const email = { medium: 'email', purpose: 'marketing' };
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Pacific/Apia'] as const;

const asked = (
  contact: ContactRules,
  at: string,
  contacts: readonly Contact[] = [],
  timeZone = 'UTC',
  intended = email,
) => {
  const verdict = mayContact(intended, { contacts, counted: contacts }, { contact, timeZone }, when(at));
  return verdict.allowed
    ? 'allowed'
    : `${verdict.reason} (${verdict.rule}) until ${verdict.until === null ? 'never' : instantText(verdict.until)}`;
};
const contacts = (...at: string[]): Contact[] => at.map((each) => ({ at: when(each), ...email }));

describe('whether a customer may be contacted', () => {
  it('is not limited where the policy has no rules of contact', () => {
    expect(mayContact(email, { contacts: [], counted: [] }, { timeZone: 'UTC' }, 0)).toEqual({ allowed: true });
  });

  it('waits for the end of quiet hours, over midnight too, by the media that they name', () => {
    const rules = { quietHours: [{ from: '21:00', until: '08:00', media: ['email'] }] };
    expect(asked(rules, '2026-03-01 20:59')).toBe('allowed');
    expect(asked(rules, '2026-03-01 21:00')).toBe('quiet-hours (21:00 to 08:00) until 2026-03-02T08:00:00Z');
    expect(asked(rules, '2026-03-02 07:59')).toBe('quiet-hours (21:00 to 08:00) until 2026-03-02T08:00:00Z');
    expect(asked(rules, '2026-03-02 08:00')).toBe('allowed');
    expect(asked(rules, '2026-03-01 21:00', [], 'UTC', { ...email, medium: 'sms' })).toBe('allowed');
  });

  it('goes by the clock on the wall where it is put forward or back', () => {
    const night = { quietHours: [{ from: '22:00', until: '02:30' }] };
    // 29 March 2026, 02:00 to 03:00 in Berlin does not exist: 02:30 is skipped, and the clock shows 03:00.
    expect(asked(night, '2026-03-29 00:30', [], 'Europe/Berlin')).toBe(
      'quiet-hours (22:00 to 02:30) until 2026-03-29T01:00:00Z',
    );
    // 25 October 2026, 02:00 to 03:00 comes twice: 02:15 is quiet both times.
    expect(asked(night, '2026-10-25 00:15', [], 'Europe/Berlin')).toBe(
      'quiet-hours (22:00 to 02:30) until 2026-10-25T00:30:00Z',
    );
    expect(asked(night, '2026-10-25 00:45', [], 'Europe/Berlin')).toBe('allowed');
    expect(asked(night, '2026-10-25 01:15', [], 'Europe/Berlin')).toBe(
      'quiet-hours (22:00 to 02:30) until 2026-10-25T01:30:00Z',
    );
  });

  it('waits for the end of a day without contact, and of the quiet hours after it', () => {
    const rules = { holdbackDays: ['12-25', '2026-12-26'], quietHours: [{ from: '20:00', until: '09:00' }] };
    expect(asked(rules, '2026-12-25 10:00')).toBe('holdback-day (a day without contact) until 2026-12-27T09:00:00Z');
    expect(asked(rules, '2027-12-26 10:00')).toBe('allowed');
    expect(asked({ holdbackDays: ['12-25'] }, '2026-12-24 23:30', [], 'Europe/Berlin')).toContain('holdback-day');
  });

  it('waits until the window of a cap has room for one more', () => {
    const rules = { caps: [{ max: 2, days: 7 }] };
    expect(asked(rules, '2026-01-08', contacts('2026-01-02'))).toBe('allowed');
    expect(asked(rules, '2026-01-08', contacts('2026-01-02', '2026-01-05'))).toBe(
      'frequency-cap (2 contacts in 7 days) until 2026-01-09',
    );
    expect(asked(rules, '2026-01-08', contacts('2026-01-02', '2026-01-05', '2026-01-06'))).toContain('2026-01-12');
    expect(asked(rules, '2026-01-09', contacts('2026-01-02', '2026-01-05'))).toBe('allowed');
  });

  it('counts for a cap what is of its medium and purpose, or does not say', () => {
    const rules = { caps: [{ max: 1, days: 7, medium: 'email', purpose: 'marketing' }] };
    const at = when('2026-01-05');
    expect(asked(rules, '2026-01-08', [{ at, medium: 'sms', purpose: 'marketing' }])).toBe('allowed');
    expect(asked(rules, '2026-01-08', [{ at, medium: 'email', purpose: 'survey' }])).toBe('allowed');
    for (const one of [{ at }, { at, medium: 'email' }, { at, purpose: 'marketing' }])
      expect(asked(rules, '2026-01-08', [one])).toBe(
        'frequency-cap (1 contact in 7 days by email for marketing) until 2026-01-12',
      );
    expect(asked(rules, '2026-01-08', [{ at }], 'UTC', { medium: 'sms', purpose: 'marketing' })).toBe('allowed');
  });

  it('names the cap that holds longest', () => {
    const rules = {
      caps: [
        { max: 1, days: 2 },
        { max: 1, days: 30, purpose: 'marketing' },
      ],
    };
    expect(asked(rules, '2026-01-06', contacts('2026-01-05'))).toBe(
      'frequency-cap (1 contact in 30 days for marketing) until 2026-02-04',
    );
  });

  it('exempts the word of an erasure from caps, and it counts for none; quiet hours hold for it', () => {
    const rules: ContactRules = { caps: [{ max: 1, days: 7 }], quietHours: [{ from: '21:00', until: '08:00' }] };
    const notice = { medium: 'email', purpose: 'retention' };
    expect(asked(rules, '2026-01-06 12:00', contacts('2026-01-05'), 'UTC', notice)).toBe('allowed');
    expect(asked(rules, '2026-01-06 22:00', contacts('2026-01-05'), 'UTC', notice)).toContain('quiet-hours');
    expect(asked(rules, '2026-01-06 12:00', [{ at: when('2026-01-05'), ...notice }])).toBe('allowed');
  });

  it('never comes where days without contact leave no day', () => {
    const every = Array.from({ length: 366 }, (_, day) =>
      new Date(Date.UTC(2024, 0, 1 + day)).toISOString().slice(5, 10),
    );
    expect(asked({ holdbackDays: every }, '2026-01-06')).toContain('until never');
  });

  it('counts a proposal once that a contact carried out, at the later of the two instants', () => {
    const proposed: Contact = { at: 10, ...email, actionId: 'a' };
    const made: Contact = { at: 20, ...email, actionId: 'a' };
    expect(withProposals([made], [proposed])).toEqual([{ ...proposed, at: 20 }]);
    expect(withProposals([{ ...made, at: 5 }], [proposed])).toEqual([proposed]);
    expect(withProposals([{ ...made, actionId: 'b' }], [proposed])).toHaveLength(2);
    expect(withProposals([{ at: 20 }], [proposed])).toHaveLength(2);
  });

  it('never gives a window more contacts than its cap, whatever is asked for and when', () => {
    const rules = fc.record({
      max: fc.integer({ min: 1, max: 4 }),
      days: fc.integer({ min: 1, max: 9 }),
      medium: fc.option(fc.constantFrom('email', 'sms'), { nil: undefined }),
    });
    const wish = fc.record({
      at: fc.integer({ min: 0, max: 60 * DAY }),
      medium: fc.constantFrom('email', 'sms'),
      purpose: fc.constantFrom('marketing', 'survey'),
    });
    fc.assert(
      fc.property(
        fc.array(rules, { minLength: 1, maxLength: 3 }),
        fc.array(wish, { maxLength: 60 }),
        fc.constantFrom(...ZONES),
        (drawn, wishes, timeZone) => {
          const start = when('2026-03-01');
          const caps = drawn.map(({ medium, ...cap }) => ({ ...cap, ...(medium === undefined ? {} : { medium }) }));
          const made: Contact[] = [];
          for (const { at, ...intended } of wishes.sort((a, b) => a.at - b.at))
            if (
              mayContact(intended, { contacts: [], counted: made }, { contact: { caps }, timeZone }, start + at).allowed
            )
              made.push({ at: start + at, ...intended });
          for (const { max, days, medium } of caps)
            for (const { at: until } of made) {
              const within = made.filter(
                (one) =>
                  (medium ?? one.medium) === one.medium && one.at <= until && addDays(one.at, days, timeZone) > until,
              );
              expect(within.length).toBeLessThanOrEqual(max);
            }
        },
      ),
    );
  });

  it('is never at a time of the day that is quiet, and the instant given is the first that is not, across changes of the clock', () => {
    const minute = fc.integer({ min: 0, max: 1_439 });
    const text = (at: number) => `${String(Math.floor(at / 60)).padStart(2, '0')}:${String(at % 60).padStart(2, '0')}`;
    fc.assert(
      fc.property(
        minute,
        minute,
        fc.constantFrom(...ZONES),
        fc.constantFrom(
          '2026-03-08',
          '2026-03-29',
          '2026-04-05',
          '2026-10-04',
          '2026-10-25',
          '2026-11-01',
          '2026-07-01',
        ),
        fc.integer({ min: -36 * 60, max: 36 * 60 }),
        (from, until, timeZone, day, offset) => {
          fc.pre(from !== until);
          const quiet = (at: number) => {
            const now = Math.floor((((toWall(at, timeZone) % DAY) + DAY) % DAY) / 60_000);
            return until > from ? now >= from && now < until : now >= from || now < until;
          };
          const at = when(day) + offset * 60_000;
          const contact = { quietHours: [{ from: text(from), until: text(until) }] };
          const verdict = mayContact(email, { contacts: [], counted: [] }, { contact, timeZone }, at);
          expect(verdict.allowed).toBe(!quiet(at));
          if (verdict.allowed) return;
          const end = verdict.until ?? Number.NaN;
          expect(quiet(end)).toBe(false);
          for (let each = at; each < end; each += 60_000) expect(quiet(each)).toBe(true);
        },
      ),
    );
  });
});
