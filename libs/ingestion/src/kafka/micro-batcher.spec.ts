import { describe, expect, it } from '@jest/globals';
import type { IngestItem, ItemResult } from '../pipeline/item.js';
import { MicroBatcher } from './micro-batcher.js';

const items = (...names: string[]): IngestItem[] => names.map((document) => ({ document }));
const results = (taken: readonly IngestItem[]): ItemResult[] =>
  taken.map(({ document }, index) => ({ index, source: 's', id: String(document), outcome: 'duplicate' }));

/** Takes that end when they are told to. */
function held() {
  const takes: { names: unknown[]; end: (error?: Error) => void }[] = [];
  const take = (given: readonly IngestItem[]) =>
    new Promise<readonly ItemResult[]>((resolve, reject) => {
      const end = (error?: Error) => (error === undefined ? resolve(results(given)) : reject(error));
      takes.push({ names: given.map(({ document }) => document), end });
    });
  return { take, takes };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('gathering', () => {
  it('makes one take of all that came while others were under way, and gives everybody their own results', async () => {
    const { take, takes } = held();
    const microBatcher = new MicroBatcher(take, 4);
    const offers = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => microBatcher.offer(() => items(name), 1));
    expect(takes.map(({ names }) => names)).toEqual([['a'], ['b']]);
    takes[0]?.end();
    await turn();
    expect(takes[2]?.names).toEqual(['c', 'd', 'e', 'f']);
    takes[1]?.end();
    takes[2]?.end();
    const told = (await Promise.all(offers)).map((own) => own.map(({ id, index }) => `${id} ${index}`));
    expect(told).toEqual([['a 0'], ['b 0'], ['c 0'], ['d 0'], ['e 0'], ['f 0']]);
  });

  it('takes no more at once than it may, but an offer whole', async () => {
    const { take, takes } = held();
    const microBatcher = new MicroBatcher(take, 2);
    const offers = [['a'], ['b'], ['c'], ['d', 'e', 'f']].map((names) =>
      microBatcher.offer(() => items(...names), names.length),
    );
    takes.forEach(({ end }) => end());
    await turn();
    expect(takes.map(({ names }) => names)).toEqual([['a'], ['b'], ['c'], ['d', 'e', 'f']]);
    takes.forEach(({ end }) => end());
    await Promise.all(offers);
  });

  it('tries everybody alone where a take fails, so that one does not hold up the others', async () => {
    const take = (given: readonly IngestItem[]) =>
      given.some(({ document }) => document === 'bad')
        ? Promise.reject(new Error('no'))
        : Promise.resolve(results(given));
    const microBatcher = new MicroBatcher(take, 100);
    const all = await Promise.allSettled(
      ['a', 'b', 'c', 'bad', 'd'].map((name) => microBatcher.offer(() => items(name), 1)),
    );
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });
});
