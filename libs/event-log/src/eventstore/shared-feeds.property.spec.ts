import { setImmediate as tick } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { ResolvedEvent } from '@eventstore/db-client';
import fc from 'fast-check';
import { PULL_MAX, SharedFeed } from './shared-feed.js';
import { SharedFeeds } from './shared-feeds.js';

const KEPT_MAX = 8;

/** A log whose positions rise with gaps, and which feeds read at their own pace. */
class Log {
  readonly positions: number[] = [];
  /** Events that were given to feeds. */
  given = 0;
  feeds = 0;
  #waiting: (() => void)[] = [];

  append(count: number): void {
    for (let i = 0; i < count; i += 1)
      this.positions.push((this.positions.at(-1) ?? 0) + 1 + (this.positions.length % 5));
    for (const wake of this.#waiting.splice(0)) wake();
  }

  feed(after: number, pieces: number) {
    let taken = after;
    let open = true;
    this.feeds += 1;
    return {
      take: async (limit: number): Promise<ResolvedEvent[]> => {
        for (;;) {
          if (!open) return [];
          const next = this.positions.filter((position) => position > taken).slice(0, Math.min(limit, pieces));
          taken = next.at(-1) ?? taken;
          this.given += next.length;
          if (next.length > 0) return next.map(event);
          await new Promise<void>((resolve) => this.#waiting.push(resolve));
        }
      },
      close: () => {
        open = false;
        for (const wake of this.#waiting.splice(0)) wake();
      },
    };
  }
}

function event(position: number): ResolvedEvent {
  const perennial = { source: 's', id: String(position), contentHash: '' };
  const own = { streamId: 'p.s', revision: 0n, type: 't', isJson: true, data: {}, created: new Date(0) };
  return {
    event: { ...own, position: { commit: BigInt(position) }, metadata: { perennial } },
  } as unknown as ResolvedEvent;
}

const consumers = fc.array(
  fc.record({
    /** Its place in the log, of what was there before. */
    start: fc.nat(60),
    limit: fc.integer({ min: 1, max: 7 }),
    /** Ticks that it takes over each page. */
    rests: fc.array(fc.nat(4), { minLength: 1, maxLength: 5 }),
    /** Whether it reads on, or comes back for each page. */
    leaves: fc.boolean(),
  }),
  { minLength: 1, maxLength: 5 },
);

function shared(log: Log, pieces: number): SharedFeeds {
  const options = { prefix: 'p.', keptMax: KEPT_MAX, keptBytesMax: 1_000_000 };
  return new SharedFeeds((after, onAdded) => new SharedFeed(log.feed(after, pieces), after, { ...options, onAdded }));
}

describe('the feeds that consumers share', () => {
  it('give each of them every event above its place once, in order, at any pace, in bounded memory, and end as one feed', async () => {
    await fc.assert(
      fc.asyncProperty(
        consumers,
        fc.array(fc.nat(12), { minLength: 1, maxLength: 15 }),
        fc.integer({ min: 1, max: 9 }),
        async (all, appends, pieces) => {
          const log = new Log();
          log.append(60);
          const feeds = shared(log, pieces);
          const stop = new AbortController();
          const most = { kept: 0 };
          const reading = all.map(async ({ start, limit, rests, leaves }) => {
            const after = log.positions[start - 1] ?? 0;
            const seen: number[] = [];
            let consumer = feeds.consumer(after);
            for (let page = 0; !stop.signal.aborted; page += 1) {
              const entries = await consumer.next(limit, stop.signal);
              seen.push(...entries.map(({ position }) => position));
              most.kept = Math.max(most.kept, feeds.size.kept);
              if (leaves) {
                consumer.close();
                consumer = feeds.consumer(consumer.position);
              }
              for (let rest = rests[page % rests.length] as number; rest > 0; rest -= 1) await tick();
              if (seen.at(-1) === log.positions.at(-1)) await tick();
            }
            consumer.close();
            return { after, seen };
          });
          for (const count of appends) {
            log.append(count);
            await tick();
          }
          // Until all have everything; and then one more, on which they come together.
          for (let i = 0; i < 800; i += 1) await tick();
          log.append(1);
          for (let i = 0; i < 50; i += 1) await tick();
          const { feeds: left } = feeds.size;
          stop.abort();
          for (const { after, seen } of await Promise.all(reading))
            expect(seen).toEqual(log.positions.filter((position) => position > after));
          expect(left).toBe(1);
          expect(most.kept).toBeLessThanOrEqual(log.feeds * (KEPT_MAX + Math.min(pieces, PULL_MAX)));
          feeds.close();
        },
      ),
      { numRuns: 60 },
    );
  });

  it('read each event once for consumers that keep pace, however often they come back', async () => {
    const log = new Log();
    const feeds = shared(log, 3);
    const stop = new AbortController();
    const seen = [0, 0];
    const reading = seen.map(async (_, index) => {
      for (let position = 0; !stop.signal.aborted;) {
        const consumer = feeds.consumer(position);
        seen[index]! += (await consumer.next(4, stop.signal)).length;
        ({ position } = consumer);
        consumer.close();
      }
    });
    for (let i = 0; i < 100; i += 1) {
      log.append(2);
      for (let n = 0; n < 1_000 && seen.some((count) => count < log.positions.length); n += 1) await tick();
    }
    stop.abort();
    await Promise.all(reading);
    expect(seen).toEqual([200, 200]);
    expect(log).toMatchObject({ given: 200, feeds: 1 });
    feeds.close();
  });

  it('one that no consumer comes back to is closed, and what waits in it ends', async () => {
    const log = new Log();
    log.append(10);
    const feeds = new SharedFeeds(
      (after, onAdded) =>
        new SharedFeed(log.feed(after, 5), after, { prefix: 'p.', keptMax: 8, keptBytesMax: 1_000, onAdded }),
      20,
    );
    const stop = new AbortController();
    const consumer = feeds.consumer(log.positions[9] as number);
    const waiting = consumer.next(1, stop.signal);
    await tick();
    stop.abort();
    expect(await waiting).toEqual([]);
    expect(feeds.size.feeds).toBe(1);
    consumer.close();
    for (let n = 0; n < 1_000 && feeds.size.feeds > 0; n += 1) await new Promise((resolve) => setTimeout(resolve, 5));
    expect(feeds.size.feeds).toBe(0);
  });

  it('one that met an event which cannot be read is given up: none of the events around it is lost', async () => {
    const log = new Log();
    log.append(6);
    let broken = true;
    const feeds = new SharedFeeds((after, onAdded) => {
      const feed = log.feed(after, 6);
      const take = async (limit: number) => {
        const events = await feed.take(limit);
        return broken ? [...events.slice(0, 3), { event: { streamId: 'p.s' } } as ResolvedEvent] : events;
      };
      return new SharedFeed({ ...feed, take }, after, { prefix: 'p.', keptMax: 8, keptBytesMax: 1_000, onAdded });
    });
    const { signal } = new AbortController();
    const consumer = feeds.consumer(0);
    await expect(consumer.next(10, signal)).rejects.toBeInstanceOf(RangeError);
    broken = false;
    expect((await consumer.next(10, signal)).map(({ position }) => position)).toEqual(log.positions);
    expect(feeds.size.feeds).toBe(1);
    consumer.close();
    feeds.close();
  });

  it('a failure reaches all that wait, and the next attempt goes on', async () => {
    let failing = true;
    const log = new Log();
    const feeds = new SharedFeeds((after, onAdded) => {
      const feed = log.feed(after, 5);
      const take = async (limit: number) => {
        await tick();
        if (failing) throw new Error('away');
        return feed.take(limit);
      };
      return new SharedFeed({ ...feed, take }, after, { prefix: 'p.', keptMax: 8, keptBytesMax: 1_000, onAdded });
    });
    const { signal } = new AbortController();
    const both = [feeds.consumer(0), feeds.consumer(0)];
    expect(await Promise.allSettled(both.map((consumer) => consumer.next(1, signal)))).toEqual(
      both.map(() => ({ status: 'rejected', reason: new Error('away') })),
    );
    failing = false;
    log.append(1);
    for (const consumer of both) expect(await consumer.next(1, signal)).toHaveLength(1);
    for (const consumer of both) consumer.close();
    feeds.close();
  });
});
