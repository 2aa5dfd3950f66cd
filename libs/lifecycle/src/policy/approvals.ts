import { ACTS_FOR_APPROVAL, APPROVAL_HOURS, HOUR, type ActForApproval, type Instant } from '#contracts/basics';
import type { PublishedPolicy } from '../model.js';
import type { ApprovalRules, Policy } from './policy.js';
import { policyAt, type PolicyTimeline } from './timeline.js';

/** Which acts need two principals at an instant. */
export interface ApprovalsInForce {
  readonly two: ReadonlySet<ActForApproval>;
  /** For how many milliseconds an act waits for its approval. */
  readonly withinMs: number;
}

const actsOf = (rules: ApprovalRules | undefined): ReadonlySet<ActForApproval> =>
  new Set(ACTS_FOR_APPROVAL.filter((act) => rules?.[act] === 'two'));

/** What the policy in force at an instant asks for. */
export function approvalsAt(timeline: PolicyTimeline, at: Instant): ApprovalsInForce {
  const { approvals } = policyAt(timeline, at).policy;
  return { two: actsOf(approvals), withinMs: (approvals?.withinHours ?? APPROVAL_HOURS) * HOUR };
}

/** The acts that need two principals now, or will by a policy that is published and still to come. */
export function strictest(timeline: PolicyTimeline, now: Instant): ReadonlySet<ActForApproval> {
  const current = policyAt(timeline, now);
  const eras = timeline.eras.filter((era) => era === current || era.from > now);
  return new Set(eras.flatMap(({ policy }) => [...actsOf(policy.approvals)]));
}

/** Whether rules would let one principal do what needs two by others. */
export function areWeaker(rules: ApprovalRules | undefined, two: ReadonlySet<ActForApproval>): boolean {
  const wanted = actsOf(rules);
  return [...two].some((act) => !wanted.has(act));
}

/**
 * When the four eyes began: the publication of the first of the policies that have asked for them since, without one in between that did not. Null where
 * the newest one asks for none. Publications count, not eras: a policy that restates the past must not move the beginning.
 */
export function fourEyesSince(published: readonly PublishedPolicy<Policy>[]): Instant | null {
  let since: Instant | null = null;
  for (const { policy, recordedAt } of [...published].sort((a, b) => b.recordedAt - a.recordedAt)) {
    if (actsOf(policy.approvals).size === 0) return since;
    since = recordedAt;
  }
  return since;
}
