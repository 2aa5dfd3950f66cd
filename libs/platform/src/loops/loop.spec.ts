import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from '@jest/globals';
import { Loop, type LoopOptions } from './loop.js';

const LONG = 60_000;
const loops: Loop[] = [];

function loopOf(turn: (signal: AbortSignal) => Promise<number>, options: LoopOptions = {}): Loop {
  const loop = new Loop(turn, options);
  loops.push(loop);
  return loop;
}

/** A turn that counts itself, and a promise of its nth call. */
function counted(turn: (n: number, signal: AbortSignal) => number | Promise<number>) {
  let calls = 0;
  const reached = new Map<number, () => void>();
  return {
    turn: async (signal: AbortSignal): Promise<number> => {
      calls += 1;
      reached.get(calls)?.();
      return turn(calls, signal);
    },
    calls: () => calls,
    reach: (n: number) => new Promise<void>((resolve) => (calls >= n ? resolve() : reached.set(n, resolve))),
  };
}

afterEach(async () => {
  await Promise.all(loops.splice(0).map((loop) => loop.stop()));
});

describe('a loop', () => {
  it('turns again at once while there is work, and waits when there is none', async () => {
    const { turn, calls, reach } = counted((n) => (n < 5 ? 0 : LONG));
    loopOf(turn).start();
    await reach(5);
    await sleep(20);
    expect(calls()).toBe(5);
  });

  it('begins once, however often it is started', async () => {
    const { turn, calls, reach } = counted(() => LONG);
    const loop = loopOf(turn);
    loop.start();
    loop.start();
    await reach(1);
    await sleep(10);
    expect(calls()).toBe(1);
  });

  it('turns at once when it is woken while it waits, and again after a turn during which it was woken', async () => {
    const { turn, reach } = counted(async (n) => {
      if (n === 2) loop.wake();
      return LONG;
    });
    const loop = loopOf(turn);
    loop.start();
    await reach(1);
    await sleep(5);
    loop.wake();
    await reach(3);
  });

  it('tries again after a wait that doubles up to a bound, and begins small again after a success', async () => {
    const waits: number[] = [];
    const failures: (string | null)[] = [];
    const { turn, reach } = counted((n) => {
      failures.push(loop.failure);
      if (n <= 4 || n === 6) throw new Error(`no ${n}`);
      return n >= 7 ? LONG : 0;
    });
    const loop = loopOf(turn, {
      backoff: { firstMs: 1, maxMs: 4 },
      observer: { failed: (_, retryInMs) => waits.push(retryInMs) },
    });
    loop.start();
    await reach(7);
    expect(waits).toEqual([1, 2, 4, 4, 1]);
    expect(failures).toEqual([null, 'no 1', 'no 2', 'no 3', 'no 4', null, 'no 6']);
    await sleep(1);
    expect(loop.failure).toBeNull();
  });

  it('keeps to its wait after a failure when it is woken', async () => {
    const { turn, calls, reach } = counted(() => Promise.reject(new Error('down')));
    const loop = loopOf(turn, { backoff: { firstMs: LONG, maxMs: LONG } });
    loop.start();
    await reach(1);
    await sleep(5);
    loop.wake();
    await sleep(10);
    expect(calls()).toBe(1);
  });

  it('stops at once while it waits for work or after a failure', async () => {
    const idle = counted(() => LONG);
    const failing = counted(() => Promise.reject(new Error('down')));
    for (const { turn, reach } of [idle, failing]) {
      const loop = loopOf(turn, { backoff: { firstMs: LONG, maxMs: LONG } });
      loop.start();
      await reach(1);
      await loop.stop();
    }
    expect([idle.calls(), failing.calls()]).toEqual([1, 1]);
  });

  it('lets the turn under way end, tells it by its signal, and takes no failure from it', async () => {
    let ended = false;
    const told: unknown[] = [];
    const { turn, calls, reach } = counted(async (_, signal) => {
      await sleep(LONG, undefined, { signal }).catch(() => undefined);
      await sleep(10);
      ended = true;
      throw new Error('it was interrupted');
    });
    const loop = loopOf(turn, { observer: { failed: (error) => told.push(error) } });
    loop.start();
    await reach(1);
    await loop.stop();
    expect({ ended, calls: calls(), told, failure: loop.failure }).toEqual({
      ended: true,
      calls: 1,
      told: [],
      failure: null,
    });
  });

  it('ends when it was never started', async () => {
    await loopOf(() => Promise.resolve(0)).stop();
  });
});
