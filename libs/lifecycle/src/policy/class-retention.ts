import type { PersonalClass } from '#contracts';
import type { Policy } from './policy.js';

/** Personal fields of a class are kept for a time after they happened, and the person longer. */
export interface ClassRetentionRule {
  readonly what: 'class';
  readonly class: PersonalClass;
  /** A period of ISO 8601 in years, months, weeks and days: `P2Y`. */
  readonly after: string;
}

/** The rules of a policy for classes of personal fields. */
export function classRulesOf(policy: Policy): readonly ClassRetentionRule[] {
  const { retention = [] } = policy as { readonly retention?: readonly { readonly what: string }[] };
  return retention.filter((rule): rule is ClassRetentionRule => rule.what === 'class');
}
