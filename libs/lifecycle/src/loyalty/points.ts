import type { Instant } from '#contracts';
import type { EventRef } from '../model.js';

/**
 * The points of one customer, as a ledger: every movement is an entry, and the balance is what the entries add up to.
 *
 * A lot of earned points is pending until the return window of its order is over, then available, and expires as a whole what is left of it. Points are
 * spent from the lot that expires first; lots that expire together, from the one that was earned first. What comes due by time alone (a lot that becomes
 * available or expires, a reservation that ends) happens at its own instant, after the events of that instant.
 */

/** A lot of points: earned together, expiring together. */
export interface PointsLot {
  /** Unique within the ledger. */
  readonly id: string;
  readonly earnedAt: Instant;
  /** Pending before this instant. */
  readonly availableAt: Instant;
  /** Null where it does not expire. */
  readonly expiresAt: Instant | null;
  /** The order that earned it; null where none did. */
  readonly order: string | null;
  readonly event: EventRef;
  readonly earned: number;
  /** Of `earned`: neither spent, nor reserved, nor expired, nor clawed back. */
  readonly left: number;
}

export type PointsEntryKind =
  'earned' | 'available' | 'reserved' | 'released' | 'redeemed' | 'expired' | 'clawed-back' | 'settled';

/**
 * One movement. `points` is positive; what it does to the balance follows from the kind: `earned` adds to pending, `available` moves from pending to available,
 * `reserved` from available to reserved, `released` back, `redeemed` takes from reserved or available, `expired` and `clawed-back` take away, `settled` pays
 * with a lot that became available what was owed: it is in `available` already, so that it changes no balance.
 */
export interface PointsEntry {
  readonly at: Instant;
  readonly kind: PointsEntryKind;
  readonly points: number;
  /** The lot that moved; null where points are owed that no lot held. */
  readonly lot: string | null;
  /** The event that moved them; null where time alone did. */
  readonly event: EventRef | null;
  /** The balance after it. */
  readonly balance: PointsBalance;
}

/** Whole points. */
export interface PointsBalance {
  /** What can be redeemed now; negative where spent points were clawed back. */
  readonly available: number;
  /** Earned, and not available yet. */
  readonly pending: number;
  /** Held for a redemption that is under way. */
  readonly reserved: number;
}

/** Points held for one redemption. */
export interface PointsReservation {
  readonly id: string;
  readonly expiresAt: Instant;
  /** From which lots, and how many of each; without a lot what was not covered, and is owed. */
  readonly from: readonly ReservedPart[];
}

export interface ReservedPart {
  readonly lot: string | null;
  readonly points: number;
}

/** What does not add up, for people to look at. */
export type PointsIssueKind =
  /** Points that were spent already were taken back: the balance is negative until later earnings settle it. */
  | 'spent-points-clawed-back'
  /** More was redeemed than was available: the balance is negative. */
  | 'redeemed-beyond-balance'
  /** More was reserved than was available, as it turned out by what became known later: the balance is negative. */
  | 'reserved-beyond-balance'
  /** A redemption or a release names a reservation that is not there, or has ended. */
  | 'reservation-not-found'
  /** A lot with this id was there already; the second one is ignored. */
  | 'lot-repeated';

export interface PointsIssue {
  readonly kind: PointsIssueKind;
  readonly at: Instant;
  readonly points: number;
  readonly event: EventRef;
}

/** A lot to be credited. */
export interface NewLot {
  readonly id: string;
  readonly points: number;
  /** Null where the points are available at once. */
  readonly availableAt: Instant | null;
  readonly expiresAt: Instant | null;
}

export type PointsChange = { readonly at: Instant; readonly event: EventRef } & (
  | { readonly kind: 'earn'; readonly lot: NewLot }
  /** An order of this amount (minor units) earned the lots; their points are clawed back with what is refunded of the amount. */
  | {
      readonly kind: 'order';
      readonly order: string;
      readonly amountMinor: number;
      readonly lots: readonly NewLot[];
    }
  /** So much of an order's amount (minor units) was taken back. */
  | { readonly kind: 'refund'; readonly order: string; readonly amountMinor: number }
  | { readonly kind: 'reserve'; readonly reservation: string; readonly points: number; readonly expiresAt: Instant }
  | { readonly kind: 'release'; readonly reservation: string }
  /** Spends what is reserved, or without a reservation what is available. */
  | { readonly kind: 'redeem'; readonly points: number; readonly reservation: string | null }
  /** Another system let points expire: those of a lot, or the oldest. */
  | { readonly kind: 'expire'; readonly points: number; readonly lot: string | null }
);

/** Why a reservation is refused. */
export interface ReservationRefusal {
  readonly available: number;
  readonly wanted: number;
}
