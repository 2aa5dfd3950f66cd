import { describe, expect, it } from '@jest/globals';
import { FairQueue } from './fair-queue.js';

/** A queue whose clock moves only while a task runs. */
function lineWithClock() {
  let at = 0;
  const queue = new FairQueue(() => at);
  const served: string[] = [];
  const turn = (name: string, asking: boolean, takes: number) =>
    queue.turn(async () => {
      await Promise.resolve();
      at += takes;
      served.push(name);
    }, asking);
  return { queue, served, turn };
}

describe('the line in front of the one connection', () => {
  it('serves those who keep the tables before those who only ask', async () => {
    const { served, turn } = lineWithClock();
    await Promise.all([turn('first', true, 0), turn('asks', true, 1), turn('keeps', false, 1)]);
    expect(served).toEqual(['first', 'keeps', 'asks']);
  });

  it('serves each side in the order of coming', async () => {
    const { served, turn } = lineWithClock();
    await Promise.all([turn('a', false, 0), turn('b', false, 0), turn('c', false, 0)]);
    expect(served).toEqual(['a', 'b', 'c']);
  });

  it('gives each side half of the time while both want it, however many wait on the other', async () => {
    const { served, turn } = lineWithClock();
    const keeps = Array.from({ length: 10 }, (_, n) => turn(`keeps ${n}`, false, 40));
    const asks = Array.from({ length: 100 }, (_, n) => turn(`asks ${n}`, true, 4));
    await Promise.all([...keeps, ...asks]);
    const until = served.slice(0, served.indexOf('keeps 5'));
    const asked = until.filter((name) => name.startsWith('asks')).length;
    expect(asked * 4).toBeGreaterThanOrEqual(120);
    expect(asked * 4).toBeLessThanOrEqual(240);
  });

  it('counts no time while nothing else waited', async () => {
    const { served, turn } = lineWithClock();
    await turn('alone', false, 10_000);
    await new Promise(setImmediate);
    await Promise.all([turn('now', true, 0), turn('asks', true, 1), turn('keeps', false, 1)]);
    expect(served).toEqual(['alone', 'now', 'keeps', 'asks']);
  });

  it('goes on after a turn that failed, at once or later', async () => {
    const { queue, served, turn } = lineWithClock();
    const failed = [
      queue.turn(() => {
        throw new Error('at once');
      }, false),
      queue.turn(() => Promise.reject(new Error('later')), true),
    ];
    const settled = Promise.allSettled(failed);
    await turn('after', false, 1);
    expect((await settled).map((one) => (one.status === 'rejected' ? String(one.reason) : ''))).toEqual([
      'Error: at once',
      'Error: later',
    ]);
    expect(served).toEqual(['after']);
  });
});
