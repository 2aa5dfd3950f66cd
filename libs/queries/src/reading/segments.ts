import { Describe, nearest, Optional, Text, type Instant } from '#contracts';
import {
  policyAt,
  SegmentSet,
  type CustomerView,
  type LifecycleEvent,
  type PolicyTimeline,
  type SegmentDefinition,
  type SegmentFacts,
} from '#lifecycle';
import { reject } from '../running/query-rejected.js';
import type { ReadModels } from './read-models.js';
import type { Where } from './where.js';

/** What the parameter `segment` of a query about many customers means. */
export const OF_SEGMENT = 'only members of this segment, as it is now';

/** Limits an answer to the members of a segment. */
export class SegmentParam {
  @Optional() @Text(64) @Describe(OF_SEGMENT) segment!: string | null;
}

/** A segment that is defined now. */
export interface DefinedSegment {
  readonly definition: SegmentDefinition;
  readonly version: number;
  readonly recordedAt: unknown;
  readonly recordedBy: string | null;
}

/** The segments that are defined now, in the order of their ids. */
export async function definedSegments(models: ReadModels): Promise<readonly DefinedSegment[]> {
  const rows = await models.query<{
    definition: SegmentDefinition | null;
    version: number;
    recorded_at: unknown;
    recorded_by: string | null;
  }>(
    `SELECT DISTINCT ON (segment_id) definition, version, recorded_at, recorded_by FROM segments
      ORDER BY segment_id, position DESC`,
  );
  return rows.flatMap(({ definition, version, recorded_at: recordedAt, recorded_by: recordedBy }) =>
    definition === null ? [] : [{ definition, version, recordedAt, recordedBy }],
  );
}

/** Rejects names of segments of which one is not defined; returns all that are. @throws QueryRejected */
export async function mustBeDefined(
  models: ReadModels,
  named: string | readonly string[],
): Promise<readonly DefinedSegment[]> {
  const segments = await definedSegments(models);
  const ids = segments.map(({ definition }) => definition.id);
  const missing = [named].flat().find((id) => !ids.includes(id));
  if (missing === undefined) return segments;
  const likely = nearest(missing, ids);
  const hint = `${likely === null ? '' : `did you mean ${likely}? `}the query segments lists all of them`;
  throw typeof named === 'string'
    ? reject('segment', 'is not a defined segment', hint)
    : reject('segments', `names a segment that is not defined (${missing})`, hint);
}

/** Limits rows of customers to the members of a segment, where one is named. @throws QueryRejected */
export async function onlyMembers(
  models: ReadModels,
  where: Where,
  segmentId: string | null,
  customerId: string,
): Promise<void> {
  const condition = await memberCondition(models, where, segmentId, customerId);
  if (condition !== null) where.always(condition);
}

/** The condition that a customer is a member of a segment; null where none is named. @throws QueryRejected */
export async function memberCondition(
  models: ReadModels,
  where: Where,
  segmentId: string | null,
  customerId: string,
): Promise<string | null> {
  if (segmentId === null) return null;
  await mustBeDefined(models, segmentId);
  return memberSql(where, segmentId, customerId);
}

/** SQL: whether a customer is a member of a segment, which is known to be defined. */
export function memberSql(where: Where, segmentId: string, customerId: string): string {
  return `EXISTS (SELECT FROM segment_members sm WHERE sm.segment_id = ${where.param(segmentId)}::text AND sm.customer_id = ${customerId})`;
}

/** A customer as segments are judged at an instant, from all their events. */
export interface JudgedCustomer {
  readonly events: readonly LifecycleEvent[];
  readonly view: CustomerView;
  readonly restricted: boolean;
}

/** Segments prepared for judging customers whose events are at hand. */
export class SegmentJudge {
  readonly #set: SegmentSet;

  constructor(
    definitions: readonly SegmentDefinition[],
    private readonly policies: PolicyTimeline,
  ) {
    this.#set = new SegmentSet(definitions);
  }

  /** Whether the customer belongs to a segment. */
  isMember(segmentId: string, customer: JudgedCustomer, at: Instant): boolean {
    return this.#set.membershipsOf(this.#facts(customer), this.#moment(at)).get(segmentId)?.member === true;
  }

  why(segmentId: string, customer: JudgedCustomer, at: Instant): ReturnType<SegmentSet['why']> {
    return this.#set.why(segmentId, this.#facts(customer), this.#moment(at));
  }

  #facts({ events, view, restricted }: JudgedCustomer): SegmentFacts {
    const happened = new Map(
      this.#set.patterns.map((pattern) => [
        pattern.key,
        events.filter((event) => pattern.matches(event)).map(({ occurredAt }) => occurredAt),
      ]),
    );
    return { view, restricted, happened: (key) => happened.get(key) ?? [] };
  }

  #moment(at: Instant): { readonly at: Instant; readonly timeZone: string } {
    return { at, timeZone: policyAt(this.policies, at).policy.timeZone };
  }
}
