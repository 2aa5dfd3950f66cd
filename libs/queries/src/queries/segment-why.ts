import { Describe, Text } from '#contracts';
import { foldCustomer, whyText } from '#lifecycle';
import { restrictedCustomer } from '#projections/schema';
import { query } from '../running/query.js';
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
    'Folded from the log when the query runs, by the definition that holds now. No row if nothing was known about the customer. `changesAt` is the next instant at which time alone can change something.',
  permission: 'read',
  params: SegmentWhyParams,
  time: 'as-of and known-at',
  paged: false,
  columns: [
    CUSTOMER_KNOWN_COLUMN,
    { name: 'segmentId', type: 'text', description: 'the segment' },
    { name: 'version', type: 'integer', description: 'the version of its definition' },
    { name: 'member', type: 'boolean', description: 'whether the customer belongs to it' },
    { name: 'changesAt', type: 'text', nullable: true, description: 'when time alone can change it; null for never' },
    { name: 'text', type: 'text', description: 'the conditions, one a line: ✓ or ✗ with the value' },
    { name: 'why', type: 'json', description: 'the conditions: each with whether it holds, and what was compared' },
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
    const erased = known.erased ? 'An erased person belongs to no segment.\n' : '';
    const row = {
      ...{ customerId, segmentId: params.segment, version, member: why.holds && !known.erased },
      ...{ changesAt: why.changesAt, text: `${erased}${linesOf(why, 0).join('\n')}`, why },
    };
    return { rows: [row], next: null, position: restsOn };
  },
});

function linesOf({ condition, holds, actual, conditions }: ReturnType<typeof whyText>, depth: number): string[] {
  const value = actual === undefined ? '' : ` (${valueText(actual)})`;
  return [
    `${'  '.repeat(depth)}${holds ? '✓' : '✗'} ${condition}${value}`,
    ...conditions.flatMap((part) => linesOf(part, depth + 1)),
  ];
}

const valueText = (actual: unknown): string => {
  if (actual === null) return 'unknown';
  return typeof actual === 'object' ? JSON.stringify(actual) : String(actual);
};
