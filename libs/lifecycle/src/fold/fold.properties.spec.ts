import { isDeepStrictEqual } from 'node:util';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { orderAmountMinor } from '#contracts';
import {
  snapshotFits,
  compareEvents,
  foldCustomer,
  type Snapshot,
  type FoldResult,
  type LifecycleEvent,
} from '../index.js';
import type { EventRef, StagePeriod } from '../model.js';
import { DAY, histories, HOUR, START, type History } from '../testdata/histories.js';

// fast-check prints seed and path of a failure: put them into the second argument to replay it.
const RUNS = { numRuns: 2_000 };
const END = START + 40 * 365 * DAY;

const fold = ({ events, policies }: History, asOf = END): FoldResult => foldCustomer({ events, policies, asOf });

/** What a reader keeps of a customer between two arrivals. */
interface Kept {
  readonly snapshot: Snapshot;
  readonly stagePeriods: readonly StagePeriod[];
  readonly booked: Booked;
  readonly view: FoldResult['view'];
}

/** What a resumed fold gives, put on top of what was known: from the first stage period it names on, stage periods are replaced. */
function onTop(before: readonly StagePeriod[], after: readonly StagePeriod[]): readonly StagePeriod[] {
  const from = after[0]?.seq ?? before.length;
  return [...before.slice(0, from), ...after];
}

type Booked = Pick<FoldResult, 'bookings' | 'discrepancies'>;

/** The same for what was booked and listed: what belongs to the events that are given again is replaced. */
function bookedOnTop(before: Booked | null, after: FoldResult): Booked {
  const replaced = new Set(after.rebooked.map(keyOf));
  const kept = <T extends { readonly event: EventRef }>(rows: readonly T[] = []) =>
    rows.filter(({ event }) => !replaced.has(keyOf(event)));
  return {
    bookings: [...kept(before?.bookings), ...after.bookings],
    discrepancies: [...kept(before?.discrepancies), ...after.discrepancies],
  };
}

const keyOf = ({ source, id }: EventRef) => `${source} ${id}`;

/** As rows of a table are: in no order. */
function rowsOf({ bookings, discrepancies }: Booked): readonly string[] {
  return [...bookings, ...discrepancies].map((row) => JSON.stringify(Object.entries(row).sort())).sort();
}

/** What counts at an instant. */
function bookedAt({ bookings, discrepancies }: Booked, asOf: number): Booked {
  const counts = (at: number, until: number | null) => at <= asOf && (until === null || until > asOf);
  return {
    bookings: bookings
      .filter(({ at, voidedAt }) => counts(at, voidedAt))
      .map((booking) => ({ ...booking, voidedAt: null })),
    discrepancies: discrepancies
      .filter(({ at, settledAt }) => counts(at, settledAt))
      .map((one) => ({ ...one, settledAt: null })),
  };
}

/** As `toEqual`, whose own comparison is too slow for so many: it is asked only to show the difference. */
function same(actual: unknown, expected: unknown): void {
  if (!isDeepStrictEqual(actual, expected)) expect(actual).toStrictEqual(expected);
}

/** A reader that shares the snapshot must not see it change: a write to it throws. */
function frozen<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(frozen);
  }
  return value;
}

/** A snapshot as it comes back from where it was kept. */
function stored(snapshot: Snapshot): Snapshot {
  return frozen(JSON.parse(JSON.stringify(snapshot)) as Snapshot);
}

describe('a fold', () => {
  it('gives the same state for any order of arrival, folding on top where it can and again where it must', () => {
    const arrivals = histories().chain((history) =>
      fc.record({
        history: fc.constant(history),
        arriving: fc.shuffledSubarray([...history.events], { minLength: history.events.length }),
      }),
    );
    fc.assert(
      fc.property(arrivals, ({ history, arriving }) => {
        const { policies } = history;
        let known: LifecycleEvent[] = [];
        let kept = null as Kept | null;
        for (const event of arriving) {
          const last: LifecycleEvent | undefined = known.at(-1);
          const late = last !== undefined && compareEvents(event, last) < 0;
          known = [...known, event].sort(compareEvents);
          const result: FoldResult =
            kept === null || late
              ? foldCustomer({ events: known, policies, asOf: END })
              : foldCustomer({ events: [event], policies, asOf: END, snapshot: kept.snapshot });
          const on: Kept | null = late ? null : kept;
          kept = {
            snapshot: result.snapshot,
            stagePeriods: onTop(on?.stagePeriods ?? [], result.stagePeriods),
            booked: bookedOnTop(on?.booked ?? null, result),
            view: result.view,
          };
        }
        const whole = fold(history);
        const { view, stagePeriods, snapshot } = whole;
        same(kept && { ...kept, booked: rowsOf(kept.booked) }, { view, stagePeriods, snapshot, booked: rowsOf(whole) });
      }),
      { numRuns: 10_000 },
    );
  });

  it('resumed from any cut, after any wait, is the fold of the whole: a deadline fires at its instant however late anyone looks', () => {
    fc.assert(
      fc.property(histories(), fc.integer({ min: 0, max: 500 }), (history, waitDays) => {
        const { events, policies } = history;
        const whole = fold(history);
        for (let cut = 0; cut <= events.length; cut += 1) {
          const key = events[cut - 1]?.occurredAt ?? START;
          const next = events[cut]?.occurredAt ?? END;
          // A reader looks at an instant before the next event: it changes nothing of what comes after.
          const looked = Math.min(key + waitDays * DAY, Math.max(next - 1, key), END);
          const first = foldCustomer({ events: events.slice(0, cut), policies, asOf: looked });
          const snapshot = stored(first.snapshot);
          const second = foldCustomer({ events: events.slice(cut), policies, asOf: END, snapshot });
          same(second.view, whole.view);
          same(rowsOf(bookedOnTop(first, second)), rowsOf(whole));
          const early = foldCustomer({ events: events.slice(0, cut), policies, asOf: key });
          same(onTop(early.stagePeriods, second.stagePeriods), whole.stagePeriods);
          same(second.snapshot, whole.snapshot);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it('leaves snapshots from each of which it goes on as if it had never stopped', () => {
    fc.assert(
      fc.property(histories(30), fc.integer({ min: 1, max: 7 }), ({ events, policies }, every) => {
        const whole = foldCustomer({ events, policies, asOf: END, snapshotEvery: every });
        expect(whole.snapshots).toHaveLength(Math.floor(events.length / every));
        whole.snapshots.forEach((snapshot, index) => {
          const rest = events.slice((index + 1) * every);
          const resumed = foldCustomer({ events: rest, policies, asOf: END, snapshot: stored(snapshot) });
          same(resumed.view, whole.view);
          same(resumed.stagePeriods, whole.stagePeriods.slice(resumed.stagePeriods[0]?.seq ?? 0));
        });
      }),
      RUNS,
    );
  });

  it('knows a snapshot that was folded under another policy, and goes on from it all the same', () => {
    fc.assert(
      fc.property(histories(), ({ events, policies }) => {
        const { snapshot } = foldCustomer({ events, policies, asOf: END });
        const last = events.at(-1)?.occurredAt ?? START;
        const first = policies.eras.slice(0, 1);
        expect(snapshotFits(snapshot, policies)).toBe(true);
        const replaced = policies.eras.slice(1).some(({ from }) => from <= last);
        expect(snapshotFits(snapshot, { eras: first })).toBe(!replaced);
        const resumed = foldCustomer({
          events: [],
          policies: { eras: first },
          asOf: END,
          snapshot: stored(snapshot),
        });
        expect(resumed.view?.policyVersion ?? 'retail@1').toBe('retail@1');
        if (!replaced) same(resumed.view, foldCustomer({ events, policies: { eras: first }, asOf: END }).view);
      }),
      RUNS,
    );
  });

  it('tiles time with stage periods: no gap, no overlap, none of length zero, no two equal neighbours', () => {
    fc.assert(
      fc.property(histories(30), (history) => {
        const { stagePeriods, view } = fold(history);
        const real = history.events.filter(({ test }) => !test);
        expect(view === null).toBe(real.length === 0);
        stagePeriods.forEach((period, index) => {
          const next = stagePeriods[index + 1];
          expect(period.seq).toBe(index);
          expect(period.leftAt).toBe(next?.enteredAt ?? null);
          if (next === undefined) return;
          expect(next.enteredAt).toBeGreaterThan(period.enteredAt);
          expect([next.cycle, next.stage, next.phase]).not.toEqual([period.cycle, period.stage, period.phase]);
          expect(next.cycle - period.cycle === 0 || next.cycle - period.cycle === 1).toBe(true);
        });
        expect(stagePeriods[0]?.enteredAt).toBe(real[0]?.occurredAt);
        expect(stagePeriods.at(-1)?.enteredAt).toBe(view?.enteredAt);
      }),
      RUNS,
    );
  });

  it('at an earlier asOf is the later one cut there', () => {
    fc.assert(
      fc.property(histories(), fc.integer({ min: 0, max: 4 * 365 * 24 }), (history, hours) => {
        const asOf = START + hours * HOUR;
        const whole = fold(history);
        const early = fold(history, asOf);
        const cut = whole.stagePeriods
          .filter(({ enteredAt }) => enteredAt <= asOf)
          .map((period) => (period.leftAt !== null && period.leftAt > asOf ? { ...period, leftAt: null } : period));
        same(early.stagePeriods, cut);
        same(rowsOf(bookedAt(early, asOf)), rowsOf(bookedAt(whole, asOf)));
      }),
      RUNS,
    );
  });

  it('has the revenue that was booked, and never takes more back than there was', () => {
    fc.assert(
      fc.property(histories(), fc.integer({ min: 0, max: 4 * 365 * 24 }), (history, hours) => {
        const asOf = START + hours * HOUR;
        const result = fold(history, asOf);
        const sums = new Map<string, number>();
        const left = new Map<string, number>();
        for (const { amountMinor, currency, orderId, orderAt, orderSource } of bookedAt(result, asOf).bookings) {
          sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
          if (orderAt === null) continue;
          const order = `${orderSource} ${orderId} ${orderAt} ${currency}`;
          left.set(order, (left.get(order) ?? 0) + amountMinor);
        }
        for (const { currency, amountMinor } of result.view?.revenue ?? [])
          expect([currency, sums.get(currency) ?? 0]).toEqual([currency, amountMinor]);
        expect(result.view?.revenue.length ?? 0).toBe(sums.size);
        const legacy = history.events.some(({ data }) => (orderAmountMinor(data) ?? 0) < 0);
        const otherCurrency = new Set(
          result.discrepancies.flatMap(({ kind, orderId, orderSource, orderAt, currency }) =>
            kind === 'other-currency' ? [`${orderSource} ${orderId} ${orderAt} ${currency}`] : [],
          ),
        );
        if (!legacy)
          for (const [order, net] of left)
            if (!otherCurrency.has(order)) expect([order, net < 0]).toEqual([order, false]);
      }),
      RUNS,
    );
  });

  it('names the next deadline, at which and not before which they are moved', () => {
    fc.assert(
      fc.property(histories(), fc.integer({ min: 0, max: 900 }), (history, days) => {
        const asOf = START + days * DAY;
        const events = history.events.filter(({ occurredAt }) => occurredAt <= asOf);
        // Under one policy: a change of policy is a reason to look again in its own right.
        const policies = { eras: history.policies.eras.slice(0, 1) };
        const known = { events, policies };
        const { view, stagePeriods } = fold(known, asOf);
        if (view === null) return;
        const later = fold(known).stagePeriods;
        const moved = later[stagePeriods.length]?.enteredAt ?? null;
        const moving = view.deadlines.find(({ kind }) => !FLAGS.has(kind)) ?? null;
        expect(view.next?.dueAt ?? Infinity).toBeGreaterThan(asOf);
        if (moved === null) expect(moving === null || moving.kind === 'grace-ends').toBe(true);
        else expect(view.next?.dueAt ?? Infinity).toBeLessThanOrEqual(moved);
        const grace = view.deadlines.some(({ kind }) => kind === 'grace-ends');
        if (moving !== null && !grace) expect(moved).toBe(moving.dueAt);
      }),
      RUNS,
    );
  });

  it('is pure: twice is once, and neither events nor snapshots are touched', () => {
    fc.assert(
      fc.property(histories(), ({ events, policies }) => {
        const given = frozen(events.map((event) => ({ ...event })));
        const once = foldCustomer({ events: given, policies, asOf: END, snapshotEvery: 3 });
        const twice = foldCustomer({ events: given, policies, asOf: END, snapshotEvery: 3 });
        same(twice, once);
        const again = foldCustomer({ events: [], policies, asOf: END, snapshot: stored(once.snapshot) });
        same(again.view, once.view);
        same(again.snapshot, once.snapshot);
        same(again.bookings, []);
        same(again.discrepancies, []);
      }),
      RUNS,
    );
  });

  it('leaves test traffic out of everything', () => {
    fc.assert(
      fc.property(histories(), ({ events, policies }) => {
        const asIf = fold({ events: events.filter(({ test }) => !test), policies });
        const result = fold({ events, policies });
        same(result.view, asIf.view);
        same(result.stagePeriods, asIf.stagePeriods);
      }),
      RUNS,
    );
  });
});

const FLAGS = new Set(['second-order-due', 'quote-ends']);
