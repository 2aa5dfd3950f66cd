import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '../port.js';
import { keptStreams } from './kept-streams.js';

const STREAMS = ['a', 'b', 'c', 'd'];

/** A log whose positions rise with gaps: each event in one of four streams, or by another program in none of ours. */
function logOf(streams: readonly (string | null)[]) {
  const revisions = new Map<string, number>();
  return streams.map((stream, index) => {
    const position = (index + 1) * 3;
    if (stream === null) return { position, event: null, bytes: 1 };
    const revision = revisions.get(stream) ?? 0;
    revisions.set(stream, revision + 1);
    return { position, event: { position, stream, revision } as RecordedEvent, bytes: 1 };
  });
}

describe('what is held of single streams', () => {
  it('is exactly what a reading of them gives, or nothing at all, wherever it begins and ends', () => {
    const places = fc.nat(120);
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...STREAMS, null), { maxLength: 40 }),
        places,
        places,
        places,
        places,
        (streams, from, keptUpTo, after, upTo) => {
          const log = logOf(streams);
          const entries = log.filter(({ position }) => position > from && position <= keptUpTo);
          const held = keptStreams({ from, upTo: keptUpTo, entries }, STREAMS, { after, upTo });
          for (const [stream, events] of held)
            expect(events).toEqual(
              log.flatMap(({ event }) =>
                event?.stream === stream && event.position > after && event.position <= upTo ? [event] : [],
              ),
            );
          if (keptUpTo >= upTo && after >= from) expect(held.size).toBe(STREAMS.length);
          if (keptUpTo < upTo) expect(held.size).toBe(0);
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('begins with a stream whose first event is held, and with no other', () => {
    const log = logOf(['a', 'b', 'a', 'b', 'c']);
    const held = keptStreams({ from: 3, upTo: 15, entries: log.slice(1) }, STREAMS, { after: 0, upTo: 15 });
    expect([...held.keys()]).toEqual(['b', 'c']);
  });
});
