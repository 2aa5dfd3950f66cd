import { DAY } from '#contracts';
import type { Instant } from '#contracts';
import { dayOf, policyTimeline, type Policy, type PolicyTimeline } from '#lifecycle';
import type { Transaction } from '#database';
import { utcDay } from '../../time.js';
import type { DayOf } from '../read-model.js';

/** The policies that a version of the read models knows. */
export interface KnownPolicies {
  readonly timeline: PolicyTimeline;
  readonly dayOf: DayOf;
  /** How many were published: when this changes, the policies must be read again. */
  readonly count: number;
}

interface PolicyRow extends Record<string, unknown> {
  version: string;
  policy: Policy;
  effective_from: Instant | null;
  recorded_at: Instant;
}

/** Reads the published policies from the tables of the version on the search path. */
export async function loadPolicies(tx: Transaction): Promise<KnownPolicies> {
  const rows = await tx.query<PolicyRow>(
    'SELECT version, policy, effective_from, recorded_at FROM policies ORDER BY position',
  );
  const timeline = policyTimeline(
    rows.map((row) => ({
      version: row.version,
      policy: row.policy,
      effectiveFrom: row.effective_from ?? row.recorded_at,
      recordedAt: row.recorded_at,
    })),
  );
  const zones = new Map(rows.map((row) => [row.version, row.policy.timeZone]));
  return {
    timeline,
    count: rows.length,
    dayOf: (at, version) => utcDay(dayOf(at, zones.get(version) ?? 'UTC') * DAY),
  };
}
