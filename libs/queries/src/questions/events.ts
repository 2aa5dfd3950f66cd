import { pageOf } from '../asking/page.js';
import { question } from '../asking/question.js';
import { lifeOf } from '../reading/life.js';
import { ONE_CUSTOMER } from '../reading/who.js';

/** For the auditor: the events of one customer exactly as they were recorded, in the order of the log. */
export const events = question({
  name: 'events',
  summary: "One customer's events exactly as they were recorded, in the order of the log.",
  description:
    'What the log holds, unchanged: versions are not lifted, personal fields stay sealed. As NDJSON it is the export of a customer for an audit.',
  permission: 'audit',
  params: ONE_CUSTOMER,
  time: 'as-of and known-at',
  paged: true,
  columns: [
    { name: 'position', type: 'integer', description: 'place in the whole log' },
    { name: 'recordedAt', type: 'instant', description: 'when the log took it' },
    { name: 'occurredAt', type: 'instant', description: 'when it happened' },
    { name: 'stream', type: 'text', description: 'the stream that holds it' },
    { name: 'revision', type: 'integer', description: 'place in the stream, from 0' },
    { name: 'source', type: 'text', description: 'who told us' },
    { name: 'id', type: 'text', description: 'the id by which the source names it' },
    { name: 'type', type: 'text', description: 'what it was' },
    { name: 'schemaVersion', type: 'integer', description: 'the version of data' },
    { name: 'meta', type: 'json', description: 'metadata as recorded; identifiers sealed' },
    { name: 'data', type: 'json', description: 'data as recorded; personal fields absent, sealed in meta' },
  ],
  async answer(context, { params, asOf, knownAt, position, after, limit }) {
    const last = after === null ? 0 : Number(after[0]);
    const life = await lifeOf(context, params, { knownAt, position });
    const told = life.events
      .map(({ recorded }) => recorded)
      .filter((event) => event.position > last && event.occurredAt <= asOf)
      .sort((a, b) => a.position - b.position)
      .slice(0, limit + 1)
      .map((event) => ({ ...event, meta: JSON.parse(event.meta) as unknown, data: JSON.parse(event.data) as unknown }));
    return { ...pageOf(told, limit, (event) => [event.position]), position: life.position };
  },
});
