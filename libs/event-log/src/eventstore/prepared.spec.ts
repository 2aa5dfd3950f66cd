import { describe, expect, it } from '@jest/globals';
import { Samples } from '../../conformance/fixture.js';
import type { AppendItem } from '../port.js';
import { nextGroup, prepareEach, tooLargeTogether } from './prepared.js';

describe('what a batch comes to before it is sent', () => {
  const samples = new Samples();

  it('has the verdicts on what cannot be sent at their places, and all others with what is sent for them', () => {
    const [first, second, third] = samples.items(3) as [AppendItem, AppendItem, AppendItem];
    const { prepared, verdicts } = prepareEach([
      first,
      { ...second, event: { ...second.event, schemaVersion: -1 } },
      third,
    ]);
    expect(prepared.map(({ index }) => index)).toEqual([0, 2]);
    expect(verdicts).toEqual([
      undefined,
      { status: 'rejected', reason: expect.stringContaining('schemaVersion') },
      undefined,
    ]);
  });

  it('goes in groups of those that join, at most 500 and half of what an append may take', () => {
    const { prepared } = prepareEach(samples.items(1_201, samples.stream()));
    const sizes: number[] = [];
    for (let next = 0; next < prepared.length;) {
      const group = nextGroup(prepared, next, ({ index }) => index !== 600);
      sizes.push(group.length);
      next += group.length;
    }
    // The one that does not join goes alone.
    expect(sizes).toEqual([500, 100, 1, 500, 100]);

    const large = prepareEach(
      samples
        .items(5, samples.stream())
        .map(({ stream, event }) => ({ stream, event: { ...event, data: JSON.stringify('x'.repeat(200_000)) } })),
    ).prepared;
    expect(nextGroup(large, 0, () => true)).toHaveLength(2);
    expect(nextGroup(large, 4, () => true)).toHaveLength(1);
    expect(tooLargeTogether(large.slice(0, 2))).toBeNull();
    expect(tooLargeTogether([...large, ...large])).toHaveLength(10);
  });
});
