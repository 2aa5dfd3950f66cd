import { DAY, type Instant } from '#contracts';
import { periodOf, subtractPeriod } from '../calendar/period.js';
import type { OpeningRules, Policy, PurposeRule } from './policy.js';

/**
 * For what personal data may be opened, where a policy lists nothing of its own. The legal bases are examples: what holds for a business depends on its
 * law.
 */
export const DEFAULT_PURPOSES: readonly PurposeRule[] = [
  { name: 'service', text: 'Answer a question or carry out an order of the customer', legalBasis: 'GDPR art. 6(1)(b)' },
  { name: 'complaint', text: 'Settle a complaint of the customer', legalBasis: 'GDPR art. 6(1)(b)' },
  {
    name: 'marketing-selection',
    text: 'Select and address customers for marketing that they allowed',
    legalBasis: 'GDPR art. 6(1)(a)',
  },
  { name: 'audit', text: 'Check the records, inside or outside the business', legalBasis: 'GDPR art. 6(1)(c)' },
  {
    name: 'subject-request',
    text: 'Answer the request of a data subject: access, portability, erasure',
    legalBasis: 'GDPR art. 6(1)(c)',
  },
  { name: 'legal', text: 'Establish, exercise or defend legal claims', legalBasis: 'GDPR art. 6(1)(f)' },
];

/** How openings are watched and kept, where a policy does not say. */
export const DEFAULT_OPENINGS: OpeningRules = { alertSubjectsPerHour: 200, keepDays: 1_096 };

/** For what personal data may be opened under a policy. */
export const purposesOf = ({ purposes }: Pick<Policy, 'purposes'>): readonly PurposeRule[] =>
  purposes ?? DEFAULT_PURPOSES;

/** How openings are watched and kept under a policy. */
export const openingRulesOf = ({ openings }: Pick<Policy, 'openings'>): OpeningRules => ({
  ...DEFAULT_OPENINGS,
  ...openings,
});

/** Openings recorded before this instant are listed no more. A rule of retention for openings stands before `openings.keepDays`. */
export function openingsKeptSince(policy: Pick<Policy, 'openings' | 'retention' | 'timeZone'>, now: Instant): Instant {
  const rule = policy.retention?.find(({ what }) => what === 'openings');
  if (rule === undefined) return now - openingRulesOf(policy).keepDays * DAY;
  return subtractPeriod(now, periodOf(rule.after), policy.timeZone);
}
