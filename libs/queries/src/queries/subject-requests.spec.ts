import { describe, expect, it } from '@jest/globals';
import { dueState } from './subject-requests.js';

const BERLIN = { dueOn: '2026-03-01', timeZone: 'Europe/Berlin', answeredAt: null };
const at = (text: string): number => Date.parse(text);

describe('the time that is left to answer a request', () => {
  it.each([
    ['2026-02-01T00:00:00+01:00', 'open', 28],
    ['2026-02-21T23:59:59+01:00', 'open', 8],
    ['2026-02-22T00:00:00+01:00', 'due', 7],
    ['2026-03-01T00:00:00+01:00', 'due', 0],
    ['2026-03-01T23:59:59.999+01:00', 'due', 0],
    ['2026-03-02T00:00:00+01:00', 'overdue', 0],
    ['2026-12-31T00:00:00Z', 'overdue', 0],
  ])('at %s: %s, %i days', (now, state, daysLeft) => {
    expect(dueState(BERLIN, at(now))).toEqual({ state, daysLeft });
  });

  it('ends with the day of the business, not of UTC', () => {
    const auckland = { dueOn: '2026-03-01', timeZone: 'Pacific/Auckland', answeredAt: null };
    expect(dueState(auckland, at('2026-03-01T11:00:00Z'))).toEqual({ state: 'overdue', daysLeft: 0 });
    expect(dueState(auckland, at('2026-03-01T10:59:59Z'))).toEqual({ state: 'due', daysLeft: 0 });
  });

  it('no longer counts once it is answered', () => {
    expect(dueState({ ...BERLIN, answeredAt: 1 }, at('2027-01-01T00:00:00Z'))).toEqual({
      state: 'answered',
      daysLeft: null,
    });
  });
});
