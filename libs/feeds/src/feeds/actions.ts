import { formatInstant, MEDIA } from '#contracts';
import type { Feed } from '../feed.js';
import type { ActionChange } from '../outbox-message.js';
import { ACTIONS_SOURCE } from '../relay/actions.js';
import { EPOCH } from './epoch.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

const ID = { type: 'string', pattern: '^[0-9a-f]{32}$' };
const MOMENT = { type: 'string', format: 'date-time' };

/** What channels should do next. */
export const ACTIONS: Feed = {
  name: 'perennial.actions',
  type: 'perennial.action-changed',
  meaning:
    'A channel should do something for a customer (proposed), or should no longer do it (withdrawn). Only with the customer’s consent for the purpose and the medium, but for `retention-due`, which tells of a coming erasure; never because of a change that lay more than 24 hours in the past when it became known.',
  plan: KEPT_FOR_A_MONTH,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: [
      ...['actionId', 'customerId', 'number', 'kind', 'action', 'purpose', 'medium', 'cycle', 'stage', 'phase'],
      ...['enteredAt', 'because', 'policyVersion', 'since', 'validUntil'],
    ],
    properties: {
      actionId: {
        ...ID,
        description: 'The same when the action is withdrawn. Publish it with contact-made and response-given.',
      },
      customerId: ID,
      number: { type: 'integer', minimum: 1, description: 'Counts the action changes of this customer, from 1.' },
      epoch: EPOCH,
      kind: { enum: ['proposed', 'withdrawn'] },
      action: {
        type: 'string',
        description:
          'What to do: the treatment that the policy names for the customer’s phase, or `retention-due`: tell the customer that their data will be erased at validUntil unless they come back.',
      },
      purpose: {
        type: 'string',
        description:
          'The purpose for which the customer gave consent; `retention`, which needs none, of `retention-due`.',
      },
      medium: {
        enum: [...MEDIA],
        description: 'How to reach the customer: channels of other media ignore the message.',
      },
      cycle: { type: 'integer', minimum: 1 },
      stage: { type: 'string' },
      phase: { type: 'string', description: 'Why: the customer is in this phase …' },
      enteredAt: { ...MOMENT, description: '… since then …' },
      because: { type: 'string', description: '… by this rule …' },
      policyVersion: { type: 'string', description: '… of this policy.' },
      since: {
        ...MOMENT,
        description:
          'When the action became due: the customer entered the phase, or gave consent, whichever came later.',
      },
      validUntil: { ...MOMENT, description: 'Do not do it from this instant on.' },
      reason: {
        enum: [
          ...[
            'expired',
            'phase-left',
            'consent-withdrawn',
            'policy-changed',
            'policy-restated',
            'reversal',
            'merge',
            'unmerge',
            'rebuild',
          ],
          ...['customer-returned', 'parked', 'erased', 'restricted', 'suppressed'],
        ],
        description: 'Why it was withdrawn.',
      },
    },
  },
  source: ACTIONS_SOURCE,
  messageFor: (record) => ('actionId' in record ? messageFor(record) : null),
};

function messageFor(change: ActionChange): ReturnType<Feed['messageFor']> {
  const { actionId, customerId, number, kind, treatment, purpose, medium, reason } = change;
  const { cycle, stage, phase, because, policyVersion } = change;
  return {
    id: `${actionId}-${kind}`,
    key: customerId,
    at: change.publishedAt,
    data: {
      ...{ actionId, customerId, number, kind, action: treatment, purpose, medium, cycle, stage, phase },
      ...{ enteredAt: formatInstant(change.enteredAt), because, policyVersion },
      ...{ since: formatInstant(change.since), validUntil: formatInstant(change.validUntil) },
      ...(change.epoch === 0 ? {} : { epoch: change.epoch }),
      ...(reason === null ? {} : { reason }),
    },
  };
}
