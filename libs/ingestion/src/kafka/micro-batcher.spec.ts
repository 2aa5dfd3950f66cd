import { describe, expect, it } from '@jest/globals';
import { MicroBatcher } from './micro-batcher.js';

interface Unit {
  readonly name: string;
  readonly size: number;
}
const unit = (name: string, size = 1): Unit => ({ name, size });

/** Batches that end when the spec says so; the result of a unit is its name in capitals. */
function heldBatches() {
  const batches: { names: string[]; end: (error?: Error) => void }[] = [];
  const run = (units: readonly Unit[]) =>
    new Promise<readonly string[]>((resolve, reject) => {
      const names = units.map(({ name }) => name);
      const end = (error?: Error) =>
        error === undefined ? resolve(names.map((name) => name.toUpperCase())) : reject(error);
      batches.push({ names, end });
    });
  return { run, batches };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('the micro-batcher', () => {
  it('joins the units that arrive while batches are in progress, and gives each its own result', async () => {
    const { run, batches } = heldBatches();
    const batcher = new MicroBatcher(run, 4);
    const results = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => batcher.add(unit(name)));
    expect(batches.map(({ names }) => names)).toEqual([['a'], ['b']]);
    batches[0]?.end();
    await turn();
    expect(batches[2]?.names).toEqual(['c', 'd', 'e', 'f']);
    batches[1]?.end();
    batches[2]?.end();
    expect(await Promise.all(results)).toEqual(['A', 'B', 'C', 'D', 'E', 'F']);
  });

  it('keeps a batch within its size, but runs a larger unit whole', async () => {
    const { run, batches } = heldBatches();
    const batcher = new MicroBatcher(run, 2);
    const results = [unit('a'), unit('b'), unit('c'), unit('d', 3)].map((each) => batcher.add(each));
    batches.forEach(({ end }) => end());
    await turn();
    expect(batches.map(({ names }) => names)).toEqual([['a'], ['b'], ['c'], ['d']]);
    batches.forEach(({ end }) => end());
    await Promise.all(results);
  });

  it('runs each unit alone after a batch failed, so that one does not hold up the others', async () => {
    const run = (units: readonly Unit[]) =>
      units.some(({ name }) => name === 'bad')
        ? Promise.reject(new Error('no'))
        : Promise.resolve(units.map(({ name }) => name));
    const batcher = new MicroBatcher(run, 100);
    const all = await Promise.allSettled(['a', 'b', 'c', 'bad', 'd'].map((name) => batcher.add(unit(name))));
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });
});
