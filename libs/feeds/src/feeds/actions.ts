import { formatInstant, MEDIA } from '#contracts';
import { ACTIONS_TABLE } from '../relay/actions.js';
import type { Feed } from '../feed.js';
import type { SaidAction } from '../published.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

const ID = { type: 'string', pattern: '^[0-9a-f]{32}$' };
const MOMENT = { type: 'string', format: 'date-time' };

/** What channels should do next. */
export const ACTIONS: Feed = {
  name: 'perennial.actions',
  type: 'perennial.action-changed',
  meaning:
    'A channel should do something for a customer (proposed), or should do it no longer (withdrawn). Only what the customer allowed, for the purpose and by the medium; never because of something that lay more than 24 hours back when it became known.',
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
        description: 'The same when it is withdrawn. Give it back with contact-made and response-given.',
      },
      customerId: ID,
      number: { type: 'integer', minimum: 1, description: 'Counts what was said of this customer’s actions, from 1.' },
      kind: { enum: ['proposed', 'withdrawn'] },
      action: { type: 'string', description: 'What to do: the treatment that the policy names for their phase.' },
      purpose: { type: 'string', description: 'The purpose for which they gave their consent.' },
      medium: { enum: [...MEDIA], description: 'By what: other channels pass over it.' },
      cycle: { type: 'integer', minimum: 1 },
      stage: { type: 'string' },
      phase: { type: 'string', description: 'Why: the customer stands in this phase …' },
      enteredAt: { ...MOMENT, description: '… since then …' },
      because: { type: 'string', description: '… by this rule …' },
      policyVersion: { type: 'string', description: '… of this policy.' },
      since: {
        ...MOMENT,
        description: 'When it came to be called for: the customer entered the phase, or gave their consent.',
      },
      validUntil: { ...MOMENT, description: 'Not to be done from then on.' },
      reason: {
        enum: [
          ...[
            'expired',
            'phase-left',
            'consent-withdrawn',
            'policy-changed',
            'reversal',
            'merge',
            'unmerge',
            'rebuild',
            'parked',
            'erased',
          ],
        ],
        description: 'Why it was withdrawn.',
      },
    },
  },
  from: ACTIONS_TABLE,
  says: (said) => ('actionId' in said ? message(said) : null),
};

function message(said: SaidAction): ReturnType<Feed['says']> {
  const { actionId, customerId, number, kind, treatment, purpose, medium, reason } = said;
  const { cycle, stage, phase, because, policyVersion } = said;
  return {
    id: `${actionId}-${kind}`,
    key: customerId,
    at: said.saidAt,
    data: {
      ...{ actionId, customerId, number, kind, action: treatment, purpose, medium, cycle, stage, phase },
      ...{ enteredAt: formatInstant(said.enteredAt), because, policyVersion },
      ...{ since: formatInstant(said.since), validUntil: formatInstant(said.validUntil) },
      ...(reason === null ? {} : { reason }),
    },
  };
}
