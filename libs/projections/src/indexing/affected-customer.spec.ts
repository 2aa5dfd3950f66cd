import { describe, expect, it } from '@jest/globals';
import type { RecordedEvent } from '#event-log';
import { day, subject, touchpoint } from '../testdata/touchpoints.js';
import { affectedCustomers, type SubjectChanges } from './affected-customer.js';

const anna = subject('userId', 'anna');
const browser = subject('anonymousId', 'browser');

const visit = (at: number, position: number): RecordedEvent => {
  const { stream, event } = touchpoint({ who: { userId: 'anna' }, at: day(at), type: 'site-visited' });
  return { ...event, stream, revision: 0, position, recordedAt: day(30) };
};
const changes = (some: Partial<SubjectChanges> = {}): SubjectChanges => ({
  customerOf: new Map([[anna, anna]]),
  fresh: new Set<string>(),
  moved: new Map(),
  erased: [],
  ...some,
});

describe('the customers that a batch concerns', () => {
  it('have their events in log order, and the earliest instant of these', () => {
    const events = [visit(5, 1), visit(3, 2), visit(4, 3)];
    expect(affectedCustomers(new Map([[anna, events]]), changes())).toEqual([
      { customerId: anna, reason: 'events', events, earliestAt: day(3), complete: false },
    ]);
  });

  it('are complete only where the batch shows them for the first time', () => {
    const touchpoints = new Map([[anna, [visit(5, 1)]]]);
    expect(affectedCustomers(touchpoints, changes({ fresh: new Set([anna]) }))).toMatchObject([{ complete: true }]);
    expect(affectedCustomers(touchpoints, changes({ fresh: new Set([browser]) }))).toMatchObject([{ complete: false }]);
  });

  it('have the events of all their subjects', () => {
    const customerOf = new Map([anna, browser].map((id) => [id, anna]));
    const touchpoints = new Map([
      [browser, [visit(5, 1)]],
      [anna, [visit(4, 2)]],
    ]);
    expect(affectedCustomers(touchpoints, changes({ customerOf }))).toMatchObject([
      { customerId: anna, events: [{ position: 1 }, { position: 2 }], earliestAt: day(4) },
    ]);
  });

  it('are folded from the beginning after a merge or an unmerge, whatever of them is at hand', () => {
    const customerOf = new Map([anna, browser].map((id) => [id, anna]));
    const fresh = new Set([anna, browser]);
    const moved = new Map([
      [anna, 'merge'],
      [browser, 'unmerge'],
    ] as const);
    const from = { earliestAt: -Infinity, complete: false };
    expect(affectedCustomers(new Map([[anna, [visit(5, 1)]]]), changes({ customerOf, fresh, moved }))).toMatchObject([
      { ...from, customerId: anna, reason: 'merge', events: [{ position: 1 }] },
      { ...from, customerId: browser, reason: 'unmerge', events: [] },
    ]);
  });

  it('include those with an erased subject, who have no new event', () => {
    expect(affectedCustomers(new Map(), changes({ erased: [anna] }))).toEqual([
      { customerId: anna, reason: 'events', events: [], earliestAt: null, complete: false },
    ]);
  });
});
