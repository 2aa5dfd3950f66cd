import type { Instant } from '#contracts';
import { compareEvents } from '../event-order.js';
import { foldCustomer } from '../fold/fold-customer.js';
import type { FoldResult } from '../fold/result.js';
import type { LifecycleEvent } from '../model.js';
import type { PolicyTimeline } from '../policy/timeline.js';
import {
  accountKind,
  isMemberAt,
  membershipChange,
  membershipsOf,
  type AccountKind,
  type AccountRef,
  type AccountMembership,
} from './memberships.js';

/** A customer who was a member of the account at some time. */
export interface AccountMember {
  readonly customerId: string;
  /** All touchpoints of the customer that are known, in any order. */
  readonly events: readonly LifecycleEvent[];
}

export interface AccountInput {
  readonly account: AccountRef;
  /** Everyone who ever joined; other customers change nothing. */
  readonly members: readonly AccountMember[];
  readonly policies: PolicyTimeline;
  readonly asOf: Instant;
}

/** An account at an instant. */
export interface AccountResult {
  readonly kind: AccountKind;
  /** Every stay up to `asOf`, by customer in the order of their ids, then in order of time. */
  readonly memberships: readonly (AccountMembership & { readonly customerId: string })[];
  /** Where the account stands: as a customer who did what its members did, each while a member. */
  readonly fold: FoldResult;
}

/**
 * Folds an account: the touchpoints of all members, each from joining to leaving, by the rules of a customer. It merges no
 * customers and moves none. Pure; neither the order of the members nor that of their events matters.
 */
export function foldAccount({ account, members, policies, asOf }: AccountInput): AccountResult {
  const changes = members.map(({ events }) => events.flatMap((event) => changesOf(event, account)));
  const stays = members.map((_, index) => membershipsOf(changes[index] ?? [], asOf));
  const events = members.flatMap((member, index) => eventsDuring(member.events, stays[index] ?? []));
  return {
    kind: accountKind(changes.flat(), asOf),
    memberships: members
      .flatMap(({ customerId }, index) => (stays[index] ?? []).map((stay) => ({ customerId, ...stay })))
      .sort((a, b) => (a.customerId < b.customerId ? -1 : a.customerId > b.customerId ? 1 : a.joinedAt - b.joinedAt)),
    fold: foldCustomer({ events: events.sort(compareEvents), policies: accountPolicies(policies), asOf }),
  };
}

/** The policies as they apply to accounts: rules of retention speak of persons. */
export function accountPolicies({ eras }: PolicyTimeline): PolicyTimeline {
  return { eras: eras.map((era) => (era.personRules.length === 0 ? era : { ...era, personRules: [] })) };
}

/** Of a customer's touchpoints those that belong to the account. */
export function eventsDuring(events: readonly LifecycleEvent[], stays: readonly AccountMembership[]): LifecycleEvent[] {
  return stays.length === 0 ? [] : events.filter(({ occurredAt }) => isMemberAt(stays, occurredAt));
}

function changesOf(event: LifecycleEvent, { source, accountId }: AccountRef) {
  const found = membershipChange(event);
  return found?.account.source === source && found.account.accountId === accountId ? [found.change] : [];
}
