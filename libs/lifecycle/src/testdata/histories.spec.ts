import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { foldCustomer } from '../index.js';
import { DAY, histories, START } from './histories.js';

describe('the histories that the properties of the fold are tested with', () => {
  it('reach every phase, by every rule', () => {
    const rules = new Set<string>();
    const phases = new Set<string>();
    for (const history of fc.sample(histories(30), { numRuns: 3_000, seed: 7 }))
      for (const { phase, cause } of foldCustomer({ ...history, asOf: START + 40 * 365 * DAY }).stagePeriods) {
        rules.add(cause.rule);
        phases.add(phase);
      }
    expect([...phases].sort()).toEqual([
      'active',
      'advocacy',
      'at-risk',
      'awareness',
      'cold',
      'consideration',
      'cross-sell',
      'evaluation',
      'knowledge',
      'lapsed',
      'lost',
      'onboarding',
      'up-sell',
    ]);
    expect([...rules].sort()).toEqual([
      'advocacy',
      'cold',
      'contract-cancelled',
      'contract-ended',
      'contract-reopened',
      'contraction',
      'cross-sell',
      'expansion-ran-out',
      'first-purchase',
      'first-touchpoint',
      'further-signal',
      'grace-over',
      'intent-after-lost',
      'intent-ends-cold',
      'order-amended',
      'payment-failed',
      'payment-succeeded',
      'policy-changed',
      'purchase-reversed',
      'reactivated',
      'renewed',
      'second-purchase',
      'silence-at-risk',
      'silence-lapsed',
      'silence-lost',
      'up-sell',
      'win-back',
    ]);
  });
});
