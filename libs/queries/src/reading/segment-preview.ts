import {
  personalPaths,
  personalPathsOf,
  STREAMS,
  TOUCHPOINT_TYPES,
  type Instant,
  type JsonSchema,
  type ValidationIssue,
} from '#contracts';
import { compareEvents, FieldRegistry, foldCustomer, readSegment, type SegmentDefinition } from '#lifecycle';
import { restrictedCustomer } from '#projections/schema';
import type { QueryContext } from '../running/query.js';
import { lifecycleEventOf } from './life.js';
import { policiesKnown } from './policies.js';
import { inReadModels, type ReadModels } from './read-models.js';
import { definedSegments, SegmentJudge } from './segments.js';

/** Who would belong to a segment that is not defined yet. */
export interface SegmentPreview {
  readonly asOf: Instant;
  /** Members among the customers that were looked at. */
  readonly members: number;
  readonly looked: number;
  readonly customers: number;
  /** Whether all customers were looked at: else `members` is at least how many there are. */
  readonly exact: boolean;
  /** How many members there would be, if the rest are like those that were looked at. */
  readonly estimate: number;
  /** How many would enter and leave, of those that were looked at, where a segment of this id is defined. */
  readonly entering: number;
  readonly leaving: number;
  /** The first members, by their ids. */
  readonly sample: readonly {
    readonly customerId: string;
    readonly stage: string;
    readonly phase: string;
    readonly orders: number;
  }[];
}

export type PreviewVerdict =
  | { readonly ok: true; readonly preview: SegmentPreview }
  | { readonly ok: false; readonly errors: readonly ValidationIssue[] };

/** So many customers are read and folded at once. */
const AT_ONCE = 200;
const SAMPLE_MAX = 20;
/** A preview looks at customers for so long. */
const BUDGET_MS = 2_000;

/**
 * Judges customers one after another by a definition that is not recorded, from their events in the log, until all were looked at or the time is up. Their ids are hashes,
 * so the first ones are as good as chosen by lot. Nothing is recorded.
 */
export async function previewSegment(
  context: QueryContext,
  document: unknown,
  { budgetMs = BUDGET_MS }: { readonly budgetMs?: number } = {},
): Promise<PreviewVerdict> {
  const asOf = context.clock.now();
  const { others, types, customers } = await inReadModels(context.database, async (models) => ({
    others: (await definedSegments(models)).map(({ definition }) => definition),
    types: await customTypes(models),
    customers: await countOf(models),
  }));
  const reading = readSegment(document, {
    fields: FieldRegistry.BUILT_IN,
    types: [...TOUCHPOINT_TYPES.map(({ name }) => name), ...types.keys()],
    personalPaths: (type) => {
      const schema = types.get(type);
      const version = TOUCHPOINT_TYPES.find(({ name }) => name === type)?.version ?? 1;
      return schema === undefined ? personalPaths(type, version) : personalPathsOf(schema);
    },
    others,
  });
  if (!reading.ok) return reading;
  const { definition } = reading;
  const policies = await policiesKnown(context.log, null);
  const judge = new SegmentJudge([definition, ...others.filter(({ id }) => id !== definition.id)], policies);
  const tally = { members: 0, looked: 0, entering: 0, leaving: 0 };
  const sample: SegmentPreview['sample'][number][] = [];
  const end = performance.now() + budgetMs;
  let after = '';
  let exact = false;
  while (!exact && (tally.looked === 0 || performance.now() < end)) {
    const batch = await nextCustomers(context, definition, after);
    exact = batch.length < AT_ONCE;
    after = batch.at(-1)?.customer_id ?? after;
    const recorded = await context.log.readStreams(batch.flatMap((one) => one.ids.split(',').map(STREAMS.subject)));
    const byStream = new Map<string, (typeof recorded)[number][]>();
    for (const event of recorded) {
      const events = byStream.get(event.stream);
      if (events === undefined) byStream.set(event.stream, [event]);
      else events.push(event);
    }
    for (const one of batch) {
      tally.looked += 1;
      // An erased person belongs to no segment.
      if (one.erased) continue;
      const events = one.ids
        .split(',')
        .flatMap((id) => byStream.get(STREAMS.subject(id)) ?? [])
        .map(lifecycleEventOf)
        .sort(compareEvents);
      const { view } = foldCustomer({ events, policies, asOf });
      const member = view !== null && judge.isMember(definition.id, { events, view, restricted: one.restricted }, asOf);
      if (member !== one.member) tally[member ? 'entering' : 'leaving'] += 1;
      if (!member) continue;
      tally.members += 1;
      const { stage, phase, orders } = view;
      if (sample.length < SAMPLE_MAX) sample.push({ customerId: one.customer_id, stage, phase, orders });
    }
  }
  const estimate = exact ? tally.members : Math.round((tally.members / Math.max(1, tally.looked)) * customers);
  return { ok: true, preview: { asOf, ...tally, customers, exact, estimate, sample } };
}

async function customTypes(models: ReadModels): Promise<ReadonlyMap<string, JsonSchema>> {
  const rows = await models.query<{ type: string; definition: { readonly schema: JsonSchema } }>(
    'SELECT DISTINCT ON (type) type, definition FROM custom_types ORDER BY type, position DESC',
  );
  return new Map(rows.map(({ type, definition }) => [type, definition.schema]));
}

async function countOf(models: ReadModels): Promise<number> {
  const [row] = await models.query<{ n: number }>('SELECT count(*)::int AS n FROM customers');
  return row?.n ?? 0;
}

interface PreviewedCustomer extends Record<string, unknown> {
  readonly customer_id: string;
  readonly ids: string;
  readonly restricted: boolean;
  readonly erased: boolean;
  readonly member: boolean;
}

/** The next customers, and whether they belong to the segment as it is defined now. */
function nextCustomers(
  { database }: QueryContext,
  { id }: SegmentDefinition,
  after: string,
): Promise<PreviewedCustomer[]> {
  return inReadModels(database, (models) =>
    models.query<PreviewedCustomer>(
      `SELECT c.customer_id, s.ids, s.erased, ${restrictedCustomer('c.customer_id')} AS restricted,
              EXISTS (SELECT FROM segment_members m WHERE m.segment_id = $3::text AND m.customer_id = c.customer_id) AS member
         FROM (SELECT customer_id FROM customers WHERE customer_id > $1::text ORDER BY customer_id LIMIT $2::int) c
         JOIN LATERAL (SELECT string_agg(subject_id, ',' ORDER BY subject_id) AS ids, bool_and(erased_at IS NOT NULL) AS erased
                         FROM subjects WHERE customer_id = c.customer_id) s ON true
        ORDER BY c.customer_id`,
      [after, AT_ONCE, id],
    ),
  );
}
