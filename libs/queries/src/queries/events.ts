import { STREAMS } from '#contracts';
import { query } from '../running/query.js';
import { knownCustomer } from '../reading/life.js';
import { pageInOrder } from '../reading/pages-in-order.js';
import { asRecorded, RECORDED_COLUMNS } from '../reading/recorded.js';
import { OneCustomer } from '../reading/who.js';

/** For the auditor: the events of one customer exactly as they were recorded, in the order of the log. */
export const events = query({
  name: 'events',
  summary: "One customer's events exactly as they were recorded, in the order of the log.",
  description:
    'What the log holds, unchanged: versions are not lifted, personal fields stay sealed. As NDJSON it is the export of a customer for an audit.',
  permission: 'audit',
  params: OneCustomer,
  time: 'as-of and known-at',
  paged: true,
  columns: RECORDED_COLUMNS,
  async answer(context, { params, asOf, knownAt, position: bound, after, limit }) {
    const { subjectIds, position } = await knownCustomer(context, params, { knownAt, position: bound });
    const { events, next } = await pageInOrder(
      context.log,
      subjectIds.map(STREAMS.subject),
      {
        keyOf: (event) => event.position,
        compare: (a, b) => a.position - b.position,
        strict: true,
        wanted: (event) => event.occurredAt <= asOf,
      },
      { after, upTo: position, limit },
    );
    return { rows: events.map(asRecorded), next, position };
  },
});
