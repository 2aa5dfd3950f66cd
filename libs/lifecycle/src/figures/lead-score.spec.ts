import { describe, expect, it } from '@jest/globals';
import { DAY } from '#contracts';
import { areaUnderCurve } from '#models';
import { BUILT_IN_POLICIES } from '../policy/built-in.js';
import { compile } from '../policy/compiled.js';
import { foldCustomer } from '../fold/fold-customer.js';
import { policyTimeline } from '../policy/timeline.js';
import type { LifecycleEvent } from '../model.js';
import { fitLeads, leadFeatures, leadScore, type Lead } from './lead-score.js';

const { retail } = BUILT_IN_POLICIES;
const { signalOf } = compile(retail);
const START = Date.parse('2026-01-01T00:00:00Z');

const event = (at: number, type: string, channel: string, n: number): LifecycleEvent => ({
  ...{ position: n, recordedAt: at, occurredAt: at, source: 's', id: `e${n}`, type, channel },
  ...{ subjectId: '0'.repeat(32), test: false },
  data: type === 'order-placed' ? { orderId: `o${n}`, currency: 'EUR', totalMinor: 1000 } : {},
});

function leadOf(events: readonly LifecycleEvent[], asOf: number): Lead {
  const policies = policyTimeline([]);
  const { stagePeriods } = foldCustomer({ events, policies, asOf });
  return { events, stagePeriods, isIntent: ({ type, data }) => signalOf(type, data).intent };
}

/** Leads who visit, and some fill a cart, which makes a purchase within the week likely. Every one is numbered: the same number is the same lead. */
function simulated(count: number, asOf: number): Lead[] {
  let state = 1;
  const random = (): number => {
    state = (state * 48_271) % 0x7fffffff;
    return state / 0x7fffffff;
  };
  return Array.from({ length: count }, (_, n) => {
    const channel = random() < 0.5 ? 'web' : 'store';
    const events: LifecycleEvent[] = [];
    let at = START + random() * 60 * DAY;
    for (let week = 0; week < 16; week += 1, at += 7 * DAY) {
      events.push(event(at, 'site-visited', channel, n * 100 + week * 3));
      const cart = random() < 0.08;
      if (cart) events.push(event(at + DAY, 'cart-updated', channel, n * 100 + week * 3 + 1));
      if (random() < (cart ? 0.8 : 0.005)) {
        events.push(event(at + (7 + 3 * random()) * DAY, 'order-placed', channel, n * 100 + week * 3 + 2));
        break;
      }
    }
    return leadOf(
      events.filter(({ occurredAt }) => occurredAt <= asOf),
      asOf,
    );
  });
}

describe('the lead score', () => {
  const cutOff = START + 90 * DAY;
  const later = cutOff + 30 * DAY;

  it('tells who will buy within 30 days, on time held out', () => {
    const leads = simulated(900, cutOff);
    const fitted = fitLeads(leads, cutOff);
    expect(fitted?.fit.converged).toBe(true);
    const scores: number[] = [];
    const outcomes: boolean[] = [];
    const then = simulated(900, later);
    leads.forEach((lead, n) => {
      const score = fitted === null ? null : leadScore(fitted.model, lead, cutOff);
      if (score === null) return;
      expect(score).toBeGreaterThanOrEqual(0);
      expect(score).toBeLessThanOrEqual(1);
      scores.push(score);
      outcomes.push((then[n] as Lead).stagePeriods.some(({ stage }) => stage !== 'acquisition'));
    });
    expect(outcomes.length).toBeGreaterThan(100);
    expect(areaUnderCurve(Float64Array.from(scores), outcomes)).toBeGreaterThan(0.6);
  });

  it('is not known below 200 first purchases', () => {
    expect(fitLeads(simulated(100, cutOff), cutOff)).toBeNull();
    expect(fitLeads([], cutOff)).toBeNull();
  });

  it('is that of customers in acquisition who are not cold', () => {
    const visit = event(START, 'site-visited', 'web', 1);
    const buyer = leadOf([visit, event(START + DAY, 'order-placed', 'web', 2)], START + 2 * DAY);
    expect(leadFeatures(buyer, START + 2 * DAY, [])).toBeNull();
    const cold = leadOf([visit], START + 200 * DAY);
    expect(leadFeatures(cold, START + 200 * DAY, [])).toBeNull();
    expect(leadFeatures(cold, START + DAY, [])).not.toBeNull();
    expect(leadFeatures(cold, START - DAY, [])).toBeNull();
  });

  it('reads what was known at the instant and nothing after it', () => {
    const lead = leadOf(
      [event(START, 'site-visited', 'web', 1), event(START + 10 * DAY, 'cart-updated', 'web', 2)],
      START + 11 * DAY,
    );
    const before = leadFeatures(lead, START + 9 * DAY, ['web', 'store']);
    expect(before).toMatchObject({ evaluation_30d: 0, awareness_7d: 0, channel_web: 1, channel_store: 0 });
    expect(before?.['awareness_30d']).toBeCloseTo(Math.LN2, 12);
    expect(leadFeatures(lead, START + 11 * DAY, [])?.['evaluation_7d']).toBeCloseTo(Math.LN2, 12);
  });
});
