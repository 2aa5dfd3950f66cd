import { formatInstant } from '#contracts';
import type { Feed } from '../feed.js';
import type { SegmentChange } from '../outbox-message.js';
import { SEGMENT_CHANGES_SOURCE } from '../relay/segment-changes.js';
import { EPOCH } from './epoch.js';
import { KEPT_FOR_A_MONTH } from './topic-plans.js';

const CAUSES = ['event', 'time', 'definition', 'removal', 'policy', 'merge', 'unmerge', 'privacy', 'rebuild'];

/** Who entered a segment and who left it. */
export const SEGMENTS: Feed = {
  name: 'perennial.segments',
  type: 'perennial.segment-changed',
  meaning:
    'A customer entered a segment or left it. The message with the highest number of a customer and a segment says whether the customer belongs to it now.',
  plan: KEPT_FOR_A_MONTH,
  schema: {
    type: 'object',
    additionalProperties: false,
    required: ['segmentId', 'version', 'customerId', 'number', 'kind', 'at', 'cause', 'historical'],
    properties: {
      segmentId: { type: 'string', description: 'The segment, as its definition names it.' },
      version: { type: 'integer', minimum: 1, description: 'The version of its definition.' },
      customerId: { type: 'string', pattern: '^[0-9a-f]{32}$' },
      number: { type: 'integer', minimum: 1, description: 'Counts the segment changes of this customer, from 1.' },
      epoch: EPOCH,
      kind: { enum: ['entered', 'left'] },
      at: {
        type: 'string',
        format: 'date-time',
        description:
          'When it happened: with the event, at the instant at which time alone changed it, or when it became known.',
      },
      cause: {
        type: 'object',
        additionalProperties: false,
        required: ['kind', 'events'],
        properties: {
          kind: {
            enum: CAUSES,
            description:
              'An event, the mere passing of time, a definition or removal of the segment, a policy, a merge or unmerge of customers, privacy (an erasure or a restriction), or read models that were built again.',
          },
          events: {
            type: 'array',
            description: 'The events that were new, at most five; empty for any other kind.',
            items: {
              type: 'object',
              additionalProperties: false,
              required: ['source', 'id'],
              properties: { source: { type: 'string' }, id: { type: 'string' } },
            },
          },
        },
      },
      historical: {
        type: 'boolean',
        description:
          'The instant lay more than 24 hours back when it became known: do nothing for the customer because of it.',
      },
    },
  },
  source: SEGMENT_CHANGES_SOURCE,
  messageFor: (record) => ('segmentId' in record ? messageFor(record) : null),
};

function messageFor(change: SegmentChange): ReturnType<Feed['messageFor']> {
  const { segmentId, version, customerId, number, kind, at, cause, historical, epoch } = change;
  return {
    // Numbers begin again with an epoch, and ids must not.
    id: `segment-${customerId}-${number}${epoch === 0 ? '' : `-${epoch}`}`,
    key: customerId,
    at,
    data: {
      ...{ segmentId, version, customerId, number, kind, at: formatInstant(at), cause, historical },
      ...(epoch === 0 ? {} : { epoch }),
    },
  };
}
