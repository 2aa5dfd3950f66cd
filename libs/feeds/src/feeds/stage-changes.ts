import { formatInstant } from '#contracts';
import { CHANGES } from '../relay/changes.js';
import type { Feed } from '../feed.js';
import type { Told } from '../stage-change.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

const MOMENT = { type: 'string', format: 'date-time' };

/** Where customers stand: each stage period that began, ended, or turns out not to have been. */
export const STAGE_CHANGES: Feed = {
  name: 'perennial.stage-changes',
  type: 'perennial.stage-changed',
  meaning:
    'A customer entered a phase, left it, or what was said of it before no longer holds. Whoever adds up what was entered and takes back what was retracted has the engine’s own state.',
  plan: KEPT_FOR_A_MONTH,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['customerId', 'publication', 'kind', 'cycle', 'stage', 'phase', 'enteredAt', 'at', 'historical'],
    properties: {
      customerId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      publication: { type: 'integer', minimum: 1, description: 'Counts what was said of this customer, from 1.' },
      kind: { enum: ['entered', 'left', 'retracted'] },
      cycle: { type: 'integer', description: 'How often they went round: from 1.' },
      stage: { type: 'string' },
      phase: { type: 'string' },
      enteredAt: { ...MOMENT, description: 'When the stage period began.' },
      at: { ...MOMENT, description: 'The instant of the change: the stage period’s beginning or its end.' },
      historical: {
        type: 'boolean',
        description: 'The change lay more than 24 hours back when it became known: take note, and do not act.',
      },
      retracts: { type: 'integer', minimum: 1, description: 'The publication that no longer holds.' },
      reason: {
        enum: ['late-event', 'reversal', 'merge', 'unmerge', 'policy-changed', 'rebuild'],
        description: 'Why it no longer holds.',
      },
      into: {
        type: 'string',
        pattern: '^[0-9a-f]{32}$',
        description: 'Of what no longer holds since the customer turned out to be another: who that is.',
      },
      cause: {
        type: 'object',
        description: 'Why they moved at that instant: the rule, the events or the deadline, the values compared.',
      },
      policyVersion: { type: 'string', description: 'The policy whose rule it was.' },
    },
  },
  from: CHANGES,
  says: (said) => ('publication' in said ? message(said) : null),
};

function message(told: Told): ReturnType<Feed['says']> {
  return {
    id: told.messageId,
    key: told.customerId,
    at: told.at,
    data: {
      customerId: told.customerId,
      publication: told.publication,
      kind: told.kind,
      cycle: told.cycle,
      stage: told.stage,
      phase: told.phase,
      enteredAt: formatInstant(told.enteredAt),
      at: formatInstant(told.at),
      historical: told.historical,
      ...(told.retracts === null ? {} : { retracts: told.retracts, reason: told.reason }),
      ...(told.into === null ? {} : { into: told.into }),
      ...(told.cause === null ? {} : { cause: told.cause, policyVersion: told.policyVersion }),
    },
  };
}
