import type { Policy } from '#lifecycle';

/**
 * The next version of a policy, with the days of silence until at-risk cut by a third: what a business publishes that noticed too late that
 * customers leave. A customer who has been silent for longer than the new version allows is at risk from the instant it takes effect.
 */
export function withShorterSilence(policy: Policy): Policy {
  const { silence } = policy;
  const version = policy.version + 1;
  return silence.mode === 'seasonal'
    ? {
        ...policy,
        version,
        silence: { ...silence, atRiskDaysAfterAnniversary: shorter(silence.atRiskDaysAfterAnniversary) },
      }
    : {
        ...policy,
        version,
        silence: { ...silence, atRiskDaysWithoutRhythm: shorter(silence.atRiskDaysWithoutRhythm) },
      };
}

const shorter = (days: number): number => Math.max(1, Math.round((days * 2) / 3));
