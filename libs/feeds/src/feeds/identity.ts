import type { Feed } from '../feed.js';
import { STAGE_CHANGES_SOURCE } from './stage-changes.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

/** Merges and unmerges of customers whose stage changes were published before. */
export const IDENTITY: Feed = {
  name: 'perennial.identity',
  type: 'perennial.identity-changed',
  meaning:
    'A customer was merged into another (merged), or separated from them again (unmerged). Only for customers whose stage changes were published before.',
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
          'The customer into which this one was merged, as known when the message was sent: the last one where that customer was merged further by then.',
      },
      publication: { type: 'integer', minimum: 1, description: 'The stage change of this customer that goes with it.' },
    },
  },
  source: STAGE_CHANGES_SOURCE,
  messageFor: (record) => {
    if (!('publication' in record) || record.identityChange === null) return null;
    const { customerId, publication, messageId, identityChange, belongsTo, at } = record;
    const about = { customerId, publication };
    // Merged and unmerged again before either was published: consumers need to know of neither.
    if (identityChange === 'gone' && belongsTo === customerId) return null;
    const data =
      identityChange === 'gone' ? { ...about, kind: 'merged', into: belongsTo } : { ...about, kind: 'unmerged' };
    return { id: `${messageId}-identity`, key: customerId, at, data };
  },
};
