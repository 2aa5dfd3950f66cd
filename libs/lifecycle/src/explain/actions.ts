import type { Instant } from '#contracts';
import { consentFor, type Consent } from '../fold/consents.js';
import type { NextAction } from '../fold/next-actions.js';

/** A consent, and whether it is in force at the instant asked about. */
export interface ExplainedConsent extends Consent {
  /** Given, and not expired. */
  readonly inForce: boolean;
}

/** What a channel should do next, and the two reasons for it. */
export interface ExplainedAction extends NextAction {
  /** The rule that brought them to the phase of which it is the treatment. */
  readonly because: string;
  /** The consent that allows it. */
  readonly consent: Pick<Consent, 'medium' | 'since' | 'cause'>;
}

/** What is known of a customer by the fold that says what is called for. */
interface Allowed {
  readonly consents: readonly Consent[];
  readonly actions: readonly NextAction[];
  readonly cause: { readonly rule: string };
}

/** Their consents and what is called for because of them, at an instant since which they were not folded again. */
export function explainActions(
  { consents, actions, cause }: Allowed,
  asOf: Instant,
): { readonly consents: readonly ExplainedConsent[]; readonly actions: readonly ExplainedAction[] } {
  return {
    consents: consents.map((one) => ({
      ...one,
      inForce: one.given && (one.expiresAt === null || one.expiresAt > asOf),
    })),
    actions: actions.flatMap((action) => {
      const consent = consentFor(consents, action.purpose, action.medium, asOf);
      if (consent === null || action.validUntil <= asOf) return [];
      const { medium, since, cause: event } = consent;
      return [{ ...action, because: cause.rule, consent: { medium, since, cause: event } }];
    }),
  };
}
