import type { Instant } from '#contracts';
import { personRulesFrom, type PersonRuleInForce } from '../retention/retention.js';
import type { PublishedPolicy } from '../model.js';
import { BUILT_IN_POLICIES } from './built-in.js';
import { compile, type CompiledPolicy } from './compiled.js';
import type { Policy } from './policy.js';

/** A time under one version of the policy: from `from` until the next era begins. */
export interface PolicyEra {
  /** The version as it was published; `name@version` unless the publisher named it otherwise. */
  readonly version: string;
  /** −∞ for the first. */
  readonly from: Instant;
  readonly policy: Policy;
  readonly compiled: CompiledPolicy;
  /** Its rules of retention for persons, each with the instant since when it is in force. */
  readonly personRules: readonly PersonRuleInForce[];
}

/** Which version of the policy is in force at each instant: eras in order of time, the first from the beginning of time. */
export interface PolicyTimeline {
  readonly eras: readonly PolicyEra[];
}

/**
 * The timeline of the policies published, as it was known at `knownAt` (by default all of them). Without any, the built-in `retail`
 * holds. A timeline follows from these rules:
 *
 * - The first one published is in force from the beginning of time, for every knownAt.
 * - Each later one is in force from its `effectiveFrom`, though never from before it was published: the past is not rewritten.
 * - One that restates the past is in force from its `effectiveFrom` all the same. It replaces every version that began at or after
 *   that instant and before its own publication. Versions that were still to come then keep their beginning.
 * - Of two that begin at one instant, the one published later holds.
 */
export function policyTimeline(published: readonly PublishedPolicy<Policy>[], knownAt?: Instant): PolicyTimeline {
  const [first, ...later] = published
    .map((one, index) => ({ one, index }))
    .sort((a, b) => a.one.recordedAt - b.one.recordedAt || a.index - b.index)
    .map(({ one }) => one);
  if (first === undefined)
    return policyTimeline([
      { version: 'retail@1', policy: BUILT_IN_POLICIES.retail, effectiveFrom: -Infinity, recordedAt: -Infinity },
    ]);
  let eras = [planned(first, -Infinity)];
  for (const one of later) {
    if (knownAt !== undefined && one.recordedAt > knownAt) continue;
    const from = one.restates === true ? one.effectiveFrom : Math.max(one.effectiveFrom, one.recordedAt);
    if (one.restates === true) eras = eras.filter((other) => other.from < from || other.from >= one.recordedAt);
    eras.push(planned(one, from));
  }
  // A stable sort: of two that begin at one instant the one published later stands last, and is the one in force.
  eras.sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const inForce = eras.filter((one, index) => eras[index + 1]?.from !== one.from);
  const built: PolicyEra[] = [];
  for (const { one, from } of inForce) built.push(era(one, from, built.at(-1) ?? null));
  return { eras: built };
}

/** The version in force at an instant. */
export function policyAt(timeline: PolicyTimeline, at: Instant): PolicyEra {
  const { eras } = timeline;
  for (let i = eras.length - 1; i >= 0; i -= 1) {
    const one = eras[i];
    if (one !== undefined && one.from <= at) return one;
  }
  throw new RangeError('A policy timeline has an era from the beginning of time.');
}

interface PlannedEra {
  readonly one: PublishedPolicy<Policy>;
  readonly from: Instant;
}

function planned(one: PublishedPolicy<Policy>, from: Instant): PlannedEra {
  return { one, from };
}

function era(
  { version, policy, recordedAt }: PublishedPolicy<Policy>,
  from: Instant,
  before: PolicyEra | null,
): PolicyEra {
  // What a policy erases is never counted from before it was published, even where it restates the past.
  const personRules = personRulesFrom(policy, Math.max(from, recordedAt), before);
  return { version, from, policy, compiled: compile(policy), personRules };
}
