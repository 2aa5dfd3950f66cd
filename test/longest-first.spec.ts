import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

describe('the suites that begin first', () => {
  it('are all there', async () => {
    // A script, of which the compiler knows nothing.
    const script: string = '../scripts/longest-first.mjs';
    const { LONGEST } = (await import(script)) as { readonly LONGEST: readonly string[] };
    expect(LONGEST.length).toBeGreaterThan(0);
    expect(LONGEST.filter((suite) => !existsSync(suite))).toEqual([]);
  });
});
