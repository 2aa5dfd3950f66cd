import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { Samples } from '../../conformance/fixture.js';
import type { AppendItem } from '../port.js';
import { prepareEach } from './prepared.js';
import { streamQueues } from './stream-queues.js';

describe('a batch taken apart by streams', () => {
  const samples = new Samples();
  const items = samples.items(6);

  it('keeps the order of each stream, and has each repetition wait for the one before it, in whichever stream', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ stream: fc.constantFrom('a', 'b', 'c'), event: fc.nat(5) }), { maxLength: 30 }),
        (batch) => {
          const { prepared } = prepareEach(
            batch.map(({ stream, event }): AppendItem => ({ stream, event: (items[event] as AppendItem).event })),
          );
          const { queues, twinOf, awaited } = streamQueues(prepared);
          expect(
            queues
              .flat()
              .map(({ index }) => index)
              .sort((a, b) => a - b),
          ).toEqual(prepared.map(({ index }) => index));
          for (const queue of queues) {
            expect(new Set(queue.map(({ item }) => item.stream)).size).toBe(1);
            expect(queue.map(({ index }) => index)).toEqual(queue.map(({ index }) => index).sort((a, b) => a - b));
          }
          for (const one of prepared) {
            const before = batch.slice(0, one.index).findLastIndex(({ event }) => event === batch[one.index]?.event);
            expect(twinOf.get(one)?.index ?? -1).toBe(before);
          }
          expect(awaited).toEqual(new Set(twinOf.values()));
        },
      ),
    );
  });
});
