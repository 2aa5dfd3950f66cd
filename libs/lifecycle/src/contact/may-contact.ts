import type { Instant } from '#contracts/basics';
import { addDays } from '../calendar/calendar.js';
import type { ContactCap, ContactRules, Policy } from '../policy/policy.js';
import { CONTACTS_KEPT, type Contact } from './contacts.js';
import { holdbackUntil, quietUntil } from './quiet-hours.js';

/** Why the policy holds an action back although the customer gave their consent. */
export type RestraintReason = 'holdback-day' | 'quiet-hours' | 'frequency-cap';

/** The action that is to go out. */
export interface IntendedContact {
  readonly medium: string;
  readonly purpose: string;
}

/** What has happened between the business and the customer. */
export interface ContactHistory {
  /** From the events, in order of time. */
  readonly contacts: readonly Contact[];
  /** What was proposed to channels, in any order. See `withProposals`. */
  readonly counted: readonly Contact[];
}

export type ContactVerdict =
  | { readonly allowed: true }
  | {
      readonly allowed: false;
      readonly reason: RestraintReason;
      /** The rule in words: `2 contacts in 7 days by email`. */
      readonly rule: string;
      /** The first instant at which nothing of what is known now holds it back; null where there is none within two years. */
      readonly until: Instant | null;
    };

/** Purposes to which caps and days without contact do not apply, where the policy names none. */
const EXEMPT: readonly string[] = ['retention'];
const ALLOWED: ContactVerdict = { allowed: true };

/** Rules looked at one after the other until none holds the action back: each step ends one of them. */
const STEPS_MAX = 1_000;

/**
 * Whether a customer may be contacted at an instant under a policy: days without contact, then quiet hours, then caps. Pure; consent, suppression
 * and restriction are decided before.
 */
export function mayContact(
  intended: IntendedContact,
  history: ContactHistory,
  { contact, timeZone }: Pick<Policy, 'contact' | 'timeZone'>,
  at: Instant,
): ContactVerdict {
  if (contact === undefined) return ALLOWED;
  const first = heldAt(intended, history, contact, timeZone, at);
  if (first === null) return ALLOWED;
  let until: Instant = first.until;
  for (let step = 0; step < STEPS_MAX; step += 1) {
    const next = heldAt(intended, history, contact, timeZone, until);
    if (next === null) return { allowed: false, reason: first.reason, rule: first.rule, until };
    until = next.until;
  }
  return { allowed: false, reason: first.reason, rule: first.rule, until: null };
}

interface Held {
  readonly reason: RestraintReason;
  readonly rule: string;
  /** Later than the instant that was asked about. */
  readonly until: Instant;
}

function heldAt(
  { medium, purpose }: IntendedContact,
  history: ContactHistory,
  rules: ContactRules,
  timeZone: string,
  at: Instant,
): Held | null {
  const exempt = rules.exemptPurposes ?? EXEMPT;
  const isExempt = exempt.includes(purpose);
  if (!isExempt && rules.holdbackDays !== undefined) {
    const until = holdbackUntil(new Set(rules.holdbackDays), at, timeZone);
    if (until !== null) return { reason: 'holdback-day', rule: 'a day without contact', until };
  }
  for (const hours of rules.quietHours ?? []) {
    if (hours.media !== undefined && !hours.media.includes(medium)) continue;
    const until = quietUntil(hours, at, timeZone);
    if (until !== null) return { reason: 'quiet-hours', rule: `${hours.from} to ${hours.until}`, until };
  }
  if (isExempt) return null;
  let held: Held | null = null;
  for (const cap of rules.caps ?? []) {
    if ((cap.medium ?? medium) !== medium || (cap.purpose ?? purpose) !== purpose) continue;
    const until = cappedUntil(cap, history, exempt, timeZone, at);
    // Several caps at once: the one that holds longest is the one to name.
    if (until !== null && (held === null || until > held.until))
      held = { reason: 'frequency-cap', rule: capInWords(cap), until };
  }
  return held;
}

/** When a cap that is reached at this instant allows one more contact; null where it is not reached. */
function cappedUntil(
  { max, days, medium, purpose }: ContactCap,
  { contacts, counted }: ContactHistory,
  exempt: readonly string[],
  timeZone: string,
  at: Instant,
): Instant | null {
  const ends = counted
    .filter(
      (one) =>
        (medium ?? one.medium ?? medium) === (one.medium ?? medium) &&
        (purpose ?? one.purpose ?? purpose) === (one.purpose ?? purpose) &&
        !(one.purpose !== undefined && exempt.includes(one.purpose)),
    )
    .map((one) => addDays(one.at, days, timeZone))
    .filter((end) => end > at)
    .sort((a, b) => b - a);
  let until = ends[max - 1] ?? null;
  // The state keeps no more contacts: some before the oldest of them may count as well.
  const oldest = contacts.length < CONTACTS_KEPT ? undefined : contacts[0];
  if (oldest !== undefined) {
    const end = addDays(oldest.at, days, timeZone);
    if (end > at) until = Math.max(until ?? end, end);
  }
  return until;
}

function capInWords({ max, days, medium, purpose }: ContactCap): string {
  const what = max === 1 ? '1 contact' : `${max} contacts`;
  const time = days === 1 ? 'a day' : `${days} days`;
  return `${what} in ${time}${medium === undefined ? '' : ` by ${medium}`}${purpose === undefined ? '' : ` for ${purpose}`}`;
}
