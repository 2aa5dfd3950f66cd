import type { Instant, PersonalClass } from '#contracts';
import { addPeriod, periodOf } from '../calendar/period.js';
import type { ClassRetentionRule, Policy } from './policy.js';

/** The rules of a policy for classes of personal fields. */
export const classRulesOf = ({ retention = [] }: Pick<Policy, 'retention'>): readonly ClassRetentionRule[] =>
  retention.filter((rule) => rule.what === 'class');

/**
 * From when on the fields of a class of a year are destroyed: so long after the end of the year (UTC), by the calendar of the policy's zone. Null where no rule
 * limits their time.
 */
export function classDueAt(
  policy: Pick<Policy, 'retention' | 'timeZone'>,
  { personalClass, year }: { readonly personalClass: PersonalClass | string; readonly year: number },
): Instant | null {
  const rule = classRulesOf(policy).find((each) => each.class === personalClass);
  return rule === undefined ? null : addPeriod(Date.UTC(year + 1, 0, 1), periodOf(rule.after), policy.timeZone);
}
