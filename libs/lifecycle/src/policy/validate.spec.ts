import { describe, expect, it } from '@jest/globals';
import { issueText } from '#contracts';
import { BUILT_IN_POLICIES } from './built-in.js';
import { validatePolicy } from './validate.js';

const { retail, seasonal } = BUILT_IN_POLICIES;

type Document = Record<string, unknown>;

/** What is reported of the retail policy with some fields changed, as an operator reads it. */
function reported(change: Document): readonly string[] {
  const verdict = validatePolicy({ ...structuredClone(retail as unknown as Document), ...change });
  return verdict.ok ? [] : verdict.errors.map((issue) => issueText(issue));
}

const silence = (change: Document): Document => ({ silence: { ...retail.silence, ...change } });
const signal = (change: Document): Document => ({
  signals: { 'site-visited': [{ phase: 'awareness', intent: true, ...change }] },
});
const when = (comparison: Document): Document => signal({ when: [comparison] });
const rung = (change: Document): Document => ({ ladder: [{ rung: 'suspect', needs: {}, ...change }] });
const treatment = (lapsed: unknown): Document => ({ treatments: { retention: { lapsed } } });
/** A rule of retention for persons, with some fields changed. */
const keeping = (change: Document): Document => ({
  retention: [{ what: 'person', after: 'P3Y', since: 'last-contact', ...change }],
});
const without = (field: string): Document => ({ [field]: undefined });

describe('a policy', () => {
  it.each([
    [treatment('invite back')],
    [treatment({ name: 'invite back', purpose: 'marketing', media: ['email', 'sms'], validDays: 7 })],
    [{ treatments: {} }],
    [{ signals: {}, taxonomy: [], replacementDays: {}, ladder: [] }],
    [{ currency: 'EUR', timeZone: 'Europe/Amsterdam' }],
    [{ silence: seasonal.silence }],
    [when({ field: 'pages', op: 'present' })],
    [when({ field: 'pages', op: 'one-of', value: [1, 'a', null] })],
    [when({ field: 'pages', op: 'not-equals', value: null })],
    [silence({ lapsedTimesAtRisk: 1.5, lostTimesAtRisk: 1.6, lostDays: 136, atRiskDaysMax: 30 })],
    [keeping({})],
    [keeping({ after: 'P1Y6M', grace: 'P2W', unless: ['open-contract', 'hold'], media: ['letter'] })],
    [keeping({ after: 'P100Y' })],
    [{ retention: [{ what: 'openings', after: 'P18M' }] }],
    [
      {
        retention: [
          { what: 'class', class: 'free-text', after: 'P2Y' },
          { what: 'class', class: 'notes', after: 'P30D' },
        ],
      },
    ],
  ])('accepts %j', (change) => {
    expect(reported(change)).toEqual([]);
  });

  it('with several faults is reported with all of them at once', () => {
    expect(reported({ currency: 'euro', surprise: 1, ...without('taxonomy'), tiers: { trailingMonths: 0 } })).toEqual([
      '`taxonomy` is required: add it: a list',
      expect.stringMatching(/^`surprise` is not a known field: leave it out; known are name, version, timeZone, /),
      '`currency` must be a currency of ISO 4217, such as EUR, or null (got "euro")',
      '`tiers.shareOfA` is required: add it: a number above 0 and below 1',
      '`tiers.shareOfB` is required: add it: a number above 0 and below 1',
      '`tiers.trailingMonths` must be a whole number from 1 to 1,200 (got 0)',
    ]);
  });

  it.each([[null], [[]], ['retail'], [7], [{}], [{ ...retail, silence: null }], [{ ...retail, ladder: [null] }]])(
    'is rejected, never thrown at: %j',
    (document) => {
      expect(validatePolicy(document).ok).toBe(false);
    },
  );

  // The golden texts: what is reported of each field, and of what the fields say about one another.
  it.each<[Document, string]>([
    [
      { name: 'Retail' },
      '`name` must be a name of 1 to 64 lower-case letters, digits and hyphens, a letter first (got "Retail")',
    ],
    [
      { name: 'x'.repeat(65) },
      '`name` must be a name of 1 to 64 lower-case letters, digits and hyphens, a letter first (got "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx")',
    ],
    [
      { version: 0 },
      '`version` must be a whole number from 1 to 1,000,000 (got 0): give 1 for a new name, and one more with each publication',
    ],
    [{ timeZone: 1 }, '`timeZone` must be text (got 1): write it in quotes: text'],
    [
      { timeZone: 'Mars/Olympus' },
      '`timeZone` must be a known time zone (got "Mars/Olympus"): give an IANA name, such as UTC or Europe/Amsterdam',
    ],
    [
      { contact: { quietHours: [{ from: '9pm', until: '08:00' }] } },
      '`contact.quietHours[0].from` must be a time of the day from 00:00 to 23:59, such as 21:00 (got "9pm")',
    ],
    [
      { contact: { quietHours: [{ from: '08:00', until: '08:00' }] } },
      '`contact.quietHours[0].until` must differ from its beginning (08:00): give the time at which contacts are allowed again',
    ],
    [
      {
        contact: {
          quietHours: [
            { from: '08:00', until: '20:00', media: ['sms'] },
            { from: '19:00', until: '09:00' },
          ],
        },
      },
      '`contact.quietHours` leaves no time of the day for sms: shorten one of the quiet hours, or name fewer media',
    ],
    [
      { contact: { holdbackDays: ['02-29', '02-30'] } },
      '`contact.holdbackDays[1]` must be a day of the calendar (got "02-30"): give one such as 12-25, for each year, or 2026-12-25',
    ],
    [
      { contact: { holdbackDays: ['2026-02-29'] } },
      '`contact.holdbackDays[0]` must be a day of the calendar (got "2026-02-29"): give one such as 12-25, for each year, or 2026-12-25',
    ],
    [{ contact: { holdbackDays: ['12-25', '12-25'] } }, '`contact.holdbackDays[1]` is named twice: name each day once'],
    [
      { contact: { caps: [{ max: 31, days: 7 }] } },
      '`contact.caps[0].max` must be a whole number from 1 to 30 (got 31)',
    ],
    [
      {
        contact: {
          caps: [
            { max: 1, days: 7 },
            { max: 2, days: 7 },
          ],
        },
      },
      '`contact.caps[1]` is a second cap for the same days, medium and purpose: keep the lower one',
    ],
    [
      { contact: { doubleOptIn: ['marketing', 'marketing'] } },
      '`contact.doubleOptIn[1]` is named twice: name each purpose once',
    ],
    [{ currency: 'eur' }, '`currency` must be a currency of ISO 4217, such as EUR, or null (got "eur")'],
    [{ signals: [] }, '`signals` must be an object (got an empty list)'],
    [{ signals: { 'site-visited': {} } }, '`signals.site-visited` must be a list (got an object)'],
    [
      signal({ phase: 'active' }),
      '`signals.site-visited[0].phase` must be one of awareness, knowledge, consideration, evaluation, or null (got "active")',
    ],
    [
      signal({ intent: 'yes' }),
      '`signals.site-visited[0].intent` must be true or false (got "yes"): give true where the customer acts of their own accord',
    ],
    [
      signal({ weight: 2 }),
      '`signals.site-visited[0].weight` is not a known field: leave it out; known are phase, intent, when',
    ],
    [
      when({ field: '', op: 'present' }),
      '`signals.site-visited[0].when[0].field` must be text of at least one character (got ""): name a field of the touchpoint’s data; dots step into objects',
    ],
    [
      when({ field: 'pages', op: 'eval', value: '1' }),
      '`signals.site-visited[0].when[0].op` must be one of equals, not-equals, less, at-most, more, at-least, one-of, present (got "eval")',
    ],
    [
      when({ field: 'pages', op: 'more', value: '3' }),
      '`signals.site-visited[0].when[0].value` must be a number beside the op more: give a number: only numbers are compared by size',
    ],
    [
      when({ field: 'pages', op: 'at-most' }),
      '`signals.site-visited[0].when[0].value` must be a number beside the op at-most: give a number: only numbers are compared by size',
    ],
    [
      when({ field: 'pages', op: 'present', value: 1 }),
      '`signals.site-visited[0].when[0].value` must be absent beside the op present: leave it out: present compares with nothing',
    ],
    [
      when({ field: 'pages', op: 'one-of', value: [] }),
      '`signals.site-visited[0].when[0].value` must be a list beside the op one-of: give a list of at least one text, number, true, false or null',
    ],
    [
      when({ field: 'pages', op: 'one-of', value: [[]] }),
      '`signals.site-visited[0].when[0].value` must be a list beside the op one-of: give a list of at least one text, number, true, false or null',
    ],
    [
      when({ field: 'pages', op: 'equals', value: {} }),
      '`signals.site-visited[0].when[0].value` must be a plain value beside the op equals: give a text, a number, true, false or null',
    ],
    [
      { acquisition: { coldAfterDays: 0 } },
      '`acquisition.coldAfterDays` must be a whole number from 1 to 36,525 (got 0)',
    ],
    [
      { onboarding: { secondOrderDueDays: 36_526 } },
      '`onboarding.secondOrderDueDays` must be a whole number from 1 to 36,525 (got 36526)',
    ],
    [{ contracts: { graceDays: 1.5 } }, '`contracts.graceDays` must be a whole number from 1 to 36,525 (got 1.5)'],
    [silence({ mode: 'monthly' }), '`silence.mode` must be one of personal-rhythm, seasonal (got "monthly")'],
    [{ silence: {} }, '`silence.mode` is required: add it: one of personal-rhythm, seasonal'],
    [silence({ intervals: 101 }), '`silence.intervals` must be a whole number from 1 to 100 (got 101)'],
    [silence({ daysNeeded: 1 }), '`silence.daysNeeded` must be a whole number from 2 to 100 (got 1)'],
    [
      silence({ atRiskTimesRhythm: 0 }),
      '`silence.atRiskTimesRhythm` must be a number above 0 and of at most 1,000 (got 0)',
    ],
    [
      silence({ lapsedTimesAtRisk: 1 }),
      '`silence.lapsedTimesAtRisk` must be a number above 1 and of at most 1,000 (got 1)',
    ],
    [
      silence({ lostTimesAtRisk: 1.5 }),
      '`silence.lostTimesAtRisk` must be above lapsedTimesAtRisk (1.5): at-risk comes before lapsed, and lapsed before lost: give a larger factor',
    ],
    [
      silence({ lostDays: 135 }),
      '`silence.lostDays` must be above lapsed without a rhythm (135 days): at-risk comes before lapsed, and lapsed before lost: give more days',
    ],
    [
      silence({ atRiskDaysMax: 29 }),
      '`silence.atRiskDaysMax` must be at least atRiskDaysMin (30): give at least as many days',
    ],
    [
      { silence: { ...seasonal.silence, atRiskDaysAfterAnniversary: 365 } },
      '`silence.atRiskDaysAfterAnniversary` must be a whole number from 0 to 364 (got 365)',
    ],
    [
      { silence: { ...seasonal.silence, lapsedDaysAfterAnniversary: 14 } },
      '`silence.lapsedDaysAfterAnniversary` must be above atRiskDaysAfterAnniversary (14): at-risk comes before lapsed, and lapsed before lost: give more days',
    ],
    [
      { expansion: { ...retail.expansion, advocacyStarsMin: 6 } },
      '`expansion.advocacyStarsMin` must be a whole number from 1 to 5 (got 6)',
    ],
    [
      { expansion: { ...retail.expansion, upSellTimesMedian: 1 } },
      '`expansion.upSellTimesMedian` must be a number above 1 and of at most 1,000 (got 1)',
    ],
    [
      { expansion: { ...retail.expansion, windowsDays: 1 } },
      '`expansion.windowsDays` is not a known field: did you mean windowDays? Otherwise leave it out; known are windowDays, crossSellOrdersBefore, upSellTimesMedian, upSellOrdersBefore, advocacyStarsMin, advocacyNpsMin',
    ],
    [{ taxonomy: ['books', ''] }, '`taxonomy[1]` must be text of at least one character (got "")'],
    [{ taxonomy: ['books', 'books'] }, '`taxonomy[1]` repeats "books": name each category once'],
    [
      { replacementDays: { spaceships: 9 } },
      '`replacementDays.spaceships` is a category that the taxonomy does not declare: add it to taxonomy, or leave it out here',
    ],
    [{ replacementDays: { books: 0 } }, '`replacementDays.books` must be a whole number from 1 to 36,525 (got 0)'],
    [rung({ rung: '' }), '`ladder[0].rung` must be text of at least one character (got ""): give the rung a name'],
    [
      rung({ needs: { intent: 1 } }),
      '`ladder[0].needs.intent` must be true or false (got 1): give true where the rung needs an act of the customer’s own',
    ],
    [
      rung({ needs: { ordersAtLeast: -1 } }),
      '`ladder[0].needs.ordersAtLeast` must be a whole number from 0 to 1,000,000 (got -1)',
    ],
    [
      rung({ needs: { satisfactionAtLeast: 'happy' } }),
      '`ladder[0].needs.satisfactionAtLeast` must be one of very satisfied, satisfied, neutral (got "happy")',
    ],
    [
      { tiers: { trailingMonths: 12, shareOfA: 1, shareOfB: 0.5 } },
      '`tiers.shareOfA` must be a number above 0 and below 1 (got 1)',
    ],
    [
      { tiers: { trailingMonths: 12, shareOfA: 0.9, shareOfB: 0.9 } },
      '`tiers.shareOfB` must be above shareOfA (0.9): tier B ends above tier A: give a larger share',
    ],
    [treatment(''), '`treatments.retention.lapsed` must be text of at least one character (got "")'],
    [treatment(7), '`treatments.retention.lapsed` must be text of at least one character, or an object (got 7)'],
    [
      treatment({ media: ['email'] }),
      '`treatments.retention.lapsed.name` is required: give the name of the treatment, as the business calls it',
    ],
    [
      treatment({ name: 'x', purpose: '' }),
      '`treatments.retention.lapsed.purpose` must be text of at least one character (got ""): give the purpose as consent-given names it, such as marketing',
    ],
    [
      treatment({ name: 'x', media: [] }),
      '`treatments.retention.lapsed.media` must be a list of at least one item (got an empty list)',
    ],
    [
      treatment({ name: 'x', media: ['pigeon'] }),
      '`treatments.retention.lapsed.media[0]` must be one of email, sms, push, letter, phone, chat, social, visit, site, app, other (got "pigeon")',
    ],
    [
      treatment({ name: 'x', media: ['sms', 'sms'] }),
      '`treatments.retention.lapsed.media[1]` is named twice: name each medium once',
    ],
    [
      treatment({ name: 'x', validDays: 0 }),
      '`treatments.retention.lapsed.validDays` must be a whole number from 1 to 36,525 (got 0)',
    ],
    [
      treatment({ name: 'x', to: 'all' }),
      '`treatments.retention.lapsed.to` is not a known field: leave it out; known are name, purpose, media, validDays',
    ],
    [
      { treatments: { retention: { cold: 'x' } } },
      '`treatments.retention.cold` is not a known field: leave it out; known are onboarding, active, at-risk, lapsed, lost',
    ],
    [{ retention: [] }, '`retention` must be a list of 1 to 20 items (got an empty list)'],
    [
      { retention: [{ what: 'orders', after: 'P3Y' }] },
      '`retention[0].what` must be one of person, openings, class (got "orders")',
    ],
    [
      keeping({ after: '3 years' }),
      '`retention[0].after` must be a period of years, months, weeks and days, such as P3Y or P30D (got "3 years")',
    ],
    [
      keeping({ after: 'PT12H' }),
      '`retention[0].after` must be a period of years, months, weeks and days, such as P3Y or P30D (got "PT12H")',
    ],
    [
      keeping({ after: 'P0Y' }),
      '`retention[0].after` must be a period from a day to a century (got "P0Y"): give one such as P3Y or P30D',
    ],
    [
      keeping({ after: 'P101Y' }),
      '`retention[0].after` must be a period from a day to a century (got "P101Y"): give one such as P3Y or P30D',
    ],
    [
      keeping({ grace: 'P0D' }),
      '`retention[0].grace` must be a period from a day to a century (got "P0D"): give one such as P3Y or P30D',
    ],
    [
      keeping({ since: 'last-login' }),
      '`retention[0].since` must be one of last-contact, last-purchase, end-of-relationship (got "last-login")',
    ],
    [keeping({ unless: ['points'] }), '`retention[0].unless[0]` must be one of open-contract, hold (got "points")'],
    [keeping({ unless: ['hold', 'hold'] }), '`retention[0].unless[1]` is named twice: name each once'],
    [
      {
        retention: [
          { what: 'person', after: 'P3Y', since: 'last-contact' },
          { what: 'person', after: 'P1Y', since: 'last-contact' },
        ],
      },
      '`retention[1]` is a second rule for the same: keep one of the two: the shorter time would hold',
    ],
    [
      { retention: [{ what: 'class', class: 'names', after: 'P2Y' }] },
      '`retention[0].class` must be one of free-text, notes, addresses (got "names")',
    ],
    [
      {
        retention: [
          { what: 'class', class: 'notes', after: 'P2Y' },
          { what: 'class', class: 'notes', after: 'P3Y' },
        ],
      },
      '`retention[1]` is a second rule for the same: keep one of the two: the shorter time would hold',
    ],
    [
      { treatments: { retentions: {} } },
      '`treatments.retentions` is not a known field: did you mean retention? Otherwise leave it out; known are acquisition, retention, expansion',
    ],
  ])('is rejected for %j: %s', (change, text) => {
    expect(reported(change)).toEqual([text]);
  });
});
