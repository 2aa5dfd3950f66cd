import type { Instant } from '#contracts';
import type { Consent } from '../fold/consents.js';
import { policyTreatments } from '../policy/compiled.js';
import type { Policy } from '../policy/policy.js';

/** What of the customer's consents keeps the treatment of their phase from being called for. */
export const CONSENT_REASONS = ['no-consent', 'consent-withdrawn', 'consent-expired', 'consent-unconfirmed'] as const;
export type ConsentReason = (typeof CONSENT_REASONS)[number];

/** An action that the phase calls for and the consents do not allow. */
export interface WithheldAction {
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  readonly reason: ConsentReason;
  /** Since when: the customer entered the phase, or the consent became what it is, whichever is later. */
  readonly since: Instant;
}

/** Where a customer stands, and what they allowed. */
interface Standing {
  readonly stage: string;
  readonly phase: string;
  readonly enteredAt: Instant;
  readonly consents: readonly Consent[];
}

/** The actions that the phase of a customer calls for under a policy and their consents do not allow, in the order of the media of the treatment. */
export function withheldActions(
  { stage, phase, enteredAt, consents }: Standing,
  policy: Policy,
  asOf: Instant,
): readonly WithheldAction[] {
  return policyTreatments(policy).flatMap((one) => {
    if (one.stage !== stage || one.phase !== phase) return [];
    const { treatment, purpose, medium } = one;
    const said =
      consents.find((each) => each.purpose === purpose && each.medium === medium) ??
      consents.find((each) => each.purpose === purpose && each.medium === null);
    const held = (reason: ConsentReason, since: Instant): readonly WithheldAction[] => [
      { treatment, purpose, medium, reason, since: Math.max(enteredAt, since) },
    ];
    if (said === undefined) return held('no-consent', enteredAt);
    if (!said.given) return held('consent-withdrawn', said.since);
    if (said.expiresAt !== null && said.expiresAt <= asOf) return held('consent-expired', said.expiresAt);
    return said.awaitsConfirmation === true ? held('consent-unconfirmed', said.since) : [];
  });
}
