import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Window } from './window.js';

describe('a window', () => {
  it('lets in no more than its places and its bytes, one that is larger than both alone, and all in the order in which they came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 4 }),
        fc.scheduler(),
        async (sizes, places, scheduler) => {
          const window = new Window(places, 10);
          const inside = new Set<number>();
          const entered: number[] = [];
          const all = Promise.all(
            sizes.map((bytes, index) =>
              window.with(async () => {
                inside.add(index);
                entered.push(index);
                const held = [...inside].reduce((sum, at) => sum + (sizes[at] as number), 0);
                expect(inside.size).toBeLessThanOrEqual(places);
                expect(held <= 10 || inside.size === 1).toBe(true);
                await scheduler.schedule(Promise.resolve());
                inside.delete(index);
              }, bytes),
            ),
          );
          await scheduler.waitFor(all);
          expect(entered).toEqual(sizes.map((_, index) => index));
        },
      ),
    );
  });

  it('is left by what fails', async () => {
    const window = new Window(1);
    await expect(window.with(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    expect(await window.with(() => Promise.resolve('entered'))).toBe('entered');
  });
});
