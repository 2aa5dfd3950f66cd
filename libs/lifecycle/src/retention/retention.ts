import { touchpointType, type Instant } from '#contracts/basics';
import { addPeriod, periodOf } from '../calendar/period.js';
import type { ContractStatus } from '../fold/result.js';
import type { PersonRetentionRule, Policy, RetentionStart } from '../policy/policy.js';

/** What the rules of retention read of a customer. */
export interface RetentionFacts {
  readonly lastContactAt: Instant | null;
  /** Of the purchases that were not taken back. */
  readonly lastPurchaseAt: Instant | null;
  readonly contracts: readonly { readonly status: ContractStatus; readonly since: Instant }[];
}

/** A rule for persons, and since when it is in force without a change. */
export interface PersonRuleInForce {
  readonly rule: PersonRetentionRule;
  /** Never before its publication: a rule makes no one due in the past. */
  readonly since: Instant;
}

/** When a customer is erased unless they come back, and why. */
export interface RetentionDue {
  /** What the rule counts from, and the instant that it gave. */
  readonly since: RetentionStart;
  readonly startedAt: Instant;
  readonly after: string;
  readonly grace: string;
  /** Grace begins: the customer is told. */
  readonly dueAt: Instant;
  /** Grace ends: the customer is erased. */
  readonly graceEndsAt: Instant;
  /** Since when the rule is in force: `dueAt` is no earlier. */
  readonly ruleSince: Instant;
  /** Whether grace begins at the end of a legal hold. */
  readonly unlessHold: boolean;
  readonly media: readonly string[];
  /** `name@version`. */
  readonly policyVersion: string;
}

const DEFAULT_GRACE = 'P30D';
const DEFAULT_MEDIA = ['email'];

/** Touchpoints that the customer takes part in without doing anything: no contact. */
const PASSIVE: ReadonlySet<string> = new Set(['ad-viewed', 'message-opened']);

/**
 * Whether a touchpoint is a contact, from which time counts: the customer did it. A type of the business’s own counts, since too long a time can be
 * made good and an erasure cannot.
 */
export function isContact(type: string): boolean {
  const known = touchpointType(type);
  return known === null || (known.origin === 'customer' && !PASSIVE.has(type));
}

/** The rules for persons of a policy that comes into force at an instant, given those in force before it: an unchanged rule goes on. */
export function personRulesFrom(
  policy: Policy,
  from: Instant,
  before: { readonly policy: Policy; readonly personRules: readonly PersonRuleInForce[] } | null,
): readonly PersonRuleInForce[] {
  const sameZone = before?.policy.timeZone === policy.timeZone;
  return (policy.retention ?? []).flatMap((rule) => {
    if (rule.what !== 'person') return [];
    const same = sameZone ? before.personRules.find((other) => keyOf(other.rule) === keyOf(rule)) : undefined;
    return [{ rule, since: same?.since ?? from }];
  });
}

const keyOf = ({ after, since, unless = [], grace = DEFAULT_GRACE }: PersonRetentionRule): string =>
  [after, since, grace, ...[...unless].sort()].join(' ');

/**
 * When a customer is due under the rules in force: by the rule under which they are erased first; null where no rule applies. A pure function of what the
 * customer’s events came to, so it is the same in whatever order they arrived.
 */
export function retentionDue(
  facts: RetentionFacts,
  rules: readonly PersonRuleInForce[],
  { timeZone, version }: { readonly timeZone: string; readonly version: string },
): RetentionDue | null {
  let first: RetentionDue | null = null;
  for (const { rule, since: ruleSince } of rules) {
    const startedAt = startOf(rule, facts);
    if (startedAt === null) continue;
    const { after, since, unless = [], grace = DEFAULT_GRACE, media = DEFAULT_MEDIA } = rule;
    let dueAt = addPeriod(startedAt, periodOf(after), timeZone);
    if (unless.includes('open-contract')) {
      if (facts.contracts.some(isOpen)) continue;
      // A contract that outlasted the time suspended the rule until it ended.
      dueAt = Math.max(dueAt, lastEnd(facts) ?? -Infinity);
    }
    dueAt = Math.max(dueAt, ruleSince);
    const graceEndsAt = addPeriod(dueAt, periodOf(grace), timeZone);
    if (first !== null && first.graceEndsAt <= graceEndsAt) continue;
    first = {
      ...{ since, startedAt, after, grace, dueAt, graceEndsAt, ruleSince, media },
      ...{ unlessHold: unless.includes('hold'), policyVersion: version },
    };
  }
  return first;
}

function startOf({ since }: PersonRetentionRule, facts: RetentionFacts): Instant | null {
  switch (since) {
    case 'last-contact':
      return facts.lastContactAt;
    case 'last-purchase':
      return facts.lastPurchaseAt;
    case 'end-of-relationship': {
      if (facts.contracts.some(isOpen)) return null;
      const ended = lastEnd(facts);
      return ended === null ? facts.lastPurchaseAt : Math.max(ended, facts.lastPurchaseAt ?? -Infinity);
    }
    default:
      return since satisfies never;
  }
}

const isOpen = ({ status }: { readonly status: ContractStatus }): boolean =>
  status !== 'ended' && status !== 'ended-unpaid';

const lastEnd = ({ contracts }: RetentionFacts): Instant | null =>
  contracts.length === 0 ? null : Math.max(...contracts.map(({ since }) => since));
