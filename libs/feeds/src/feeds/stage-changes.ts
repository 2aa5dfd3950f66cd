import { formatInstant } from '#contracts';
import type { Feed } from '../feed.js';
import { STAGE_CHANGES_SOURCE } from '../relay/stage-changes.js';
import type { StageChange } from '../stage-change.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

const MOMENT = { type: 'string', format: 'date-time' };

/** The stages of customers: each stage period that began, ended, or was retracted. */
export const STAGE_CHANGES: Feed = {
  name: 'perennial.stage-changes',
  type: 'perennial.stage-changed',
  meaning:
    'A customer entered a phase, left it, or an earlier change was retracted. A consumer that applies every entered and left, and removes what was retracted, has the engine’s own state.',
  plan: KEPT_FOR_A_MONTH,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['customerId', 'publication', 'kind', 'cycle', 'stage', 'phase', 'enteredAt', 'at', 'historical'],
    properties: {
      customerId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      publication: { type: 'integer', minimum: 1, description: 'Counts the stage changes of this customer, from 1.' },
      kind: { enum: ['entered', 'left', 'retracted'] },
      cycle: {
        type: 'integer',
        description: 'The customer’s lifecycle cycle, from 1: a win-back begins the next one.',
      },
      stage: { type: 'string' },
      phase: { type: 'string' },
      enteredAt: { ...MOMENT, description: 'When the stage period began.' },
      at: { ...MOMENT, description: 'The instant of the change: the stage period’s beginning or its end.' },
      historical: {
        type: 'boolean',
        description:
          'The change lay more than 24 hours in the past when it became known: record it, and do not act on it.',
      },
      retracts: { type: 'integer', minimum: 1, description: 'The publication that no longer holds.' },
      reason: {
        enum: ['late-event', 'reversal', 'merge', 'unmerge', 'policy-changed', 'rebuild'],
        description: 'Why it no longer holds.',
      },
      into: {
        type: 'string',
        pattern: '^[0-9a-f]{32}$',
        description: 'For a retraction because of a merge: the customer into which this one was merged.',
      },
      cause: {
        type: 'object',
        description:
          'Why the customer moved at that instant: the rule, the events or the deadline, the values compared.',
      },
      policyVersion: { type: 'string', description: 'The policy version whose rule it was.' },
    },
  },
  source: STAGE_CHANGES_SOURCE,
  messageFor: (record) => ('publication' in record ? messageFor(record) : null),
};

function messageFor(change: StageChange): ReturnType<Feed['messageFor']> {
  return {
    id: change.messageId,
    key: change.customerId,
    at: change.at,
    data: {
      customerId: change.customerId,
      publication: change.publication,
      kind: change.kind,
      cycle: change.cycle,
      stage: change.stage,
      phase: change.phase,
      enteredAt: formatInstant(change.enteredAt),
      at: formatInstant(change.at),
      historical: change.historical,
      ...(change.retracts === null ? {} : { retracts: change.retracts, reason: change.reason }),
      ...(change.into === null ? {} : { into: change.into }),
      ...(change.cause === null ? {} : { cause: change.cause, policyVersion: change.policyVersion }),
    },
  };
}
