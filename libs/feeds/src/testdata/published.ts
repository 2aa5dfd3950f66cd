import type { Said, SaidAction, SaidCustomer } from '../published.js';
import type { Told } from '../stage-change.js';

const AT = Date.UTC(2026, 2, 1, 9);
const DAY = 86_400_000;
const [HER, OTHER] = ['0b'.repeat(16), '0c'.repeat(16)] as const;

const entered: Told = {
  ...{ messageId: '0a'.repeat(16), customerId: HER, publication: 3, cycle: 1, position: 9, into: null, turn: null },
  ...{ kind: 'entered', stage: 'retention', phase: 'active', enteredAt: AT, at: AT, historical: false },
  ...{ reason: null, retracts: null, policyVersion: 'retail@1', belongsTo: HER },
  cause: {
    ...{ rule: 'second-purchase', events: [{ source: 'shop', id: 'o-2' }], values: { orders: 2 } },
    policyVersion: 'retail@1',
  },
};

const proposed: SaidAction = {
  ...{ actionId: '0d'.repeat(16), customerId: HER, number: 1, kind: 'proposed', treatment: 'welcome', medium: 'email' },
  ...{
    purpose: 'marketing',
    cycle: 1,
    stage: 'retention',
    phase: 'onboarding',
    enteredAt: AT,
    because: 'first-purchase',
  },
  ...{ policyVersion: 'retail@1', since: AT, validUntil: AT + 30 * DAY, reason: null, saidAt: AT },
};

const profile: SaidCustomer = {
  ...{ customerId: HER, revision: 7, changedAt: AT },
  profile: {
    ...{ customerId: HER, cycle: 1, stage: 'retention', phase: 'active', enteredAt: '2026-03-01T09:00:00Z' },
    ...{ cause: entered.cause, policyVersion: 'retail@1', flags: [], nextDueAt: '2026-05-30T09:00:00Z' },
    ...{
      nextDueKind: 'at-risk',
      firstSeenAt: '2026-01-01T00:00:00Z',
      lastSeenAt: '2026-03-01T09:00:00Z',
      touchpoints: 9,
    },
    ...{ orders: 2, revenue: [{ amountMinor: 5998, currency: 'EUR' }], firstPurchaseAt: '2026-02-01T00:00:00Z' },
    ...{ lastPurchaseAt: '2026-03-01T09:00:00Z' },
    contracts: [
      { contractId: 'c-1', status: 'good', startedAt: '2026-02-01T00:00:00Z', since: '2026-02-01T00:00:00Z' },
    ],
    consents: [
      { purpose: 'marketing', medium: 'email', given: true, since: '2026-02-01T00:00:00Z', expiresAt: null },
      { purpose: 'marketing', medium: null, given: false, since: '2026-01-01T00:00:00Z', expiresAt: null },
    ],
  },
};

/** One of each thing that the engine may say. */
export const OUTBOX_NOTIFIER: readonly Said[] = [
  entered,
  { ...entered, publication: 4, kind: 'left', at: AT + DAY },
  {
    ...{
      ...entered,
      publication: 5,
      kind: 'retracted',
      reason: 'merge',
      retracts: 3,
      cause: null,
      policyVersion: null,
    },
    ...{ turn: 'gone', belongsTo: OTHER, into: OTHER },
  },
  { ...entered, publication: 6, turn: 'back' },
  proposed,
  { ...proposed, number: 2, kind: 'withdrawn', reason: 'consent-withdrawn' },
  profile,
  { ...profile, revision: 8, profile: null },
];
