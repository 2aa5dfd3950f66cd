import type { Policy } from '#lifecycle';

/**
 * The next version of a policy, by which silence tells a third sooner: what a business publishes that has watched customers leave before it
 * noticed. Who has been silent for longer than it now allows is at risk from the instant on at which it takes over.
 */
export function lessPatient(policy: Policy): Policy {
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
