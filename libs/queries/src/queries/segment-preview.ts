import { Describe, pointerTo, TextAs, unreadable } from '#contracts';
import { query } from '../running/query.js';
import { QueryRejected } from '../running/query-rejected.js';
import { inReadModels } from '../reading/read-models.js';
import { previewSegment } from '../reading/segment-preview.js';

class SegmentPreviewParams {
  @TextAs('a segment as JSON', (text) => {
    try {
      return { value: JSON.parse(text) as unknown };
    } catch {
      return unreadable('is not JSON', 'give the document as JSON, percent-encoded in an address');
    }
  })
  @Describe('the document of the segment, as JSON: id, name and the condition `when`')
  definition!: unknown;
}

/** Who would belong to a segment that is not defined yet. */
export const segmentPreview = query({
  name: 'segment-preview',
  summary: 'How many customers would belong to a segment, and some of them. Nothing is defined.',
  description:
    'Judges customers one after another from their events, for two seconds at most: `exact` says whether all of them were looked at; if not, members is at least how many there are, and estimate takes the rest to be like them. Where a segment of the id is defined, entering and leaving say who would change.',
  permission: 'read',
  params: SegmentPreviewParams,
  time: 'none',
  paged: false,
  columns: [
    { name: 'asOf', type: 'instant', description: 'the instant that was looked at' },
    { name: 'members', type: 'integer', description: 'members among the customers that were looked at' },
    { name: 'looked', type: 'integer', description: 'customers that were looked at' },
    { name: 'customers', type: 'integer', description: 'all customers' },
    { name: 'exact', type: 'boolean', description: 'whether all customers were looked at' },
    { name: 'estimate', type: 'integer', description: 'members among all customers, as far as it can be told' },
    {
      name: 'entering',
      type: 'integer',
      description: 'of those that were looked at: not members as it is defined now',
    },
    {
      name: 'leaving',
      type: 'integer',
      description: 'of those that were looked at: members as it is defined now alone',
    },
    { name: 'sample', type: 'json', description: 'the first members: customerId, stage, phase, orders' },
  ],
  async answer(context, { params }) {
    const verdict = await previewSegment(context, params.definition);
    if (!verdict.ok)
      throw new QueryRejected(
        'invalid-query',
        verdict.errors.map((issue) => ({ ...issue, pointer: pointerTo('definition') + issue.pointer.slice(1) })),
      );
    const position = await inReadModels(context.database, (models) => Promise.resolve(models.position));
    return { rows: [{ ...verdict.preview }], next: null, position };
  },
});
