import { arrayText } from '#database';
import { Describe, TextAs, unreadable } from '#contracts';
import { query, type AnswerRow } from '../running/query.js';
import { inReadModels } from '../reading/read-models.js';
import { mustBeDefined } from '../reading/segments.js';

/** So many segments have 63 intersections. */
const SEGMENTS_MAX = 6;

class SegmentOverlapParams {
  @TextAs(`2 to ${SEGMENTS_MAX} ids of segments with commas between them`, (text) => {
    const ids = [...new Set(text.split(',').map((id) => id.trim()))].filter((id) => id !== '');
    if (ids.length >= 2 && ids.length <= SEGMENTS_MAX && ids.every(({ length }) => length <= 64)) return { value: ids };
    return unreadable(
      `must name 2 to ${SEGMENTS_MAX} different segments`,
      'give their ids with commas between them, such as buyers,visitors',
    );
  })
  @Describe(`the ids of 2 to ${SEGMENTS_MAX} segments, with commas between them`)
  segments!: readonly string[];
}

/** How many customers some segments have in common. */
export const segmentOverlap = query({
  name: 'segment-overlap',
  summary: 'How many customers some segments have in common: one row for each intersection.',
  description:
    'First each segment by itself, then each two of them, and so on, as they are now. customers counts those who belong to all the segments of the row, whatever else they belong to; only counts those of them who belong to none of the other segments that were named. The numbers of `only` add up to all customers who belong to any of them.',
  permission: 'read',
  params: SegmentOverlapParams,
  time: 'none',
  paged: false,
  columns: [
    { name: 'segments', type: 'json', description: 'the segments of the intersection' },
    { name: 'customers', type: 'integer', description: 'customers who belong to all of them' },
    { name: 'only', type: 'integer', description: 'of these, those who belong to none of the others that were named' },
    {
      name: 'share',
      type: 'number',
      nullable: true,
      description:
        'customers as a share of all who belong to at least one of the segments of the row (Jaccard index); null where there are none',
    },
  ],
  async answer(context, { params: { segments } }) {
    return inReadModels(context.database, async (models) => {
      await mustBeDefined(models, segments);
      // Each customer has a bit for each segment they belong to.
      const counts = await models.query<{ belongs: number; customers: number }>(
        `SELECT belongs, count(*)::int AS customers
           FROM (SELECT customer_id, sum(1 << (array_position($1::text[], segment_id::text) - 1))::int AS belongs
                   FROM segment_members WHERE segment_id = ANY($1::text[]) GROUP BY customer_id) members
          GROUP BY belongs`,
        [arrayText(segments)],
      );
      return { rows: intersections(segments, counts), next: null, position: models.position };
    });
  },
});

/** Every set of segments that is not empty, the small ones first, with the customers that it holds. */
function intersections(
  segments: readonly string[],
  counts: readonly { readonly belongs: number; readonly customers: number }[],
): readonly AnswerRow[] {
  const counted = (wanted: (belongs: number) => boolean): number =>
    counts.reduce((sum, { belongs, customers }) => (wanted(belongs) ? sum + customers : sum), 0);
  return Array.from({ length: 2 ** segments.length - 1 }, (_, at) => at + 1)
    .map((set) => ({ set, named: segments.filter((_id, bit) => (set & (1 << bit)) !== 0) }))
    .sort((a, b) => a.named.length - b.named.length || a.set - b.set)
    .map(({ set, named }) => {
      const customers = counted((belongs) => (belongs & set) === set);
      const inAny = counted((belongs) => (belongs & set) !== 0);
      return {
        segments: named,
        customers,
        only: counted((belongs) => belongs === set),
        share: inAny === 0 ? null : customers / inAny,
      };
    });
}
