import type { Instant } from '#contracts';
import { comparePlaces, type EventPlace } from '../event-order.js';
import type { LifecycleEvent } from '../model.js';

/** What an account is, as the channels say. */
export type AccountKind = 'household' | 'company' | 'other';

/** What identifies an account: an id names it within its source. */
export interface AccountRef {
  readonly source: string;
  readonly accountId: string;
}

/** A customer joined an account, or left it: what the fold of an account reads of such a touchpoint. */
export interface MembershipChange extends EventPlace {
  readonly type: 'account-joined' | 'account-left';
  /** Null where the touchpoint states none, and for a leaving. */
  readonly kind: AccountKind | null;
  /** What the customer is in the account: buyer, decider, user. Null where the touchpoint states none. */
  readonly part: string | null;
}

/** A stay of a customer in an account, from the instant of joining to that of leaving, which it does not include. */
export interface AccountMembership {
  readonly joinedAt: Instant;
  /** Null while it lasts. */
  readonly leftAt: Instant | null;
  /** As last stated during the stay. */
  readonly part: string | null;
}

const KINDS: readonly unknown[] = ['household', 'company', 'other'] satisfies readonly AccountKind[];

/** The account that a touchpoint joins or leaves, and the change; null for any other touchpoint. Test traffic changes no membership. */
export function membershipChange(
  event: LifecycleEvent,
): { readonly account: AccountRef; readonly change: MembershipChange } | null {
  const { type, source, id, occurredAt, data, test } = event;
  if ((type !== 'account-joined' && type !== 'account-left') || test) return null;
  const { accountId, kind, part } = data;
  if (typeof accountId !== 'string' || accountId === '') return null;
  const joined = type === 'account-joined';
  return {
    account: { source, accountId },
    change: {
      ...{ occurredAt, type, source, id },
      kind: joined && KINDS.includes(kind) ? (kind as AccountKind) : null,
      part: joined && typeof part === 'string' ? part : null,
    },
  };
}

/**
 * The stays of one customer in one account, in order of time, from all changes of that membership up to an instant, in any order.
 * Joining again while a member begins no second stay; leaving while no member ends none. A stay that would end at the instant at
 * which it began is none.
 */
export function membershipsOf(changes: readonly MembershipChange[], asOf: Instant): AccountMembership[] {
  const stays: AccountMembership[] = [];
  let open = null as AccountMembership | null;
  for (const { type, occurredAt, part } of [...changes].sort(comparePlaces)) {
    if (occurredAt > asOf) break;
    const current = open;
    if (type === 'account-joined') {
      open =
        current === null ? { joinedAt: occurredAt, leftAt: null, part } : { ...current, part: part ?? current.part };
    } else if (current !== null) {
      if (current.joinedAt < occurredAt) stays.push({ ...current, leftAt: occurredAt });
      open = null;
    }
  }
  if (open !== null) stays.push(open);
  return stays;
}

/** What the account is: as last stated by any member up to an instant; `other` where none states it. */
export function accountKind(changes: readonly MembershipChange[], asOf: Instant): AccountKind {
  let last: MembershipChange | null = null;
  for (const change of changes) {
    if (change.kind === null || change.occurredAt > asOf) continue;
    if (last === null || comparePlaces(change, last) > 0) last = change;
  }
  return last?.kind ?? 'other';
}

/** Whether a touchpoint of the customer at an instant belongs to the account: half-open, so that at the instant of leaving it does not. */
export function isMemberAt(stays: readonly AccountMembership[], at: Instant): boolean {
  return stays.some(({ joinedAt, leftAt }) => joinedAt <= at && (leftAt === null || at < leftAt));
}
