import type { Instant } from '#contracts';
import { policyTimeline, type Policy, type PolicyTimeline, type PublishedPolicy } from '#lifecycle';
import type { Row, Statement, Transaction } from '#database';
import { KnownSegments, loadSegments } from '../segments/known-segments.js';
import type { DayZone } from '../read-model.js';

/** The policies that a version of the read models knows. */
export interface KnownPolicies {
  readonly timeline: PolicyTimeline;
  /** How many policies were published and segments defined: when this changes, they must be read again. */
  readonly count: number;
  /**
   * When the past was last restated while there were customers; −∞ if never. What the restatement itself says of a time before is history:
   * no action follows from it.
   */
  readonly restatedAt: Instant;
  /** The segments that are defined. */
  readonly segments: KnownSegments;
}

interface PolicyRow extends Record<string, unknown> {
  version: string;
  policy: Policy;
  effective_from: Instant | null;
  recorded_at: Instant;
  restates: boolean;
  moves_customers: boolean;
}

/** Whether a restatement met customers: one before the first of them changes no belief. */
export const RESTATES_WITH_CUSTOMERS = /* sql */ `p.restates AND EXISTS (SELECT FROM subjects s WHERE s.first_position < p.position)`;

/** Reads the published policies from the tables of the version on the search path. */
export async function loadPolicies(tx: Transaction): Promise<KnownPolicies> {
  const rows = await selectPolicies(tx);
  const restatedAt = Math.max(-Infinity, ...rows.filter((row) => row.moves_customers).map((row) => row.recorded_at));
  const [counted] = await tx.query<{ n: number }>('SELECT count(*)::int AS n FROM segments');
  const segments = (counted?.n ?? 0) === 0 ? KnownSegments.NONE : await loadSegments(tx);
  const count = rows.length + (counted?.n ?? 0);
  return { timeline: policyTimeline(rows.map(publishedPolicy)), count, restatedAt, segments };
}

/** The policies as they were published. */
export async function loadPublished(tx: Transaction): Promise<readonly PublishedPolicy<Policy>[]> {
  return (await selectPolicies(tx)).map(publishedPolicy);
}

function selectPolicies(tx: Transaction): Promise<PolicyRow[]> {
  return tx.query<PolicyRow>(
    `SELECT version, policy, effective_from, recorded_at, restates, ${RESTATES_WITH_CUSTOMERS} AS moves_customers
       FROM policies p ORDER BY position`,
  );
}

const publishedPolicy = (row: PolicyRow): PublishedPolicy<Policy> => ({
  version: row.version,
  policy: row.policy,
  effectiveFrom: row.effective_from ?? -Infinity,
  recordedAt: row.recorded_at,
  restates: row.restates,
});

/** How many policies were published and segments defined, and the zones whose days are counted: what each transaction that folds asks first. */
export const SELECT_POLICIES: Statement = {
  sql: `SELECT count(*)::int + (SELECT count(*)::int FROM segments) AS n,
               (SELECT coalesce(jsonb_agg(jsonb_build_object('timeZone', time_zone, 'countedTo', counted_to)), '[]') FROM day_zones) AS zones
          FROM policies`,
};

/** The row of `SELECT_POLICIES`. */
export function readPolicies([row]: readonly Row[]): { readonly count: number; readonly zones: readonly DayZone[] } {
  return { count: Number(row?.['n']), zones: (row?.['zones'] ?? []) as readonly DayZone[] };
}
