import { describe, expect, it } from '@jest/globals';
import { backoffMs } from './backoff.js';

describe('the wait between attempts', () => {
  it('doubles up to its bound, and stays there however many failures there are', () => {
    const waits = [1, 2, 3, 4, 5, 2_000].map((failures) => backoffMs(failures, { firstMs: 500, maxMs: 3_000 }));
    expect(waits).toEqual([500, 1_000, 2_000, 3_000, 3_000, 3_000]);
  });
});
