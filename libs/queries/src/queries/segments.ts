import { DAY } from '#contracts';
import { instantText } from '#database';
import { instantOf } from '../running/answer.js';
import { NoParams } from '../running/params.js';
import { query } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { definedSegments } from '../reading/segments.js';

const RECENT_DAYS = 30;

/** The segments that are defined, and how many belong to each. */
export const segments = query({
  name: 'segments',
  summary: 'Segments: how many belong to each, who entered and left lately, and the definitions.',
  description:
    'One row for each segment that is defined now, in the order of their ids. While all customers are looked at again after a definition, `pending` says how many are still to come.',
  permission: 'read',
  params: NoParams,
  time: 'none',
  paged: true,
  columns: [
    { name: 'segmentId', type: 'text', description: 'the id' },
    { name: 'name', type: 'text', description: 'the name' },
    { name: 'description', type: 'text', nullable: true, description: 'what it is for' },
    { name: 'version', type: 'integer', description: 'the version of the definition' },
    { name: 'members', type: 'integer', description: 'customers who belong to it now' },
    { name: 'entered', type: 'integer', description: `how often customers entered in the last ${RECENT_DAYS} days` },
    { name: 'left', type: 'integer', description: `how often customers left in the last ${RECENT_DAYS} days` },
    { name: 'pending', type: 'integer', description: 'customers that are still to be looked at after a definition' },
    { name: 'definedAt', type: 'instant', description: 'when this version was defined' },
    { name: 'definedBy', type: 'text', nullable: true, description: 'by which principal' },
    { name: 'definition', type: 'json', description: 'the document' },
  ],
  async answer(context, { after, limit }) {
    return inReadModels(context.database, async (models) => {
      const all = (await definedSegments(models)).filter(
        ({ definition }) => after === null || definition.id > after[0]!,
      );
      const counts = await models.query<{ id: string; members: number; entered: number; left: number }>(
        `SELECT s.id, (SELECT count(*) FROM segment_members m WHERE m.segment_id = s.id)::int AS members,
                count(c.*) FILTER (WHERE c.kind = 'entered')::int AS entered, count(c.*) FILTER (WHERE c.kind = 'left')::int AS left
           FROM (SELECT DISTINCT segment_id AS id FROM segments) s
           LEFT JOIN segment_changes c ON c.segment_id = s.id AND c.at >= $1::timestamptz
          GROUP BY s.id`,
        [instantText(context.clock.now() - RECENT_DAYS * DAY)],
      );
      const [waiting] = await models.query<{ n: number }>(
        `SELECT count(*)::int AS n FROM dirty WHERE reason = 'segment-defined'`,
      );
      const byId = new Map(counts.map((row) => [row.id, row]));
      const page = all.slice(0, limit);
      const last = page.at(-1);
      return {
        rows: page.map(({ definition, version, recordedAt, recordedBy }) => {
          const { members = 0, entered = 0, left = 0 } = byId.get(definition.id) ?? {};
          return {
            ...{
              segmentId: definition.id,
              name: definition.name,
              description: definition.description ?? null,
              version,
            },
            ...{ members, entered, left, pending: waiting?.n ?? 0 },
            ...{ definedAt: instantOf(recordedAt), definedBy: recordedBy, definition },
          };
        }),
        next: all.length > limit && last !== undefined ? [last.definition.id] : null,
        position: models.position,
        complete: (waiting?.n ?? 0) === 0,
      };
    });
  },
});
