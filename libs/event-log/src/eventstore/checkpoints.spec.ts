import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Checkpoints, placeOf, type Place } from './checkpoints.js';

const NOWHERE: Place = { commit: 0xffff_ffff_ffff_ffffn, prepare: 0xffff_ffff_ffff_ffffn };

function noted(...places: readonly (number | Place)[]): Checkpoints {
  const checkpoints = new Checkpoints();
  for (const place of places) checkpoints.note(typeof place === 'number' ? placeOf(place) : place);
  return checkpoints;
}

describe('the place where a subscription begins again', () => {
  it('is the checkpoint before the last, as it came', () => {
    expect(noted(100).above(0)).toBeNull();
    expect(noted(100, 200).above(0)).toEqual(placeOf(100));
    expect(noted({ commit: 100n, prepare: 0n }, 200, 300).above(50)).toEqual(placeOf(200));
    expect(noted({ commit: 100n, prepare: 0n }, 200).above(50)).toEqual({ commit: 100n, prepare: 0n });
  });

  it('is no checkpoint at or below the last event that was taken', () => {
    expect(noted(100, 200).above(100)).toBeNull();
    expect(noted(100, 200).above(250)).toBeNull();
  });

  it('is not moved by what no position can be, by a repetition, or by an earlier one', () => {
    expect(noted(100, NOWHERE).above(0)).toBeNull();
    expect(noted(NOWHERE, NOWHERE).above(0)).toBeNull();
    expect(noted(100, { commit: 1n << 53n, prepare: 0n }).above(0)).toBeNull();
    expect(noted(100, { commit: 200n, prepare: 300n }).above(0)).toBeNull();
    expect(noted(100, 100, { commit: 100n, prepare: 0n }, 50).above(0)).toBeNull();
  });

  it('never lies at or above the next event, however the checkpoints come that lie no higher than it', () => {
    const rising = fc
      .uniqueArray(fc.integer({ min: 1, max: 1_000 }), { minLength: 1, maxLength: 30 })
      .map((places) => places.sort((a, b) => a - b));
    fc.assert(
      fc.property(
        rising,
        fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 0, max: 1_000 })), { maxLength: 60 }),
        (events, told) => {
          const checkpoints = new Checkpoints();
          let taken = 0;
          // After so many events were taken, a checkpoint anywhere up to the next event, that event's own place included.
          for (const [count, place] of [...told].sort(([a], [b]) => a - b)) {
            const next = events[Math.min(count, events.length - 1)] as number;
            taken = count === 0 ? 0 : (events[Math.min(count, events.length - 1) - 1] ?? 0);
            checkpoints.note(place % 7 === 0 ? NOWHERE : placeOf(Math.min(place, next)));
            const above = checkpoints.above(taken);
            if (above === null) continue;
            expect(Number(above.commit)).toBeGreaterThan(taken);
            expect(Number(above.commit)).toBeLessThan(next);
          }
        },
      ),
    );
  });
});
