import { CHANGES } from '../relay/changes.js';
import type { Feed } from '../feed.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

/** Who turned out to be whom, of customers of whom something had been said before. */
export const IDENTITY: Feed = {
  name: 'perennial.identity',
  type: 'perennial.identity-changed',
  meaning:
    'A customer turned out to be another (merged), or to be themselves after all (unmerged). Only of customers of whom stage changes were told before.',
  plan: KEPT_FOR_A_MONTH,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['customerId', 'kind', 'publication'],
    properties: {
      customerId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      kind: { enum: ['merged', 'unmerged'] },
      into: {
        type: 'string',
        pattern: '^[0-9a-f]{32}$',
        description:
          'To whom the customer belongs, as it stood when this was sent: where they had turned out to be a third one by then, that one.',
      },
      publication: { type: 'integer', minimum: 1, description: 'Their stage change that this goes with.' },
    },
  },
  from: CHANGES,
  says: (said) => {
    if (!('publication' in said) || said.turn === null) return null;
    const { customerId, publication, messageId, turn, belongsTo, at } = said;
    const about = { customerId, publication };
    // Who was merged and unmerged again before anybody was told of it, was neither for the channels.
    if (turn === 'gone' && belongsTo === customerId) return null;
    const data = turn === 'gone' ? { ...about, kind: 'merged', into: belongsTo } : { ...about, kind: 'unmerged' };
    return { id: `${messageId}-identity`, key: customerId, at, data };
  },
};
