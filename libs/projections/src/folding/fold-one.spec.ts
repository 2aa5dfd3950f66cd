import { describe, expect, it } from '@jest/globals';
import { policyTimeline, type LifecycleEvent } from '#lifecycle';
import { recorded } from '../testdata/folded.js';
import { day, subject, touchpoint } from '../testdata/touchpoints.js';
import { allAfter, foldOne, inOrder, isAfter, type FoldState } from './fold-one.js';

const CUSTOMER = { customerId: 'anna', subjectIds: [subject('userId', 'anna')] };

const visit = (at: number, id: string) =>
  touchpoint({ who: { userId: 'anna' }, at: day(at), type: 'site-visited', id });
const visits = (...days: number[]): LifecycleEvent[] =>
  inOrder(recorded(days.map((at) => visit(at, `v${String(at).padStart(4, '0')}`))));
const foldUpTo = (asOf: number, events: readonly LifecycleEvent[], base: FoldState | null = null) =>
  foldOne(CUSTOMER, events, base, { policies: policyTimeline([]), asOf: day(asOf), position: 99, snapshotEvery: 3 });

describe('the fold of one customer', () => {
  it('folds an event at the instant of the fold, and says when the first later one comes', () => {
    const { folded, newest, waitingUntil } = foldUpTo(2, visits(1, 2, 2.5, 3));
    expect(folded).toMatchObject({ view: { touchpoints: 2 }, waitingUntil: day(2.5), whole: true });
    expect(newest).toMatchObject({ events: 2, uptoAt: day(2), position: 99 });
    expect(waitingUntil).toBe(day(2.5));
    expect(foldUpTo(0, visits(1))).toEqual({ folded: null, waitingUntil: day(1), newest: null, snapshots: [] });
  });

  it('leaves a snapshot every so many events, each with the instant of its last event, and none at the newest', () => {
    const { newest, snapshots } = foldUpTo(40, visits(1, 2, 3, 4, 5, 6, 7, 8, 9));
    expect(snapshots.map(({ events, uptoAt }) => [events, uptoAt])).toEqual([
      [3, day(3)],
      [6, day(6)],
    ]);
    expect(newest).toMatchObject({ events: 9, uptoAt: day(9) });
  });

  it('goes on from a state to the same result, counts on, and keeps that state where the count passes a multiple', () => {
    const whole = foldUpTo(40, visits(1, 2, 3, 4, 5, 6, 7));
    const first = foldUpTo(40, visits(1, 2, 3, 4, 5)).newest;
    const rest = foldUpTo(40, visits(6, 7), first);
    expect(rest.newest).toEqual(whole.newest);
    expect(rest.folded).toMatchObject({ view: whole.folded?.view, whole: false });
    expect(rest.snapshots).toEqual([first]);
    expect(foldUpTo(40, [], first).newest).toEqual(first);
  });

  it('orders events of one instant by their ids, whatever their order in the log', () => {
    const base = foldUpTo(40, inOrder(recorded([visit(1, 'a'), visit(2, 'm')]))).newest;
    if (base === null) throw new Error('Nothing was folded.');
    const [before, same, after] = inOrder(recorded([visit(2, 'z'), visit(2, 'b'), visit(2, 'm')]));
    expect([before, same, after].map((event) => event?.id)).toEqual(['b', 'm', 'z']);
    expect([before, same, after].map((event) => event !== undefined && isAfter(event, base))).toEqual([
      false,
      false,
      true,
    ]);
    expect(allAfter([], base)).toBe(true);
    expect(allAfter(visits(2.5), base)).toBe(true);
    expect(allAfter(visits(1.5, 2.5), base)).toBe(false);
  });
});
