import { Describe, Text } from '#contracts';
import { foldCustomer, whyText } from '#lifecycle';
import { restrictedCustomer } from '#projections/schema';
import { query, type AnswerRow } from '../running/query.js';
import { CUSTOMER_KNOWN_COLUMN } from '../reading/columns.js';
import { lifeOf } from '../reading/life.js';
import { inReadModels } from '../reading/read-models.js';
import { mustBeDefined, SegmentJudge } from '../reading/segments.js';
import { OneCustomer } from '../reading/who.js';

class SegmentWhyParams extends OneCustomer {
  @Text(64) @Describe('the id of the segment') segment!: string;
}

/** Why is this customer in a segment, or why not: each condition with the value that it compared. */
export const segmentWhy = query({
  name: 'segment-why',
  summary: 'Why one customer is in a segment, or is not: each condition with the value that it compared.',
  description:
    'One row for each condition: first the whole, then its parts below it, each by one deeper. Folded from the log when the query runs, by the definition that holds now. No row if nothing was known about the customer.',
  permission: 'read',
  params: SegmentWhyParams,
  time: 'as-of and known-at',
  paged: false,
  columns: [
    CUSTOMER_KNOWN_COLUMN,
    { name: 'segmentId', type: 'text', description: 'the segment' },
    { name: 'version', type: 'integer', description: 'the version of its definition' },
    { name: 'member', type: 'boolean', description: 'whether the customer belongs to it' },
    { name: 'holds', type: 'boolean', description: 'whether this condition holds' },
    { name: 'depth', type: 'integer', description: 'how deep it stands: 0 for the whole condition of the segment' },
    { name: 'condition', type: 'text', description: 'the condition in words, with ✓ or ✗, set in by its depth' },
    {
      name: 'actual',
      type: 'json',
      nullable: true,
      description: 'what was compared: the value of the field, or how often it was done; null where that is not known',
    },
    {
      name: 'changesAt',
      type: 'text',
      nullable: true,
      description: 'when time alone can change the condition; null for never',
    },
  ],
  async answer(context, { params, asOf, knownAt, position }) {
    const {
      customerId,
      subjectIds,
      events,
      policies,
      position: restsOn,
    } = await lifeOf(context, params, {
      knownAt,
      position,
    });
    const known = await inReadModels(context.database, async (models) => {
      const segments = await mustBeDefined(models, params.segment);
      const [row] = await models.query<{ restricted: boolean; erased: boolean }>(
        `SELECT ${restrictedCustomer('c.id')} AS restricted,
                (SELECT bool_and(erased_at IS NOT NULL) FROM subjects WHERE customer_id = c.id) AS erased FROM (SELECT $1::text AS id) c`,
        [customerId],
      );
      return { segments, restricted: row?.restricted === true, erased: row?.erased === true };
    });
    const { view } = foldCustomer({ events, policies, asOf });
    if (view === null || subjectIds.length === 0) return { rows: [], next: null, position: restsOn };
    const judge = new SegmentJudge(
      known.segments.map(({ definition }) => definition),
      policies,
    );
    const judged = judge.why(params.segment, { events, view, restricted: known.restricted }, asOf);
    const version = known.segments.find(({ definition }) => definition.id === params.segment)?.version ?? 0;
    if (judged === null) return { rows: [], next: null, position: restsOn };
    const why = whyText(judged);
    const base = { customerId, segmentId: params.segment, version, member: why.holds && !known.erased };
    const erased = { condition: '✗ an erased person belongs to no segment', holds: false, depth: 0 };
    const rows = [
      ...(known.erased ? [{ ...base, ...erased, actual: null, changesAt: null }] : []),
      ...rowsOf(why, 0).map((row) => ({ ...base, ...row })),
    ];
    return { rows, next: null, position: restsOn };
  },
});

/** A condition and its parts, one row each, in the order of the document. */
function rowsOf(
  { condition, holds, actual, changesAt, conditions }: ReturnType<typeof whyText>,
  depth: number,
): readonly AnswerRow[] {
  const text = `${'  '.repeat(depth)}${holds ? '✓' : '✗'} ${condition}`;
  return [
    { condition: text, holds, depth, actual: actual ?? null, changesAt },
    ...conditions.flatMap((part) => rowsOf(part, depth + 1)),
  ];
}
