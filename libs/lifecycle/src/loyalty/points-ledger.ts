import type { Instant } from '#contracts';
import type { EventRef } from '../model.js';
import type {
  NewLot,
  PointsBalance,
  PointsChange,
  PointsEntry,
  PointsEntryKind,
  PointsIssue,
  PointsIssueKind,
  PointsLot,
  PointsReservation,
  ReservationRefusal,
  ReservedPart,
} from './points.js';

/** A lot as the ledger keeps it. */
interface Lot extends PointsLot {
  left: number;
  /** Of `earned`, what can no longer be clawed back. */
  gone: number;
  /** Whether it has become available. */
  matured: boolean;
}

/** What an order earned, and how much of it was clawed back. */
interface OrderPoints {
  /** What the points were earned for, in minor units. */
  amountMinor: number;
  points: number;
  refundedMinor: number;
  clawedBack: number;
  readonly lots: Lot[];
}

/** The ledger of one customer. Changes are applied in the order in which the fold takes events; time never goes back. */
export class PointsLedger {
  /** Every lot that was earned, by its id. */
  readonly #lots = new Map<string, Lot>();
  /** Those that time can still change. */
  readonly #open = new Set<Lot>();
  readonly #reservations = new Map<string, PointsReservation>();
  readonly #orders = new Map<string, OrderPoints>();
  readonly #entries: PointsEntry[] = [];
  readonly #issues: PointsIssue[] = [];
  #clock: Instant = -Infinity;
  #available = 0;
  #pending = 0;
  #reserved = 0;

  /** All movements, in order of time. */
  get entries(): readonly PointsEntry[] {
    return this.#entries;
  }

  get issues(): readonly PointsIssue[] {
    return this.#issues;
  }

  /** The lots of which something is left, those that are spent first at the front. */
  get lots(): readonly PointsLot[] {
    return [...this.#open].filter(({ left }) => left > 0).sort(spentFirst);
  }

  get reservations(): readonly PointsReservation[] {
    return [...this.#reservations.values()];
  }

  get balance(): PointsBalance {
    return { available: this.#available, pending: this.#pending, reserved: this.#reserved };
  }

  /** The earliest instant at which something comes due by time alone; null where nothing does. */
  get next(): Instant | null {
    return this.#due(Infinity)?.at ?? null;
  }

  /** Whether so many points can be reserved now: null, or the refusal with its numbers. */
  refusalOf(points: number): ReservationRefusal | null {
    return points <= this.#available ? null : { available: Math.max(this.#available, 0), wanted: points };
  }

  /** Applies what comes due until an instant, which is included. */
  advanceTo(until: Instant): void {
    this.#runUntil(until, true);
  }

  /** Applies an event, after all that came due before its instant. What comes due at its very instant comes after it. */
  apply(change: PointsChange): void {
    this.#runUntil(change.at, false);
    const { at, event } = change;
    switch (change.kind) {
      case 'earn':
        this.#credit(change.lot, null, at, event);
        return;
      case 'order':
        return this.#order(change.order, change.amountMinor, change.lots, at, event);
      case 'refund':
        return this.#refund(change.order, change.amountMinor, at, event);
      case 'reserve':
        return this.#reserve(change.reservation, change.points, change.expiresAt, at, event);
      case 'release': {
        const held = this.#taken(change.reservation, 0, at, event);
        return this.#release(held, at, event);
      }
      case 'redeem':
        return this.#redeem(change.points, change.reservation, at, event);
      case 'expire':
        return this.#expireElsewhere(change.points, change.lot, at, event);
    }
  }

  #runUntil(until: Instant, isIncluded: boolean): void {
    for (let due = this.#due(until); due !== null && (isIncluded || due.at < until); due = this.#due(until)) {
      this.#clock = due.at;
      due.happen();
    }
    this.#clock = Math.max(this.#clock, until);
  }

  #order(order: string, amountMinor: number, lots: readonly NewLot[], at: Instant, event: EventRef): void {
    let known = this.#orders.get(order);
    if (known === undefined)
      this.#orders.set(order, (known = { points: 0, amountMinor: 0, refundedMinor: 0, clawedBack: 0, lots: [] }));
    known.amountMinor += amountMinor;
    for (const lot of lots) {
      const credited = this.#credit(lot, order, at, event);
      if (credited === null) continue;
      known.points += credited.earned;
      known.lots.push(credited);
    }
  }

  #credit(
    { id, points, availableAt, expiresAt }: NewLot,
    order: string | null,
    at: Instant,
    event: EventRef,
  ): Lot | null {
    if (points <= 0) return null;
    if (this.#lots.has(id)) {
      this.#note('lot-repeated', at, points, event);
      return null;
    }
    const from = Math.max(availableAt ?? at, at);
    const lot: Lot = {
      ...{ id, earnedAt: at, availableAt: from, expiresAt, order, event, earned: points },
      ...{ left: points, gone: 0, matured: false },
    };
    this.#lots.set(id, lot);
    this.#open.add(lot);
    this.#pending += points;
    this.#enter('earned', points, id, at, event);
    if (from <= at) this.#mature(lot, at, event);
    return lot;
  }

  #mature(lot: Lot, at: Instant, event: EventRef | null): void {
    lot.matured = true;
    this.#pending -= lot.left;
    this.#comesBack(lot, lot.left, at, () => this.#enter('available', lot.left, lot.id, at, event));
  }

  /**
   * Claws back the share of the order's points that the refunded amount has of its amount, rounded to the customer's favour over all refunds of the order
   * together. First from the order's own lots; what was spent of them already, from other points, and beyond these it is owed. What expired is not taken twice.
   */
  #refund(order: string, amountMinor: number, at: Instant, event: EventRef): void {
    const known = this.#orders.get(order);
    if (known === undefined || known.points === 0 || known.amountMinor <= 0 || amountMinor <= 0) return;
    known.refundedMinor = Math.min(known.refundedMinor + amountMinor, known.amountMinor);
    const due = shareRoundedDown(known.points, known.refundedMinor, known.amountMinor) - known.clawedBack;
    known.clawedBack += due;
    let rest = due;
    for (const lot of known.lots.sort(spentFirst)) {
      const part = Math.min(rest, lot.left);
      rest -= part;
      lot.gone += part;
      this.#takeFrom(lot, part, 'clawed-back', at, event);
    }
    let spent = 0;
    for (const lot of known.lots) {
      const part = Math.min(rest - spent, lot.earned - lot.left - lot.gone);
      spent += part;
      lot.gone += part;
    }
    if (spent === 0) return;
    this.#note('spent-points-clawed-back', at, spent, event);
    this.#spend(spent, 'clawed-back', at, event);
  }

  #reserve(id: string, points: number, expiresAt: Instant, at: Instant, event: EventRef): void {
    if (points <= 0 || this.#reservations.has(id)) return;
    const from: ReservedPart[] = [];
    let rest = points;
    for (const lot of this.#spendable()) {
      const part = Math.min(rest, lot.left);
      if (part === 0) break;
      rest -= part;
      lot.left -= part;
      from.push({ lot: lot.id, points: part });
    }
    if (rest > 0) {
      from.push({ lot: null, points: rest });
      this.#note('reserved-beyond-balance', at, rest, event);
    }
    this.#reservations.set(id, { id, expiresAt, from });
    for (const { lot, points: part } of from) {
      this.#available -= part;
      this.#reserved += part;
      this.#enter('reserved', part, lot, at, event);
    }
  }

  /** Ends a reservation, and gives what it holds; nothing, and an issue, where there is none. */
  #taken(id: string, points: number, at: Instant, event: EventRef): readonly ReservedPart[] {
    const held = this.#reservations.get(id);
    if (held === undefined) {
      this.#note('reservation-not-found', at, points, event);
      return [];
    }
    this.#reservations.delete(id);
    return held.from;
  }

  /** Gives reserved points back to their lots: first what no lot covered, which is owed no longer. A lot whose end came in the meantime expires now. */
  #release(parts: readonly ReservedPart[], at: Instant, event: EventRef | null): void {
    for (const { lot, points } of parts) {
      if (lot !== null) continue;
      this.#reserved -= points;
      this.#available += points;
      this.#enter('released', points, null, at, event);
    }
    for (const { lot: id, points } of parts) {
      if (id === null) continue;
      const lot = this.#lots.get(id) as Lot;
      this.#reserved -= points;
      lot.left += points;
      this.#comesBack(lot, points, at, () => this.#enter('released', points, id, at, event));
    }
  }

  /** Points of a lot become available: what is owed is paid with them. */
  #comesBack(lot: Lot, points: number, at: Instant, enter: () => void): void {
    const settled = Math.min(Math.max(-this.#available, 0), points);
    this.#available += points;
    enter();
    if (settled > 0) {
      lot.left -= settled;
      this.#coverReservations(lot.id, settled);
      this.#enter('settled', settled, lot.id, at, null);
    }
    if (lot.left > 0) this.#open.add(lot);
    else this.#open.delete(lot);
  }

  /** What reservations hold without a lot is held of this lot from now on: released, it goes back to it. */
  #coverReservations(lot: string, points: number): void {
    let rest = points;
    for (const held of this.#reservations.values()) {
      const uncovered = held.from.find((part) => part.lot === null);
      if (uncovered === undefined || rest === 0) continue;
      const part = Math.min(rest, uncovered.points);
      rest -= part;
      const from = held.from.filter((each) => each !== uncovered);
      from.push({ lot, points: part });
      if (part < uncovered.points) from.push({ lot: null, points: uncovered.points - part });
      this.#reservations.set(held.id, { ...held, from });
    }
  }

  #redeem(points: number, reservation: string | null, at: Instant, event: EventRef): void {
    let rest = points;
    const unused: ReservedPart[] = [];
    for (const held of reservation === null ? [] : this.#taken(reservation, points, at, event)) {
      const part = Math.min(rest, held.points);
      rest -= part;
      this.#reserved -= part;
      if (part > 0) this.#enter('redeemed', part, held.lot, at, event);
      if (part < held.points) unused.push({ lot: held.lot, points: held.points - part });
    }
    this.#release(unused, at, event);
    const uncovered = rest - Math.max(this.#available, 0);
    if (uncovered > 0) this.#note('redeemed-beyond-balance', at, uncovered, event);
    this.#spend(rest, 'redeemed', at, event);
  }

  /** Another system let points expire: what is left of the lot that it names, or of those that are spent first. */
  #expireElsewhere(points: number, id: string | null, at: Instant, event: EventRef): void {
    let rest = points;
    const named = id === null ? undefined : this.#lots.get(id);
    for (const lot of named === undefined ? this.#spendable() : [named]) {
      const part = Math.min(rest, lot.left);
      rest -= part;
      lot.gone += part;
      this.#takeFrom(lot, part, 'expired', at, event);
    }
  }

  #expire(lot: Lot, at: Instant): void {
    lot.gone += lot.left;
    this.#takeFrom(lot, lot.left, 'expired', at, null);
  }

  /** Takes points from the lots in their order; what none holds is owed. */
  #spend(points: number, kind: 'redeemed' | 'clawed-back', at: Instant, event: EventRef): void {
    let rest = points;
    for (const lot of this.#spendable()) {
      const part = Math.min(rest, lot.left);
      rest -= part;
      this.#takeFrom(lot, part, kind, at, event);
    }
    if (rest === 0) return;
    this.#available -= rest;
    this.#enter(kind, rest, null, at, event);
  }

  #takeFrom(lot: Lot, points: number, kind: PointsEntryKind, at: Instant, event: EventRef | null): void {
    if (points === 0) return;
    lot.left -= points;
    if (lot.matured) this.#available -= points;
    else this.#pending -= points;
    if (lot.left === 0) this.#open.delete(lot);
    this.#enter(kind, points, lot.id, at, event);
  }

  #spendable(): Lot[] {
    return [...this.#open].filter(({ left, matured }) => matured && left > 0).sort(spentFirst);
  }

  /** What comes due first until an instant: at one instant reservations end, then lots become available, then lots expire. */
  #due(until: Instant): { readonly at: Instant; readonly happen: () => void } | null {
    let first: Due | null = null;
    const consider = (due: Instant, rank: number, id: string, happen: (at: Instant) => void): void => {
      // A lot that comes back from a reservation after its end expires then, not in the past.
      const at = Math.max(due, this.#clock);
      if (due <= until && (first === null || isBefore({ at, rank, id }, first)))
        first = { at, rank, id, happen: () => happen(at) };
    };
    for (const { id, expiresAt, from } of this.#reservations.values())
      consider(expiresAt, 0, id, (at) => {
        this.#reservations.delete(id);
        this.#release(from, at, null);
      });
    for (const lot of this.#open) {
      if (!lot.matured) consider(lot.availableAt, 1, lot.id, (at) => this.#mature(lot, at, null));
      if (lot.expiresAt !== null && lot.left > 0) consider(lot.expiresAt, 2, lot.id, (at) => this.#expire(lot, at));
    }
    return first;
  }

  #note(kind: PointsIssueKind, at: Instant, points: number, event: EventRef): void {
    this.#issues.push({ kind, at, points, event });
  }

  #enter(kind: PointsEntryKind, points: number, lot: string | null, at: Instant, event: EventRef | null): void {
    this.#entries.push({ at, kind, points, lot, event, balance: this.balance });
  }
}

interface Due {
  readonly at: Instant;
  readonly rank: number;
  readonly id: string;
  readonly happen: () => void;
}

const isBefore = (a: Omit<Due, 'happen'>, b: Due): boolean =>
  a.at !== b.at ? a.at < b.at : a.rank !== b.rank ? a.rank < b.rank : a.id < b.id;

/** The lot that expires first, then the one that was earned first; lots without an end last. */
function spentFirst(a: PointsLot, b: PointsLot): number {
  const [endOfA, endOfB] = [a.expiresAt ?? Infinity, b.expiresAt ?? Infinity];
  if (endOfA !== endOfB) return endOfA < endOfB ? -1 : 1;
  if (a.earnedAt !== b.earnedAt) return a.earnedAt - b.earnedAt;
  return a.id < b.id ? -1 : a.id > b.id ? 1 : 0;
}

/** ⌊points × part ÷ whole⌋, exact for whole numbers of any size. */
const shareRoundedDown = (points: number, part: number, whole: number): number =>
  Number((BigInt(points) * BigInt(part)) / BigInt(whole));
