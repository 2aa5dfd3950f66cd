import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { story, when, type Story } from '#testing';
import { foldCustomer } from '../fold/fold-customer.js';
import { histories } from '../testdata/histories.js';
import { explain, explainStagePeriod } from './explain.js';

function explained(told: Story, asOf: string) {
  const { view, stagePeriods } = told.at(asOf);
  if (view === null) throw new Error('The story has no touchpoint by then.');
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

  it('is said in plain English', () => {
    expect(answer.sentences).toEqual([
      'Since 2026-03-10T00:00:00Z they have been at-risk (retention, cycle 1).',
      'Because they have been silent for so long, and usually buys every 17 days; days of silence: 34, needed: 34 days. Policy retail@1.',
      'Not a day earlier: on 2026-03-09T00:00:00Z, days of silence: only 33 of 34 days.',
      'If nothing happens, they will have lapsed on 2026-03-27T00:00:00Z, in 7 days.',
      'If nothing happens, they will be lost on 2027-02-04T00:00:00Z, in 321 days.',
    ]);
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
    expect(answer.sentences[2]).toBe('Not earlier: that had not happened; they were active.');
  });

  it('tells of an overdue deadline that it was not due before', () => {
    const told = story().buys('2026-01-01', 'A').buys('2026-03-25', 'B').returns('2026-05-10', 'B');
    expect(explained(told, '2026-05-11').sentences[2]).toBe(
      'By these values it had been due on 2026-04-01T00:00:00Z; that was not so until 2026-05-10T00:00:00Z, and what has been is not rewritten.',
    );
  });

  it('tells that a contract suspends silence', () => {
    const told = story().on('2026-01-01', 'subscription-started', { contractId: 'c' }).buys('2026-01-02', 'A');
    expect(explained(told, '2030-01-01').sentences.slice(-2)).toEqual([
      'A contract suspends silence: no purchase is expected of them in the meantime.',
      'Nothing will move them by itself.',
    ]);
  });

  it('tells what a channel should do for them, and which consent allows it', () => {
    const told = story().buys('2026-01-01', 'A').on('2026-01-05', 'consent-given', { purpose: 'marketing' });
    const { actions, consents, sentences } = explained(told, '2026-01-06');
    expect(sentences.at(-1)).toBe(
      'Called for: welcome by email, until 2026-02-04T00:00:00Z; the customer allowed marketing by every medium on 2026-01-05T00:00:00Z (event shop e0002).',
    );
    expect(actions).toMatchObject([{ treatment: 'welcome', medium: 'email', because: 'first-purchase' }]);
    expect(consents).toMatchObject([{ purpose: 'marketing', medium: null, cause: { source: 'shop', id: 'e0002' } }]);
    expect(explained(story().buys('2026-01-01', 'A'), '2026-01-06')).toMatchObject({ actions: [], consents: [] });
  });

  it('has words for every rule, and never leaves a value out of a sentence', () => {
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
