import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { NewLot, PointsChange } from './points.js';
import { PointsLedger } from './points-ledger.js';

const DAY = 86_400_000;
const day = (n: number): number => n * DAY;
const event = (id: string) => ({ source: '/shop', id });
const lot = (
  id: string,
  points: number,
  availableAt: number | null = null,
  expiresAt: number | null = null,
): NewLot => ({
  ...{ id, points, availableAt, expiresAt },
});

/** A ledger after some changes, each with an event of its own. */
function ledgerOf(...changes: (Record<string, unknown> & { kind: string; at: number })[]): PointsLedger {
  const ledger = new PointsLedger();
  changes.forEach((change, at) => ledger.apply({ event: event(`e${at}`), ...change } as unknown as PointsChange));
  return ledger;
}

const earn = (
  at: number,
  id: string,
  points: number,
  availableAt: number | null = null,
  expiresAt: number | null = null,
) => ({ kind: 'earn', at, lot: lot(id, points, availableAt, expiresAt) }) as const;
const order = (at: number, id: string, amountMinor: number, ...lots: NewLot[]) =>
  ({ kind: 'order', at, order: id, amountMinor, lots }) as const;
const refund = (at: number, id: string, amountMinor: number) =>
  ({ kind: 'refund', at, order: id, amountMinor }) as const;
const reserve = (at: number, reservation: string, points: number, expiresAt: number) =>
  ({ kind: 'reserve', at, reservation, points, expiresAt }) as const;
const redeem = (at: number, points: number, reservation: string | null = null) =>
  ({ kind: 'redeem', at, points, reservation }) as const;

describe('points', () => {
  it('are pending until the return window of their order is over', () => {
    const ledger = ledgerOf(order(day(0), 'o1', 10_000, lot('o1', 100, day(30), day(365))));
    ledger.advanceTo(day(30) - 1);
    expect(ledger.balance).toEqual({ available: 0, pending: 100, reserved: 0 });
    expect(ledger.next).toBe(day(30));
    ledger.advanceTo(day(30));
    expect(ledger.balance).toEqual({ available: 100, pending: 0, reserved: 0 });
    expect(ledger.next).toBe(day(365));
  });

  it('expire lot by lot at their own instants, and the lot that expires first is spent first', () => {
    const ledger = ledgerOf(
      earn(day(0), 'late', 50, null, day(400)),
      earn(day(1), 'soon', 50, null, day(300)),
      redeem(day(2), 60),
    );
    expect(ledger.lots.map(({ id, left }) => [id, left])).toEqual([['late', 40]]);
    ledger.advanceTo(day(500));
    expect(ledger.balance.available).toBe(0);
    expect(
      ledger.entries.filter(({ kind }) => kind === 'expired').map(({ at, points, lot: id }) => [at, points, id]),
    ).toEqual([[day(400), 40, 'late']]);
  });

  it('that have no end are spent last', () => {
    const ledger = ledgerOf(
      earn(day(0), 'for ever', 10),
      earn(day(1), 'a year', 10, null, day(366)),
      redeem(day(2), 10),
    );
    expect(ledger.lots.map(({ id }) => id)).toEqual(['for ever']);
  });

  it('can be redeemed at the instant at which they expire, and not after it', () => {
    const ledger = ledgerOf(earn(day(0), 'a', 10, null, day(5)), redeem(day(5), 4));
    ledger.advanceTo(day(5));
    expect(ledger.entries.map(({ kind, points }) => [kind, points])).toEqual([
      ['earned', 10],
      ['available', 10],
      ['redeemed', 4],
      ['expired', 6],
    ]);
    expect(ledger.issues).toEqual([]);
  });
});

describe('a refund', () => {
  it('claws back the share that it has of the order, rounded to the customer’s favour', () => {
    const ledger = ledgerOf(order(day(0), 'o1', 10_000, lot('o1', 100, day(30))), refund(day(3), 'o1', 3_333));
    expect(ledger.balance.pending).toBe(67);
  });

  it.each([[[3_333, 3_333, 3_334]], [[1, 9_999]], [[20_000]], [Array.from({ length: 10_000 }, () => 1)]])(
    'leaves nothing once the whole order was refunded, in however many parts (%#)',
    (parts) => {
      const ledger = ledgerOf(
        order(day(0), 'o1', 10_000, lot('o1', 100, day(30))),
        ...parts.map((part, at) => refund(day(1) + at, 'o1', part)),
      );
      expect(ledger.balance).toEqual({ available: 0, pending: 0, reserved: 0 });
      expect(ledger.issues).toEqual([]);
    },
  );

  it('of points that were spent makes the balance negative, is listed, and is settled by later earnings', () => {
    const ledger = ledgerOf(
      order(day(0), 'o1', 10_000, lot('o1', 100, day(30))),
      redeem(day(40), 80),
      refund(day(41), 'o1', 10_000),
    );
    expect(ledger.balance.available).toBe(-80);
    expect(ledger.issues).toEqual([{ kind: 'spent-points-clawed-back', at: day(41), points: 80, event: event('e2') }]);
    ledger.apply({ ...earn(day(50), 'o2', 100), event: event('e3') });
    expect(ledger.balance.available).toBe(20);
    expect(ledger.lots.map(({ id, left }) => [id, left])).toEqual([['o2', 20]]);
    expect(ledger.entries.at(-1)).toMatchObject({ kind: 'settled', points: 80, lot: 'o2', at: day(50) });
  });

  it('takes spent points from other points first', () => {
    const ledger = ledgerOf(
      order(day(0), 'o1', 10_000, lot('o1', 100, null, day(100))),
      earn(day(1), 'gift', 70, null, day(200)),
      redeem(day(2), 90),
      refund(day(3), 'o1', 5_000),
    );
    // 50 are due: 10 are left of the order's own, 40 come from the gift.
    expect(ledger.lots.map(({ id, left }) => [id, left])).toEqual([['gift', 30]]);
    expect(ledger.balance.available).toBe(30);
  });

  it('does not take again what has expired', () => {
    const ledger = ledgerOf(order(day(0), 'o1', 10_000, lot('o1', 100, null, day(100))), redeem(day(2), 30));
    ledger.advanceTo(day(100));
    ledger.apply({ ...refund(day(101), 'o1', 10_000), event: event('late') });
    expect(ledger.balance.available).toBe(-30);
  });

  it('of an order that earned nothing takes nothing', () => {
    const ledger = ledgerOf(earn(day(0), 'gift', 10), refund(day(1), 'unknown', 500));
    expect(ledger.balance.available).toBe(10);
  });
});

describe('a redemption', () => {
  it('holds what it reserves until it is confirmed or released', () => {
    const ledger = ledgerOf(earn(day(0), 'a', 100), reserve(day(1), 'till-1', 60, day(1) + 900_000));
    expect(ledger.balance).toEqual({ available: 40, pending: 0, reserved: 60 });
    expect(ledger.refusalOf(60)).toEqual({ available: 40, wanted: 60 });
    expect(ledger.refusalOf(40)).toBeNull();
    ledger.apply({ ...redeem(day(1) + 1, 60, 'till-1'), event: event('confirm') });
    expect(ledger.balance).toEqual({ available: 40, pending: 0, reserved: 0 });
  });

  it('that is not confirmed in time gives its points back, at that instant', () => {
    const ledger = ledgerOf(earn(day(0), 'a', 100), reserve(day(1), 'till-1', 60, day(1) + 900_000));
    ledger.advanceTo(day(2));
    expect(ledger.balance).toEqual({ available: 100, pending: 0, reserved: 0 });
    expect(ledger.entries.at(-1)).toMatchObject({ kind: 'released', points: 60, at: day(1) + 900_000, event: null });
  });

  it('of less than was reserved gives the rest back', () => {
    const ledger = ledgerOf(
      earn(day(0), 'a', 50, null, day(10)),
      earn(day(0), 'b', 50, null, day(20)),
      reserve(day(1), 'till-1', 80, day(2)),
      redeem(day(1) + 5, 20, 'till-1'),
    );
    expect(ledger.balance).toEqual({ available: 80, pending: 0, reserved: 0 });
    expect(ledger.lots.map(({ id, left }) => [id, left])).toEqual([
      ['a', 30],
      ['b', 50],
    ]);
  });

  it('keeps what it reserved from expiring; released after the end of its lot, it expires then', () => {
    const ledger = ledgerOf(earn(day(0), 'a', 100, null, day(5)), reserve(day(4), 'till-1', 60, day(6)));
    ledger.advanceTo(day(5));
    expect(ledger.balance).toEqual({ available: 0, pending: 0, reserved: 60 });
    ledger.advanceTo(day(6));
    expect(ledger.balance).toEqual({ available: 0, pending: 0, reserved: 0 });
    expect(ledger.entries.slice(-2).map(({ kind, at }) => [kind, at])).toEqual([
      ['released', day(6)],
      ['expired', day(6)],
    ]);
  });

  it('confirmed after its reservation ended is taken from what is available, and listed', () => {
    const ledger = ledgerOf(earn(day(0), 'a', 100), reserve(day(1), 'r', 60, day(2)), redeem(day(3), 60, 'r'));
    expect(ledger.balance.available).toBe(40);
    expect(ledger.issues.map(({ kind }) => kind)).toEqual(['reservation-not-found']);
  });

  it('that was reserved beyond the balance is honoured; released, its points go back to the lot that covered them', () => {
    const ledger = ledgerOf(reserve(day(0), 'r', 10, day(9)), earn(day(1), 'a', 15));
    expect(ledger.issues.map(({ kind }) => kind)).toEqual(['reserved-beyond-balance']);
    expect(ledger.balance).toEqual({ available: 5, pending: 0, reserved: 10 });
    ledger.advanceTo(day(9));
    expect(ledger.lots.map(({ id, left }) => [id, left])).toEqual([['a', 15]]);
    expect(ledger.balance).toEqual({ available: 15, pending: 0, reserved: 0 });
  });

  it('beyond the balance makes it negative, and is listed', () => {
    const ledger = ledgerOf(earn(day(0), 'a', 10), redeem(day(1), 25));
    expect(ledger.balance.available).toBe(-15);
    expect(ledger.issues).toEqual([{ kind: 'redeemed-beyond-balance', at: day(1), points: 15, event: event('e1') }]);
  });
});

describe('whatever happens', () => {
  const small = fc.integer({ min: 1, max: 40 });
  const anyChange = fc.oneof(
    fc.tuple(fc.constant('earn'), small, small, small),
    fc.tuple(fc.constant('order'), small, small, small),
    fc.tuple(fc.constant('refund'), small, small, small),
    fc.tuple(fc.constant('reserve'), small, small, small),
    fc.tuple(fc.constant('release'), small, small, small),
    fc.tuple(fc.constant('redeem'), small, small, small),
    fc.tuple(fc.constant('expire'), small, small, small),
  );
  const history = fc.array(fc.tuple(anyChange, fc.nat({ max: 20 })), { maxLength: 40 });

  /** The changes of a history, at rising instants: `b` and `c` say which order, reservation, and when things end. */
  function changesOf(steps: readonly (readonly [readonly [string, number, number, number], number])[]): PointsChange[] {
    let at = 0;
    return steps.map(([[kind, a, b, c], later], n) => {
      at += later;
      const id = `e${n}`;
      const base = { at, event: event(id) };
      const ends = c % 3 === 0 ? null : at + c;
      switch (kind) {
        case 'earn':
          return { ...base, kind: 'earn', lot: lot(id, a, b % 2 === 0 ? null : at + b, ends) };
        case 'order':
          return { ...base, kind: 'order', order: `o${b % 4}`, amountMinor: a * 10, lots: [lot(id, a, at + b, ends)] };
        case 'refund':
          return { ...base, kind: 'refund', order: `o${b % 4}`, amountMinor: a * 7 };
        case 'reserve':
          return { ...base, kind: 'reserve', reservation: `r${b % 3}`, points: a, expiresAt: at + c };
        case 'release':
          return { ...base, kind: 'release', reservation: `r${b % 3}` };
        case 'redeem':
          return { ...base, kind: 'redeem', points: a, reservation: c % 2 === 0 ? `r${b % 3}` : null };
        default:
          return { ...base, kind: 'expire', points: a, lot: c % 2 === 0 ? null : `e${b}` };
      }
    });
  }

  it('every point that was earned is somewhere, and no entry is lost', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const ledger = new PointsLedger();
        for (const change of changesOf(steps)) ledger.apply(change);
        ledger.advanceTo(10_000);
        const sum = (...kinds: string[]): number =>
          ledger.entries.reduce((total, { kind, points }) => total + (kinds.includes(kind) ? points : 0), 0);
        const { available, pending, reserved } = ledger.balance;
        expect(available + pending + reserved).toBe(sum('earned') - sum('redeemed', 'expired', 'clawed-back'));
        // By then every reservation has ended and every lot has become available.
        expect([pending, reserved]).toEqual([0, 0]);
        const left = ledger.lots.reduce((total, each) => total + each.left, 0);
        // Either points are left, or points are owed.
        expect(available).toBe(left > 0 ? left : Math.min(available, 0));
      }),
      { numRuns: 500 },
    );
  });

  it('reservations that were not refused never exceed what was available', () => {
    fc.assert(
      fc.property(history, (steps) => {
        const ledger = new PointsLedger();
        for (const change of changesOf(steps)) {
          ledger.advanceTo(change.at - 1);
          if (change.kind === 'reserve' && ledger.refusalOf(change.points) !== null) continue;
          const before = ledger.balance;
          ledger.apply(change);
          if (change.kind === 'reserve' && ledger.balance.reserved > before.reserved)
            expect(ledger.balance.available).toBeGreaterThanOrEqual(0);
        }
        expect(ledger.issues.map(({ kind }) => kind)).not.toContain('reserved-beyond-balance');
      }),
      { numRuns: 500 },
    );
  });

  it('looking at it on the way changes nothing', () => {
    fc.assert(
      fc.property(history, fc.array(fc.nat({ max: 500 })), (steps, looks) => {
        const [once, often] = [new PointsLedger(), new PointsLedger()];
        const ordered = [...looks].sort((a, b) => a - b);
        for (const change of changesOf(steps)) {
          once.apply(change);
          // What comes due at the instant of an event comes after it.
          while (ordered.length > 0 && (ordered[0] as number) < change.at) often.advanceTo(ordered.shift() as number);
          often.apply(change);
        }
        once.advanceTo(10_000);
        often.advanceTo(10_000);
        expect(often.entries).toEqual(once.entries);
      }),
      { numRuns: 300 },
    );
  });
});
