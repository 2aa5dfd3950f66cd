import type { Instant } from '#contracts';
import { consentFor, type Consent } from '../fold/consents.js';
import { isRetention, type NextAction } from '../fold/next-actions.js';

/** A consent, and whether it is in force at an instant. */
export interface ExplainedConsent extends Consent {
  /** Given, not expired, and confirmed where the policy asks for it. */
  readonly inForce: boolean;
}

/** What a channel should do next, with its two reasons: the phase and the consent. */
export interface ExplainedAction extends NextAction {
  /** The rule that moved the customer to the phase of this treatment. */
  readonly because: string;
  /** The consent that allows it; null for what needs none. */
  readonly consent: Pick<Consent, 'medium' | 'since' | 'cause'> | null;
}

/** What the fold knows of a customer's consents and actions. */
interface Allowed {
  readonly consents: readonly Consent[];
  readonly actions: readonly NextAction[];
  readonly cause: { readonly rule: string };
}

/** The customer's consents, and the actions that they allow, at an instant to which the last fold still applies. */
export function explainActions(
  { consents, actions, cause }: Allowed,
  asOf: Instant,
): { readonly consents: readonly ExplainedConsent[]; readonly actions: readonly ExplainedAction[] } {
  return {
    consents: consents.map((one) => ({
      ...one,
      inForce: one.given && one.awaitsConfirmation !== true && (one.expiresAt === null || one.expiresAt > asOf),
    })),
    actions: actions.flatMap((action): readonly ExplainedAction[] => {
      if (isRetention(action))
        return action.validUntil <= asOf ? [] : [{ ...action, because: action.treatment, consent: null }];
      const consent = consentFor(consents, action.purpose, action.medium, asOf);
      if (consent === null || action.validUntil <= asOf) return [];
      const { medium, since, cause: event } = consent;
      return [{ ...action, because: cause.rule, consent: { medium, since, cause: event } }];
    }),
  };
}
