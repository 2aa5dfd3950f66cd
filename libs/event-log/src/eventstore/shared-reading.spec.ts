import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SharedReading } from './shared-reading.js';

describe('a reading that is shared', () => {
  it('is one for all who came while another was under way, and each is answered by one that began after it asked', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.scheduler(),
        fc.array(fc.nat(3), { minLength: 1, maxLength: 30 }),
        async (scheduler, gaps) => {
          let clock = 0;
          let begun = 0;
          let atOnce = 0;
          const answered: number[] = [];
          const reading = new SharedReading<number, { readonly at: number; readonly of: readonly number[] }>(
            async (take) => {
              begun += 1;
              expect((atOnce += 1)).toBe(1);
              const of = take();
              const at = (clock += 1);
              await scheduler.schedule(Promise.resolve());
              atOnce -= 1;
              return { at, of };
            },
          );
          const asked: Promise<void>[] = [];
          for (const [no, gap] of gaps.entries()) {
            const when = (clock += 1);
            asked.push(
              reading.ask(no).then(({ at, of }) => {
                expect(at).toBeGreaterThan(when);
                expect(of).toContain(no);
                answered.push(at);
              }),
            );
            for (let i = 0; i < gap; i += 1) await (scheduler.count() > 0 ? scheduler.waitOne() : Promise.resolve());
          }
          await scheduler.waitFor(Promise.all(asked));
          expect(answered).toEqual([...answered].sort((a, b) => a - b));
          expect(begun).toBeLessThanOrEqual(gaps.length);
          // All that came after the first, in one turn.
          if (gaps.every((gap) => gap === 0)) expect(begun).toBe(Math.min(2, gaps.length));
        },
      ),
      { numRuns: 200 },
    );
  });

  it('that is tried again answers those as well who came before its last attempt', async () => {
    let tryAgain = () => {};
    const reading = new SharedReading<string, string>(async (take) => {
      take();
      await new Promise<void>((resolve) => (tryAgain = resolve));
      return take().join();
    });
    const first = reading.ask('a');
    await Promise.resolve();
    const second = reading.ask('b');
    tryAgain();
    expect(await Promise.all([first, second])).toEqual(['a,b', 'a,b']);
  });

  it('fails for all who wait when it fails, and goes on with the next question', async () => {
    let fails = true;
    const reading = new SharedReading<number, number>(async (take) => {
      const { length } = take();
      await Promise.resolve();
      if (fails) throw new Error('away');
      return length;
    });
    const asked = [reading.ask(1), reading.ask(2)];
    expect(await Promise.allSettled(asked)).toMatchObject([{ status: 'rejected' }, { status: 'rejected' }]);
    fails = false;
    expect(await reading.ask(3)).toBe(1);
  });
});
