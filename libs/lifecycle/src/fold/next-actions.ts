import type { Instant } from '#contracts';
import { addDays } from '../calendar/calendar.js';
import { consentFor } from './consents.js';
import type { Fold } from './fold.js';

/** What a channel should do next for a customer: the treatment of their phase, by a medium that the customer allows. */
export interface NextAction {
  /** By the name that the policy gives it. */
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  /** Since when it is called for: the customer entered the phase, or gave their consent. */
  readonly since: Instant;
  /** Until then and no longer: the treatment's days are over, or the consent expires. */
  readonly validUntil: Instant;
}

const NOTHING: readonly NextAction[] = [];

/** What is called for at an instant, by medium in the policy's order; nothing without a consent in force. */
export function nextActions({ state, era }: Fold, asOf: Instant): readonly NextAction[] {
  const { stage, phase, current, consents } = state;
  if (consents.length === 0 || stage === null || phase === null || current === null) return NOTHING;
  const rule = era.compiled.treatment(stage, phase);
  if (rule === null) return NOTHING;
  const actions: NextAction[] = [];
  for (const medium of rule.media) {
    const consent = consentFor(consents, rule.purpose, medium, asOf);
    if (consent === null) continue;
    const since = Math.max(current.enteredAt, consent.since);
    const validUntil = Math.min(addDays(since, rule.validDays, era.policy.timeZone), consent.expiresAt ?? Infinity);
    if (validUntil > asOf) actions.push({ treatment: rule.name, purpose: rule.purpose, medium, since, validUntil });
  }
  return actions;
}
