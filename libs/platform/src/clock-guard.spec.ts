import { readFileSync } from 'node:fs';
import { platform, uptime } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DAY, HOUR, MINUTE } from '#contracts';
import { SYSTEM_CLOCK } from './clock.js';
import { ClockGuard } from './clock-guard.js';

const START = Date.UTC(2026, 0, 31, 12);

describe('the clock of a process', () => {
  let wall = START;
  let elapsed = 0;
  let guard: ClockGuard;
  const pass = (ms: number): void => {
    wall += ms;
    elapsed += ms;
  };
  const marks = (newestEvent: number | null, projectorClock: number | null = null) => ({ newestEvent, projectorClock });

  beforeEach(() => {
    wall = START;
    elapsed = 777_000;
    guard = new ClockGuard({ now: () => wall, elapsed: () => elapsed });
  });

  it.each([
    ['an hour passes', () => pass(HOUR), 0],
    ['the machine sleeps for a month', () => pass(30 * DAY), 0],
    ['it is set by a day', () => (wall += DAY), DAY],
    ['it is set back by a day', () => (wall -= DAY), -DAY],
  ])('is believed where %s', (_, happens, jumpMs) => {
    happens();
    expect(guard).toMatchObject({ jumped: false, mayPublish: true, jumpMs });
    expect(guard.now()).toBe(wall);
    expect(guard.report()).toMatchObject({ state: 'right', now: wall });
  });

  it.each([
    ['forward by more than a day', DAY + 1],
    ['forward by 400 days', 400 * DAY],
    ['back by 400 days', -400 * DAY],
  ])('is not believed where it is set %s, until it returns', (_, jump) => {
    pass(HOUR);
    wall += jump;
    pass(MINUTE);
    expect(guard).toMatchObject({ jumped: true, mayPublish: false, jumpMs: jump });
    expect(guard.now()).toBe(START + HOUR + MINUTE);
    expect(guard.report()).toMatchObject({ state: 'jumped', expected: START + HOUR + MINUTE });
    wall -= jump;
    expect(guard.report().state).toBe('right');
    expect(guard.now()).toBe(wall);
  });

  it('is believed again where an operator confirms it', () => {
    wall += 400 * DAY;
    guard.confirm();
    pass(HOUR);
    expect(guard.report().state).toBe('right');
    expect(guard.now()).toBe(wall);
    // What was right before is a jump now.
    wall -= 400 * DAY;
    expect(guard.report().state).toBe('jumped');
  });

  it.each([
    ['an empty log', marks(null), 'right'],
    ['an event of last year', marks(START - 400 * DAY), 'right'],
    ['an event five minutes ahead', marks(START + 5 * MINUTE), 'right'],
    ['an event more than five minutes ahead', marks(START + 5 * MINUTE + 1), 'behind'],
    ['a projector that was 400 days ahead', marks(START, START + 400 * DAY), 'behind'],
    ['a projector ahead, and no log in this process', marks(null, START + HOUR), 'behind'],
  ] as const)('is compared with what is recorded: %s', (_, recorded, state) => {
    guard.see(recorded, null);
    expect(guard.report().state).toBe(state);
    expect(guard.mayPublish).toBe(true);
  });

  it('says in one sentence what is wrong, and what to do', () => {
    guard.see(marks(START + 400 * DAY), null);
    expect(guard.report().detail).toBe(
      'The clock says 2026-01-31T12:00:00Z, and the newest event was recorded at 2027-03-07T12:00:00Z, 400 days later: this clock is wrong, or another one was. Set it right; if it is right, perennial clock confirm accepts it.',
    );
    wall -= 30 * HOUR;
    expect(guard.report().detail).toBe(
      'The clock says 2026-01-30T06:00:00Z, 30 hours behind what elapsed time gives (2026-01-31T12:00:00Z): nothing is published and no deadline is fired until it is set right, or perennial clock confirm accepts it.',
    );
  });

  it('keeps the distance to what is recorded after it was confirmed, and speaks again where that grows', () => {
    const ahead = START + 400 * DAY;
    guard.see(marks(ahead), null);
    guard.confirm();
    expect(guard.report()).toMatchObject({ state: 'right', aheadMs: 400 * DAY });
    pass(DAY);
    guard.see(marks(ahead), null);
    expect(guard.report()).toMatchObject({ state: 'right', aheadMs: 399 * DAY });
    guard.see(marks(ahead + 1), null);
    expect(guard.report().state).toBe('behind');
    // Another process, or the next start, reads what was accepted.
    const next = new ClockGuard({ now: () => wall });
    next.see(marks(ahead + 1), ahead + 1);
    expect(next.report().state).toBe('right');
  });

  it('stops nothing where no elapsed time is known', () => {
    const without = new ClockGuard({ now: () => wall });
    wall += 400 * DAY;
    expect(without).toMatchObject({ jumped: false, jumpMs: 0 });
    expect(without.report()).toMatchObject({ state: 'right', expected: null });
  });

  it('never goes on by a set clock, whatever happens in whatever order', () => {
    const happening = fc.oneof(
      fc.record({ passes: fc.integer({ min: 0, max: 40 * DAY }) }),
      fc.record({ set: fc.integer({ min: -500 * DAY, max: 500 * DAY }) }),
    );
    fc.assert(
      fc.property(fc.array(happening, { maxLength: 20 }), (happenings) => {
        let at = START;
        const time = { wall: START, elapsed: 5 };
        const watched = new ClockGuard({ now: () => time.wall, elapsed: () => time.elapsed });
        for (const each of happenings) {
          if ('set' in each) time.wall += each.set;
          else {
            at += each.passes;
            time.wall += each.passes;
            time.elapsed += each.passes;
          }
          expect(watched.jumped).toBe(Math.abs(time.wall - at) > DAY);
          expect(Math.abs(watched.now() - at)).toBeLessThanOrEqual(DAY);
        }
      }),
    );
  });
});

describe('elapsed time', () => {
  const elapsed = () => SYSTEM_CLOCK.elapsed?.() ?? Number.NaN;

  it('passes as time does', async () => {
    const [before, begun] = [elapsed(), performance.now()];
    await sleep(300);
    expect(Math.abs(elapsed() - before - (performance.now() - begun))).toBeLessThan(100);
  });

  // /proc/uptime is the kernel's boot time clock, which counts suspended time; the monotonic clock does not.
  (platform() === 'linux' ? it : it.skip)('counts the time that the machine sleeps', () => {
    const [first = ''] = readFileSync('/proc/uptime', 'utf8').split(' ');
    expect(Math.abs(uptime() - Number(first))).toBeLessThan(1);
  });
});
