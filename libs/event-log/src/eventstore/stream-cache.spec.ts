import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../port.js';
import type { Entry } from './shared-feed.js';
import { StreamCache } from './stream-cache.js';

const STREAMS = ['a', 'b', 'c'];
const TEXT = '{}';

/** A log whose positions rise with gaps: each event in one of a few streams, or by another program in none of ours. */
function logOf(streams: readonly (string | null)[]): Entry[] {
  const revisions = new Map<string, number>();
  return streams.map((stream, index) => {
    const position = (index + 1) * 3;
    if (stream === null) return { position, event: null, bytes: 1 };
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    return { position, event: { position, stream, revision, data: TEXT, meta: TEXT } as RecordedEvent, bytes: 1 };
  });
}

const eventsOf = (log: readonly Entry[], stream: string, after: number, upTo: number): RecordedEvent[] =>
  log.flatMap(({ event }) =>
    event?.stream === stream && event.position > after && event.position <= upTo ? [event] : [],
  );

const between = (log: readonly Entry[], from: number, upTo: number) => ({
  from,
  upTo,
  entries: log.filter(({ position }) => position > from && position <= upTo),
});

type Act =
  /** A feed receives so many events more, or another feed begins so many events later: what lies between is missed. */
  | { readonly act: 'received'; readonly count: number; readonly missed: number }
  /** A slower feed receives what another one has received. */
  | { readonly act: 'received-late'; readonly count: number }
  /** A stream is read from the server as it was so many events ago. */
  | { readonly act: 'read'; readonly stream: string; readonly ago: number };

const count = fc.nat(6);
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({
    act: fc.constant('received' as const),
    count,
    missed: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, count),
  }),
  fc.record({ act: fc.constant('received-late' as const), count }),
  fc.record({ act: fc.constant('read' as const), stream: fc.constantFrom(...STREAMS), ago: count }),
);

describe('whole streams in memory', () => {
  it('are exactly what a reading gives, or not held at all, whatever is received, missed, read and dropped', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...STREAMS, null), { minLength: 1, maxLength: 60 }),
        fc.array(act, { maxLength: 30 }),
        fc.constantFrom(10_000, 4_000, 1_000_000),
        fc.nat(200),
        (streams, acts, bytesMax, after) => {
          const log = logOf(streams);
          const cache = new StreamCache(bytesMax);
          let [reached, begun] = [0, 0];
          for (const one of acts) {
            if (one.act === 'received') {
              const from = reached + one.missed * 3;
              if (one.missed > 0) begun = from;
              reached = from + one.count * 3;
              cache.received(between(log, from, reached));
            } else if (one.act === 'received-late') {
              cache.received(between(log, Math.max(0, reached - one.count * 3), reached));
            } else {
              const readUpTo = Math.max(0, reached - one.ago * 3);
              const from = Math.max(begun, readUpTo);
              cache.remember(one.stream, eventsOf(log, one.stream, 0, readUpTo), readUpTo, between(log, from, reached));
            }
            for (const stream of STREAMS)
              for (const upTo of [reached, Math.max(0, reached - 6), reached + 3]) {
                const held = cache.read(stream, { after, upTo });
                if (held !== null) expect(held).toEqual(eventsOf(log, stream, after, upTo));
                if (upTo > reached) expect(held).toBeNull();
              }
            expect(cache.size.bytes).toBeLessThanOrEqual(bytesMax);
          }
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('hold those that begin among what is received, and those that were read, an empty one too', () => {
    const log = logOf(['a', 'b', 'a', 'b', 'c', 'a']);
    const cache = new StreamCache(100_000);
    cache.received(between(log, 3, 15));
    const range = { after: 0, upTo: 15 };
    expect(cache.read('b', range)).toEqual(eventsOf(log, 'b', 0, 15));
    expect(cache.read('c', range)).toEqual(eventsOf(log, 'c', 0, 15));
    expect(cache.read('a', range)).toBeNull();
    expect(cache.read('d', range)).toBeNull();
    cache.remember('a', eventsOf(log, 'a', 0, 9), 9, between(log, 9, 15));
    cache.remember('d', [], 9, between(log, 9, 15));
    cache.received(between(log, 15, 18));
    expect(cache.read('a', { after: 0, upTo: 18 })).toEqual(eventsOf(log, 'a', 0, 18));
    expect(cache.read('d', { after: 0, upTo: 18 })).toEqual([]);
  });

  it('are not held where something between a reading and what was received since is missing', () => {
    const log = logOf(['a', 'a', 'b', 'a']);
    const cache = new StreamCache(100_000);
    cache.received(between(log, 6, 12));
    cache.remember('a', eventsOf(log, 'a', 0, 3), 3, between(log, 6, 12));
    expect(cache.read('a', { after: 0, upTo: 12 })).toBeNull();
  });

  it('are dropped where a feed begins above what was received before', () => {
    const log = logOf(['a', 'a', 'a']);
    const cache = new StreamCache(100_000);
    cache.received(between(log, 0, 3));
    cache.received(between(log, 6, 9));
    expect(cache.read('a', { after: 0, upTo: 9 })).toBeNull();
  });

  it('make room for others, those first that were not asked for the longest', () => {
    const log = logOf(Array.from({ length: 40 }, (_, i) => `s${i}`));
    const cache = new StreamCache(10_000);
    cache.received(between(log, 0, 45));
    expect(cache.read('s0', { after: 0, upTo: 45 })).toHaveLength(1);
    cache.received(between(log, 45, 60));
    const { streams, bytes } = cache.size;
    expect(streams).toBeLessThan(20);
    expect(bytes).toBeLessThanOrEqual(10_000);
    expect(cache.read('s0', { after: 0, upTo: 60 })).toHaveLength(1);
    expect(cache.read('s1', { after: 0, upTo: 60 })).toBeNull();
    expect(cache.read('s19', { after: 0, upTo: 60 })).toHaveLength(1);
  });

  it('do not hold a stream that takes more than its share of the room', () => {
    const log = logOf(Array.from({ length: 100 }, () => 'a'));
    const cache = new StreamCache(10_000);
    cache.received(between(log, 0, 300));
    expect(cache.read('a', { after: 0, upTo: 300 })).toBeNull();
    cache.remember('a', eventsOf(log, 'a', 0, 300), 300, between(log, 300, 300));
    expect(cache.size).toEqual({ streams: 0, bytes: 0 });
  });
});
