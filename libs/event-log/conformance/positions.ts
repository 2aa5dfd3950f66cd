import { expect } from '@jest/globals';
import type { LogFixture } from './fixture.js';

/** Positions that rise, all above a position; in a dense log they are the very next ones. */
export function expectNext({ dense }: LogFixture, after: number, positions: readonly number[]): void {
  let last = after;
  for (const position of positions) {
    expect(position).toBeGreaterThan(last);
    last = position;
  }
  if (dense === true) expect(positions).toEqual(positions.map((_, i) => after + 1 + i));
}
