import { Describe, Matching, Optional, Text, type Instant } from '#contracts';
import { instantText } from '#database';
import { InstantOrDay } from '../running/instant-or-day.js';
import { pageOf } from '../running/page.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';

class SegmentChangesParams {
  @Optional() @Text(64) @Describe('only changes of this segment, also of one that was removed') segment!: string | null;
  @Optional()
  @Matching('^[0-9a-f]{32}$', 32, 'a customer id')
  @Describe('only changes of this customer')
  customer!: string | null;
  @Optional() @InstantOrDay() @Describe('only changes at this instant or later') since!: Instant | null;
}

/** Who entered a segment and who left it, when, and why: as it was published. */
export const segmentChanges = query({
  name: 'segment-changes',
  summary: 'Who entered a segment and who left it, when, and why.',
  description:
    'As it was published, in the order of customers: number counts the changes of one customer. The cause is an event, the mere passing of time, a definition, a removal, a policy, a merge, privacy (an erasure or a restriction), or a rebuild.',
  permission: 'read',
  params: SegmentChangesParams,
  time: 'none',
  // A date is read in the zone of the business.
  days: true,
  paged: true,
  columns: [
    { name: 'customerId', type: 'text', description: 'the customer' },
    { name: 'segmentId', type: 'text', description: 'the segment' },
    { name: 'number', type: 'integer', description: 'counts from 1 for each customer' },
    { name: 'kind', type: 'text', description: 'entered or left' },
    { name: 'at', type: 'instant', description: 'when' },
    { name: 'cause', type: 'json', description: 'why: its kind, and the events that were new' },
    { name: 'version', type: 'integer', description: 'the version of the segment' },
    {
      name: 'historical',
      type: 'boolean',
      description: 'whether the instant lay more than 24 h back when it was published',
    },
    { name: 'publishedAt', type: 'instant', description: 'when it was published' },
  ],
  async answer(context, { params, after, limit }) {
    return inReadModels(context.database, async (models) => {
      const where = new Where(limit + 1)
        .and('segment_id = ?::text', params.segment)
        .and('customer_id = ?::text', params.customer)
        .and('at >= ?::timestamptz', params.since === null ? null : instantText(params.since));
      if (after !== null) {
        const [customer, number] = after.map((value) => where.param(value));
        where.always(`(customer_id, number) > (${customer}::text, ${number}::int)`);
      }
      const rows = await models.query<{ customerId: string; number: number }>(
        `SELECT customer_id AS "customerId", segment_id AS "segmentId", number, kind, at, cause, version, historical,
                published_at AS "publishedAt"
           FROM segment_changes ${where.sql} ORDER BY customer_id, number LIMIT $1::int`,
        where.params,
      );
      return {
        ...pageOf(rows, limit, (last) => [last.customerId, last.number]),
        position: models.position,
      };
    });
  },
});
