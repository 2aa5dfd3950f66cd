import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { anyCharacter } from '#testing/characters';
import { TOUCHPOINT_TYPES } from '#contracts';
import { comparePlaces, compareUtf8, type EventPlace } from './event-order.js';

const place = (occurredAt: number, type: string, source = 's', id = 'i'): EventPlace => ({
  occurredAt,
  type,
  source,
  id,
});

describe('the order of events', () => {
  it('is by instant, then rank, then source, then id', () => {
    const sorted = [
      place(1, 'subscription-ended'),
      place(2, 'ad-viewed', 'z', 'z'),
      place(2, 'order-placed', 'a', 'b'),
      place(2, 'order-placed', 'b', 'a'),
      place(2, 'order-placed', 'b', 'b'),
      place(2, 'order-returned', 'a', 'a'),
      place(2, 'a custom type', 'a', 'a'),
    ];
    expect([...sorted].reverse().sort(comparePlaces)).toEqual(sorted);
  });

  it('is total: antisymmetric, transitive, and equal only for the same event', () => {
    const places = fc.record({
      occurredAt: fc.integer({ min: 0, max: 2 }),
      type: fc.constantFrom(...TOUCHPOINT_TYPES.slice(0, 3).map(({ name }) => name), 'custom-a', 'custom-b'),
      source: fc.constantFrom('a', 'b'),
      id: fc.string({ maxLength: 2 }),
    });
    fc.assert(
      fc.property(places, places, places, (a, b, c) => {
        expect(Math.sign(comparePlaces(a, b)) + Math.sign(comparePlaces(b, a))).toBe(0);
        if (comparePlaces(a, b) <= 0 && comparePlaces(b, c) <= 0) expect(comparePlaces(a, c)).toBeLessThanOrEqual(0);
        if (a.source === b.source && a.id !== b.id) expect(comparePlaces(a, b)).not.toBe(0);
      }),
    );
  });

  it('takes texts as their UTF-8 bytes', () => {
    const bytes = (text: string) => Buffer.from(text, 'utf8');
    const texts = fc.string({ unit: anyCharacter, maxLength: 4 });
    fc.assert(
      fc.property(texts, texts, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Math.sign(Buffer.compare(bytes(a), bytes(b))));
      }),
      { examples: [['\uffff', '😀']] },
    );
  });
});
