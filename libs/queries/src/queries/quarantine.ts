import { AnyText, Default, Describe, Flag, OneOf, Optional, Text } from '#contracts';
import { pageOf } from '../running/page.js';
import { query, type QueryContext } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { Where } from '../reading/where.js';

const QUARANTINE_SOURCE = 'perennial/quarantine';
/** A body may be a quarter of a megabyte. */
const BODIES_A_PAGE = 50;

class QuarantineParams {
  @Optional() @OneOf('open', 'released', 'discarded', 'replaced') @Describe('only those of this status') status!:
    string | null;
  @Optional() @Text(128) @Describe('only those with this code') code!: string | null;
  @Optional() @Text(512) @Describe('only those of this source') source!: string | null;
  @Optional() @AnyText() @Describe('only those from this file') file!: string | null;
  @Optional() @Text(256) @Describe('only those that name this type') type!: string | null;
  @Optional() @Text(512) @Describe('only those with this id') 'event-id'!: string | null;
  @Default(false)
  @Flag()
  @Describe('whether to open the bodies; needs a purpose that is granted')
  'with-body'!: boolean;
}

/** Events that were not accepted, with the reason and how to fix it. */
export const quarantine = query({
  name: 'quarantine',
  summary: 'Events that were not accepted, each with where, why, and how to fix it.',
  permission: 'read',
  params: QuarantineParams,
  time: 'none',
  paged: true,
  opens: ['body'],
  columns: [
    { name: 'quarantineId', type: 'text', description: 'release or discard it by this id' },
    { name: 'position', type: 'integer', description: 'its position in the log' },
    { name: 'status', type: 'text', description: 'open, released, discarded, or replaced by a valid form of it' },
    { name: 'file', type: 'text', nullable: true, description: 'the file of a row; of a message, topic and partition' },
    { name: 'line', type: 'integer', nullable: true, description: 'its line there; of a message, its offset' },
    {
      name: 'source',
      type: 'text',
      nullable: true,
      description: 'its source, as far as it could be read; key:… or topic:… where its publisher may not speak for it',
    },
    { name: 'claimedSource', type: 'text', nullable: true, description: 'the source that such an event names' },
    { name: 'eventId', type: 'text', nullable: true, description: 'its id, as far as it could be read' },
    { name: 'type', type: 'text', nullable: true, description: 'its type, as far as it could be read' },
    { name: 'code', type: 'text', description: 'the kind of reason' },
    { name: 'pointer', type: 'text', nullable: true, description: 'where in the event' },
    { name: 'detail', type: 'text', description: 'what is wrong' },
    { name: 'hint', type: 'text', nullable: true, description: 'how to fix it' },
    { name: 'receivedAt', type: 'instant', description: 'when it was received' },
    {
      name: 'releasedPosition',
      type: 'integer',
      nullable: true,
      description: 'the position in the log of what closed it',
    },
    { name: 'rowId', type: 'text', nullable: true, description: 'the row of a file, by its content' },
    {
      name: 'body',
      type: 'json',
      nullable: true,
      description:
        'what was received, with-body; null without a purpose that is granted, or once a person in it was erased',
    },
  ],
  async answer(context, { params, after, limit: most }) {
    const limit = params['with-body'] ? Math.min(most, BODIES_A_PAGE) : most;
    const where = new Where(limit + 1)
      .and('position > ?::bigint', after?.[0] ?? null)
      .and('status = ?::text', params.status)
      .and('code = ?::text', params.code)
      .and('source = ?::text', params.source)
      .and('file = ?::text', params.file)
      .and('type = ?::text', params.type)
      .and('event_id = ?::text', params['event-id']);
    const found = await inReadModels(context.database, async (models) => {
      const rows = await models.query<{ position: number; quarantineId: string }>(
        `SELECT quarantine_id AS "quarantineId", position, status, file, line, row_id AS "rowId", source, claimed_source AS "claimedSource", event_id AS "eventId", type, code, pointer, detail,
                hint, received_at AS "receivedAt", released_position AS "releasedPosition"
           FROM quarantine ${where.sql}
          ORDER BY position
          LIMIT $1::int`,
        where.params,
      );
      return { ...pageOf(rows, limit, ({ position }) => [position]), position: models.position };
    });
    if (!params['with-body']) return found;
    const bodies = await bodiesOf(
      context,
      found.rows.map(({ quarantineId }) => quarantineId),
    );
    return { ...found, rows: found.rows.map((row) => ({ ...row, body: bodies.get(row.quarantineId) ?? null })) };
  },
});

/** Bodies stay in the log, each sealed under a key of its own that is named by the quarantine's id. */
async function bodiesOf(
  context: QueryContext,
  quarantineIds: readonly string[],
): Promise<ReadonlyMap<string, unknown>> {
  const events = await context.log.find(quarantineIds.map((id) => ({ source: QUARANTINE_SOURCE, id })));
  const sealed = events
    .filter((event) => event !== null)
    .map(({ id, meta }) => ({
      subjectId: id,
      sealed: (JSON.parse(meta) as { readonly sealed: string }).sealed,
      about: { quarantineIds: [id] },
    }));
  const texts = await context.personalData.open(sealed);
  return new Map(sealed.map(({ subjectId }, index) => [subjectId, readable(texts[index] ?? null)]));
}

/** The body as JSON where it is; as text where it was too large to be kept whole. */
function readable(text: string | null): unknown {
  if (text === null) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
