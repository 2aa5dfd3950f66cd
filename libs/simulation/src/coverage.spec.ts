import 'reflect-metadata';
import { describe, expect, it } from '@jest/globals';
import { parseInstant } from '#contracts';
import {
  BUILT_IN_POLICIES,
  CAUSE_RULES,
  compareEvents,
  foldCustomer,
  policyTimeline,
  policyVersion,
  validatePolicy,
  type LifecycleEvent,
} from '#lifecycle';
import type { TouchpointInput } from '#imports';
import { withShorterSilence } from './shorter-silence.js';
import { simulateCustomers } from './simulate.js';

const PHASES = [
  ...['awareness', 'knowledge', 'consideration', 'evaluation', 'cold'].map((phase) => `acquisition ${phase}`),
  ...['onboarding', 'active', 'at-risk', 'lapsed', 'lost'].map((phase) => `retention ${phase}`),
  ...['cross-sell', 'up-sell', 'advocacy'].map((phase) => `expansion ${phase}`),
];

const UNTIL = Date.UTC(2026, 0, 1);

function eventOf(draft: TouchpointInput, position: number): LifecycleEvent {
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

const RETAIL = BUILT_IN_POLICIES.retail;
const PUBLISHED_AT = UNTIL + 9 * 3_600_000;
/** As the demonstration publishes them: both at the end of the two years. */
const POLICIES = policyTimeline(
  [RETAIL, withShorterSilence(RETAIL)].map((policy) => ({
    policy,
    version: policyVersion(policy),
    effectiveFrom: PUBLISHED_AT,
    recordedAt: PUBLISHED_AT,
  })),
);

describe('2,000 simulated customers over two years, under the policy retail and then one with a shorter silence', () => {
  it('reach every phase of every stage, a second cycle, and every cause of a transition', () => {
    const phases = new Set<string>();
    const rules = new Set<string>();
    let cycles = 0;
    for (const { touchpoints } of simulateCustomers({
      seed: 1,
      customers: 2000,
      from: Date.UTC(2024, 0, 1),
      until: UNTIL,
    })) {
      const events = touchpoints.map(eventOf).sort(compareEvents);
      const { stagePeriods } = foldCustomer({ events, policies: POLICIES, asOf: PUBLISHED_AT });
      for (const { stage, phase, cycle, cause } of stagePeriods) {
        phases.add(`${stage} ${phase}`);
        rules.add(cause.rule);
        cycles = Math.max(cycles, cycle);
      }
    }
    expect([...phases].sort()).toEqual([...PHASES].sort());
    // The simulated amendments are small: none moves a customer.
    const expected = CAUSE_RULES.filter((rule) => rule !== 'order-amended');
    expect([...rules].sort()).toEqual([...expected].sort());
    expect(cycles).toBeGreaterThanOrEqual(2);
  });
});

describe('a policy with a shorter silence', () => {
  it.each(Object.values(BUILT_IN_POLICIES))('is a valid next version of $name', (policy) => {
    const next = withShorterSilence(policy);
    expect(validatePolicy(next)).toMatchObject({
      ok: true,
      policy: { name: policy.name, version: policy.version + 1 },
    });
    expect(next.silence).not.toEqual(policy.silence);
  });
});
