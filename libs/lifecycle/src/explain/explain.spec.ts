import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { story, when, type Story } from '#testing';
import { foldCustomer } from '../fold/fold-customer.js';
import { histories } from '../testdata/histories.js';
import { explain, explainStagePeriod } from './explain.js';

function explained(life: Story, asOf: string) {
  const { view, stagePeriods } = life.at(asOf);
  if (view === null) throw new Error('The story has no touchpoint at this instant.');
  return explain({ view, stagePeriods, timeZone: 'UTC' });
}

describe('why they are at risk, and why not yesterday', () => {
  const told = story().buys('2026-01-01', 'A').buys('2026-01-15', 'B').buys('2026-02-04', 'C');
  const answer = explained(told, '2026-03-20');

  it('is answered with what was compared, on that day and on the day before', () => {
    // Intervals of 14 and 20 days: the rhythm is 17, twice that is 34 days.
    expect(answer).toMatchObject({
      stage: 'retention',
      phase: 'at-risk',
      since: when('2026-03-10'),
      days: 10,
      rule: 'silence-at-risk',
      policyVersion: 'retail@1',
      events: [],
      deadline: { kind: 'at-risk', dueAt: when('2026-03-10'), since: when('2026-02-04') },
      values: { rhythm_days: 17, at_risk_days: 34, lapsed_days: 51, lost_days: 365 },
      compared: [{ what: 'days of silence', measured: 34, needed: 34, unit: 'days' }],
      notBefore: {
        at: when('2026-03-09'),
        phase: 'active',
        compared: [{ what: 'days of silence', measured: 33, needed: 34, unit: 'days' }],
      },
    });
  });

  it('says what comes next, and when', () => {
    expect(answer.next).toMatchObject([
      { kind: 'lapsed', dueAt: when('2026-03-27'), inDays: 7 },
      { kind: 'lost', dueAt: when('2027-02-04'), inDays: 321 },
    ]);
  });

  it('is written in plain English', () => {
    expect(answer.sentences).toEqual([
      'The customer has been at-risk (retention, cycle 1) since 2026-03-10T00:00:00Z.',
      'Reason: no purchase came for the days of the policy; the customer usually buys every 17 days; days of silence: 34, needed: 34 days. Policy retail@1.',
      'Not a day earlier: on 2026-03-09T00:00:00Z, days of silence: only 33 of 34 days.',
      'If nothing happens, the customer will be lapsed on 2026-03-27T00:00:00Z, in 7 days.',
      'If nothing happens, the customer will be lost on 2027-02-04T00:00:00Z, in 321 days.',
    ]);
  });
});

describe('the days of silence', () => {
  const reasonOf = (told: Story, asOf: string): string => explained(told, asOf).sentences[1] ?? '';

  it('name the ceiling of the policy where it is less than the rhythm asks for', () => {
    const told = story().buys('2024-01-01', 'A').buys('2024-08-12', 'B').buys('2025-03-24', 'C');
    expect(reasonOf(told, '2025-10-01')).toContain(
      'the customer usually buys every 224 days; twice that is 448, and the policy gives 180 at most; days of silence: 180, needed: 180 days',
    );
  });

  it('name the floor of the policy where it is more', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-01-05', 'B').buys('2026-01-09', 'C');
    expect(reasonOf(told, '2026-02-20')).toContain(
      'the customer usually buys every 4 days; twice that is 8, and the policy gives 30 at least; days of silence: 30, needed: 30 days',
    );
  });

  it('name the days without a rhythm', () => {
    expect(reasonOf(story().buys('2026-01-01', 'A'), '2026-06-01')).toContain(
      'without a rhythm of their own the policy gives the customer 90 days',
    );
  });
});

describe('a phase in a sentence', () => {
  it.each([
    ['product-viewed', 'The customer has been in consideration (acquisition, cycle 1) since'],
    ['checkout-started', 'The customer has been in evaluation (acquisition, cycle 1) since'],
  ])('after %s', (type, sentence) => {
    expect(explained(story().on('2026-01-01', type, {}), '2026-01-02').sentences[0]).toContain(sentence);
  });

  it('before another', () => {
    const told = story().on('2026-01-01', 'checkout-started', {}).buys('2026-01-02', 'A');
    expect(explained(told, '2026-01-03').sentences[2]).toBe(
      'Not earlier: this had not happened yet; the customer was in evaluation.',
    );
  });
});

describe('an explanation', () => {
  it('names the events that met the rule, and the values', () => {
    const told = story();
    for (const [day, amount] of Object.entries({ '01': 1000, '02': 1000, '03': 1200, '04': 1500, '05': 1600 }))
      told.buys(`2026-01-${day}`, `o${day}`, { amount });
    const answer = explained(told, '2026-01-06');
    expect(answer).toMatchObject({
      rule: 'up-sell',
      events: [{ source: 'shop', id: 'e0005' }],
      compared: [
        { what: 'value of the order before', measured: 1500, needed: 1500, unit: 'minor units' },
        { what: 'value of this order', measured: 1600, needed: 1500, unit: 'minor units' },
      ],
      notBefore: { phase: 'active', compared: [] },
    });
    expect(answer.sentences[2]).toBe('Not earlier: this had not happened yet; the customer was active.');
  });

  it('explains that an overdue deadline was not due before', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-03-25', 'B').returns('2026-05-10', 'B');
    expect(explained(told, '2026-05-11').sentences[2]).toBe(
      'By these values the deadline fell on 2026-04-01T00:00:00Z; they apply only from 2026-05-10T00:00:00Z on, and earlier stage periods are not rewritten.',
    );
  });

  it('explains that a contract suspends silence', () => {
    const told = story().on('2026-01-01', 'subscription-started', { contractId: 'c' }).buys('2026-01-02', 'A');
    expect(explained(told, '2030-01-01').sentences.slice(-2)).toEqual([
      'A contract suspends silence: no purchase is expected of the customer while it runs.',
      'No deadline is open: only an event can move the customer.',
    ]);
  });

  it('explains what a channel should do, and which consent allows it', () => {
    const told = story().buys('2026-01-01', 'A').on('2026-01-05', 'consent-given', { purpose: 'marketing' });
    const { actions, consents, sentences } = explained(told, '2026-01-06');
    expect(sentences.at(-1)).toBe(
      'Next action: welcome by email, until 2026-02-04T00:00:00Z; the customer allowed marketing by every medium on 2026-01-05T00:00:00Z (event shop e0002).',
    );
    expect(actions).toMatchObject([{ treatment: 'welcome', medium: 'email', because: 'first-purchase' }]);
    expect(consents).toMatchObject([{ purpose: 'marketing', medium: null, cause: { source: 'shop', id: 'e0002' } }]);
    expect(explained(story().buys('2026-01-01', 'A'), '2026-01-06')).toMatchObject({ actions: [], consents: [] });
  });

  it('has a sentence for every rule, and never leaves a value out of one', () => {
    fc.assert(
      fc.property(histories(), ({ events, policies }) => {
        const { stagePeriods } = foldCustomer({ events, policies, asOf: when('2060-01-01') });
        stagePeriods.forEach((period, index) => {
          const { sentences } = explainStagePeriod(period, stagePeriods[index - 1] ?? null, 'UTC');
          for (const sentence of sentences) expect(sentence).not.toMatch(/undefined|null|NaN|the rule .* was met/);
        });
      }),
      { numRuns: 1_000 },
    );
  });
});
