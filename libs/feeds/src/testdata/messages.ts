import type {
  AccountStageChange,
  ActionChange,
  OutboxMessage,
  PublishedProfile,
  SegmentChange,
} from '../outbox-message.js';
import type { StageChange } from '../stage-change.js';

const AT = Date.UTC(2026, 2, 1, 9);
const DAY = 86_400_000;
const [CUSTOMER, OTHER] = ['0b'.repeat(16), '0c'.repeat(16)] as const;

const entered: StageChange = {
  ...{
    messageId: '0a'.repeat(16),
    customerId: CUSTOMER,
    publication: 3,
    cycle: 1,
    position: 9,
    into: null,
    identityChange: null,
    epoch: 0,
    resync: false,
  },
  ...{ kind: 'entered', stage: 'retention', phase: 'active', enteredAt: AT, at: AT, historical: false },
  ...{ reason: null, retracts: null, policyVersion: 'retail@1', belongsTo: CUSTOMER },
  cause: {
    ...{ rule: 'second-purchase', events: [{ source: 'shop', id: 'o-2' }], values: { orders: 2 } },
    policyVersion: 'retail@1',
  },
};

const proposed: ActionChange = {
  ...{
    actionId: '0d'.repeat(16),
    customerId: CUSTOMER,
    number: 1,
    epoch: 0,
    kind: 'proposed',
    treatment: 'welcome',
    medium: 'email',
  },
  ...{
    purpose: 'marketing',
    cycle: 1,
    stage: 'retention',
    phase: 'onboarding',
    enteredAt: AT,
    because: 'first-purchase',
  },
  ...{ policyVersion: 'retail@1', since: AT, validUntil: AT + 30 * DAY, reason: null, publishedAt: AT },
};

const enteredSegment: SegmentChange = {
  ...{ segmentId: 'lapsed-big-spenders', customerId: CUSTOMER, number: 1, epoch: 0, version: 2 },
  ...{ kind: 'entered', at: AT, historical: false },
  cause: { kind: 'event', events: [{ source: 'shop', id: 'o-2' }] },
};

const profile: PublishedProfile = {
  ...{ customerId: CUSTOMER, revision: 7, changedAt: AT },
  profile: {
    ...{ customerId: CUSTOMER, cycle: 1, stage: 'retention', phase: 'active', enteredAt: '2026-03-01T09:00:00Z' },
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

const account: AccountStageChange = {
  ...{ messageId: '0e'.repeat(16), accountId: '0f'.repeat(16), number: 1, epoch: 0, cycle: 1 },
  ...{ source: 'crm', reference: 'acme', accountKind: 'company', kind: 'entered', stage: 'retention', phase: 'active' },
  ...{ enteredAt: AT, at: AT, historical: false, reason: null, retracts: null, policyVersion: 'retail@1' },
  cause: entered.cause,
};

/** One outbox message of each kind. */
export const MESSAGES: readonly OutboxMessage[] = [
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
    ...{ identityChange: 'gone', belongsTo: OTHER, into: OTHER },
  },
  { ...entered, publication: 6, identityChange: 'back' },
  proposed,
  { ...proposed, number: 2, kind: 'withdrawn', reason: 'consent-withdrawn' },
  profile,
  { ...profile, revision: 8, profile: null },
  enteredSegment,
  {
    ...{ ...enteredSegment, number: 2, kind: 'left', at: AT + DAY, historical: true },
    ...{ cause: { kind: 'time', events: [] }, epoch: 1_790_000_000_000 },
  },
  account,
  {
    ...{ ...account, number: 2, kind: 'retracted', accountKind: 'household', reference: null, historical: true },
    ...{ reason: 'late-event', retracts: 1, cause: null, policyVersion: null, epoch: 1_790_000_000_000 },
  },
  { ...entered, publication: 7, epoch: 1_790_000_000_000, resync: true, historical: true },
];
