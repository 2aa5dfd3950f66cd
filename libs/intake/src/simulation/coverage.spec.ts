import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { parseInstant } from '#contracts';
import { compareEvents, foldCustomer, policyTimeline, type LifecycleEvent } from '#lifecycle';
import type { TouchpointDraft } from '../import/draft.js';
import { simulateCustomers } from './simulate.js';

/** Every rule that a customer's own touchpoints and silence can meet; `policy-changed` needs a second policy. */
const RULES = [
  ...['advocacy', 'cold', 'contract-cancelled', 'contract-ended', 'contract-reopened', 'contraction', 'cross-sell'],
  ...['expansion-ran-out', 'first-purchase', 'first-touchpoint', 'further-signal', 'grace-over', 'intent-after-lost'],
  ...['intent-ends-cold', 'payment-failed', 'payment-succeeded', 'purchase-reversed', 'reactivated', 'renewed'],
  ...['second-purchase', 'silence-at-risk', 'silence-lapsed', 'silence-lost', 'up-sell', 'win-back'],
];

const PHASES = [
  ...['awareness', 'knowledge', 'consideration', 'evaluation', 'cold'].map((phase) => `acquisition ${phase}`),
  ...['onboarding', 'active', 'at-risk', 'lapsed', 'lost'].map((phase) => `retention ${phase}`),
  ...['cross-sell', 'up-sell', 'advocacy'].map((phase) => `expansion ${phase}`),
];

const UNTIL = Date.UTC(2026, 0, 1);

function eventOf(draft: TouchpointDraft, position: number): LifecycleEvent {
  const { source, id, type, channel, data } = draft;
  const occurredAt = parseInstant(draft.occurredAt) ?? NaN;
  const subjectId = draft.identifiers[0]?.value ?? '';
  return {
    position,
    recordedAt: UNTIL,
    occurredAt,
    source,
    id,
    type,
    channel,
    subjectId,
    test: draft.test === true,
    data,
  };
}

describe('2,000 simulated customers over two years, under the policy retail', () => {
  it('reach every phase of every stage, a second cycle, and every cause of a transition', () => {
    const phases = new Map<string, number>();
    const rules = new Map<string, number>();
    let cycles = 0;
    for (const { touchpoints } of simulateCustomers({
      seed: 1,
      customers: 2000,
      from: Date.UTC(2024, 0, 1),
      until: UNTIL,
    })) {
      const events = touchpoints.map(eventOf).sort(compareEvents);
      const { visits } = foldCustomer({ events, policies: policyTimeline([]), asOf: UNTIL });
      for (const { stage, phase, cycle, cause } of visits) {
        phases.set(`${stage} ${phase}`, (phases.get(`${stage} ${phase}`) ?? 0) + 1);
        rules.set(cause.rule, (rules.get(cause.rule) ?? 0) + 1);
        cycles = Math.max(cycles, cycle);
      }
    }
    expect([...phases.keys()].sort()).toEqual([...PHASES].sort());
    expect(RULES.filter((rule) => !rules.has(rule))).toEqual([]);
    expect([...rules.keys()].filter((rule) => !RULES.includes(rule))).toEqual([]);
    expect(cycles).toBeGreaterThanOrEqual(2);
  });
});
