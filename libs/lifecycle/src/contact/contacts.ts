import { CONTACT_CAP_MAX } from '#contracts';
import { DAY, type Instant } from '#contracts/basics';
import type { LifecycleEvent } from '../model.js';

/** The business contacted the customer, or proposed that a channel does. */
export interface Contact {
  readonly at: Instant;
  /** Absent: not stated. It counts for every medium. */
  readonly medium?: string;
  /** Absent: not stated. It counts for every purpose. */
  readonly purpose?: string;
  /** The action that it carried out. */
  readonly actionId?: string;
}

/** No cap looks back further than a year. A day more, since zones and clocks differ. */
const KEPT_MS = 367 * DAY;
/** The state stays bounded: so many contacts in all, and of each medium and purpose no more than a cap can count. */
export const CONTACTS_KEPT = 120;

/**
 * The contacts with one more, in order of time; those that no cap can count are dropped. A contact is `contact-made` or `campaign-received`: what follows from
 * one (delivered, opened) is none of its own.
 */
export function withContact(contacts: readonly Contact[], event: LifecycleEvent): readonly Contact[] {
  const { occurredAt: at, data } = event;
  const one: Contact = {
    at,
    ...textAs('medium', data['medium']),
    ...textAs('purpose', data['purpose']),
    ...textAs('actionId', data['actionId']),
  };
  let alike = 1;
  const kept: Contact[] = [one];
  for (let i = contacts.length - 1; i >= 0 && kept.length < CONTACTS_KEPT; i -= 1) {
    const other = contacts[i];
    if (other === undefined || at - other.at > KEPT_MS) break;
    if (other.medium === one.medium && other.purpose === one.purpose && (alike += 1) > CONTACT_CAP_MAX) continue;
    kept.push(other);
  }
  return kept.reverse();
}

const textAs = (name: 'medium' | 'purpose' | 'actionId', value: unknown): Partial<Contact> =>
  typeof value === 'string' && value !== '' ? { [name]: value } : {};

/**
 * What caps count: contacts, and proposals that channels may have carried out. A proposal that a contact names counts once, at the
 * later of the two instants: clocks differ, and the window must hold both.
 */
export function withProposals(contacts: readonly Contact[], proposals: readonly Contact[]): readonly Contact[] {
  if (proposals.length === 0) return contacts;
  const carriedOut = new Map<string, Instant>();
  for (const { actionId, at } of contacts)
    if (actionId !== undefined) carriedOut.set(actionId, Math.max(at, carriedOut.get(actionId) ?? -Infinity));
  const proposed = new Set(proposals.map(({ actionId }) => actionId));
  return [
    ...contacts.filter(({ actionId }) => actionId === undefined || !proposed.has(actionId)),
    ...proposals.map((one) => {
      const at = one.actionId === undefined ? undefined : carriedOut.get(one.actionId);
      return at === undefined || at <= one.at ? one : { ...one, at };
    }),
  ];
}
