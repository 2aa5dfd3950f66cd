import { pageOf } from '../asking/page.js';
import { question } from '../asking/question.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';

/** What could not be taken, with the reason and how to mend it. */
export const quarantine = question({
  name: 'quarantine',
  summary: 'Events that could not be taken, each with where, why, and how to mend it.',
  permission: 'read',
  params: {
    status: { type: 'enum', values: ['open', 'released', 'discarded'], description: 'only those of this status.' },
    code: { type: 'text', maxLength: 128, description: 'only those of this kind of reason.' },
    source: { type: 'text', description: 'only those of this source.' },
    type: { type: 'text', maxLength: 256, description: 'only those that call themselves this type.' },
    'event-id': { type: 'text', description: 'only those that bear this id.' },
  },
  time: 'none',
  paged: true,
  columns: [
    { name: 'quarantineId', type: 'text', description: 'release or discard it by this id' },
    { name: 'position', type: 'integer', description: 'where the log tells of it' },
    { name: 'status', type: 'text', description: 'open, released or discarded' },
    { name: 'source', type: 'text', nullable: true, description: 'its source, as far as it could be read' },
    { name: 'eventId', type: 'text', nullable: true, description: 'its id, as far as it could be read' },
    { name: 'type', type: 'text', nullable: true, description: 'its type, as far as it could be read' },
    { name: 'code', type: 'text', description: 'the kind of reason' },
    { name: 'path', type: 'text', nullable: true, description: 'where in the event' },
    { name: 'detail', type: 'text', description: 'what is wrong' },
    { name: 'mend', type: 'text', nullable: true, description: 'how to mend it' },
    { name: 'receivedAt', type: 'instant', description: 'when it was received' },
    { name: 'releasedPosition', type: 'integer', nullable: true, description: 'where the log tells of its release' },
  ],
  async answer(context, { params, after, limit }) {
    const where = new Where(limit + 1)
      .and('position > ?::bigint', after?.[0] ?? null)
      .and('status = ?::text', params.status)
      .and('code = ?::text', params.code)
      .and('source = ?::text', params.source)
      .and('type = ?::text', params.type)
      .and('event_id = ?::text', params['event-id']);
    return inReadModels(context.database, async (models) => {
      const rows = await models.query<{ position: number }>(
        `SELECT quarantine_id AS "quarantineId", position, status, source, event_id AS "eventId", type, code, path, detail,
                mend, received_at AS "receivedAt", released_position AS "releasedPosition"
           FROM quarantine ${where.sql}
          ORDER BY position
          LIMIT $1::int`,
        where.params,
      );
      return { ...pageOf(rows, limit, ({ position }) => [position]), position: models.position };
    });
  },
});
