import type { Instant } from '#contracts';
import { addDays } from '../calendar/calendar.js';
import { allowsSince, consentFor, underPolicy, type Consent } from './consents.js';
import { retentionOf, type Fold } from './fold.js';

/** What a channel should do next for a customer: the treatment of their phase, by a medium that the customer allows; or to tell of a coming erasure. */
export interface NextAction {
  /** The name that the policy gives it. */
  readonly treatment: string;
  readonly purpose: string;
  readonly medium: string;
  /** When it became due: the customer entered the phase, or gave their consent, whichever is later. */
  readonly since: Instant;
  /** When it ends: the treatment's days are over, or the consent expires. */
  readonly validUntil: Instant;
}

const NOTHING: readonly NextAction[] = [];
const NO_PURPOSES: readonly string[] = [];

/** The treatment and the purpose of the action that tells a customer of their erasure. It needs no consent. */
export const RETENTION_ACTION = { treatment: 'retention-due', purpose: 'retention' } as const;

/** The actions due at an instant: those of the treatment of the phase, and the word of a coming erasure. */
export function nextActions(fold: Fold, asOf: Instant): readonly NextAction[] {
  const treatments = treatmentsOf(fold, asOf);
  const retention = retentionOf(fold);
  if (retention === null || retention.dueAt > asOf || retention.graceEndsAt <= asOf) return treatments;
  const { dueAt: since, graceEndsAt: validUntil, media } = retention;
  return [...treatments, ...media.map((medium) => ({ ...RETENTION_ACTION, medium, since, validUntil }))];
}

/** Whether an action tells a customer of their erasure. */
export const isRetention = ({ treatment, purpose }: Pick<NextAction, 'treatment' | 'purpose'>): boolean =>
  treatment === RETENTION_ACTION.treatment && purpose === RETENTION_ACTION.purpose;

/** The consents as the policy in force sees them. */
export const consentsOf = ({ state, era }: Fold): readonly Consent[] =>
  underPolicy(state.consents, era.policy.contact?.doubleOptIn ?? NO_PURPOSES);

/** By medium in the policy's order; none without a consent in force. */
function treatmentsOf(fold: Fold, asOf: Instant): readonly NextAction[] {
  const { state, era } = fold;
  const { stage, phase, current } = state;
  if (state.consents.length === 0 || stage === null || phase === null || current === null) return NOTHING;
  const rule = era.compiled.treatment(stage, phase);
  if (rule === null) return NOTHING;
  const actions: NextAction[] = [];
  const consents = consentsOf(fold);
  const { doubleOptIn = NO_PURPOSES } = era.policy.contact ?? {};
  for (const medium of rule.media) {
    const consent = consentFor(consents, rule.purpose, medium, asOf);
    if (consent === null) continue;
    const since = Math.max(current.enteredAt, allowsSince(consent, doubleOptIn));
    const validUntil = Math.min(addDays(since, rule.validDays, era.policy.timeZone), consent.expiresAt ?? Infinity);
    if (validUntil > asOf) actions.push({ treatment: rule.name, purpose: rule.purpose, medium, since, validUntil });
  }
  return actions;
}
