import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { RecordedEvent } from '#event-log';
import { STREAMS } from '#contracts';
import { EventRecords, RecordBuffer, eachRecord } from './event-records.js';

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 40 }), fc.constant(''), fc.constant('x'.repeat(5_000)));
const number = fc.nat(2 ** 31);
const instant = fc.integer({ min: -8.64e15, max: 8.64e15 });

const events = fc.array(
  fc.record({
    subjectId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 32 }),
    position: fc.maxSafeNat(),
    recordedAt: instant,
    occurredAt: instant,
    revision: number,
    schemaVersion: number,
    ...{ source: text, type: text, meta: text, id: text, data: text },
  }),
  { maxLength: 30 },
);

describe('records of events', () => {
  it('are read as they were written, whatever stands in them', () => {
    fc.assert(
      fc.property(events, (written) => {
        const records = new EventRecords();
        const buffer = new RecordBuffer();
        const expected = written.map(({ subjectId, ...event }): RecordedEvent => {
          const recorded = { ...event, stream: STREAMS.subject(subjectId) };
          records.write(buffer, subjectId, recorded);
          return recorded;
        });
        const read: RecordedEvent[] = [];
        eachRecord(buffer.records, (subjectId, at) => read.push(records.read(buffer.records, at, subjectId)));
        expect(read).toEqual(expected);
      }),
    );
  });

  it('share texts that occur often, until there are too many different ones', () => {
    const records = new EventRecords();
    const written = Array.from({ length: 10_050 }, (_, n): RecordedEvent => ({
      ...{ position: n + 1, stream: STREAMS.subject('ab'), revision: n, source: 'shop', type: `type-${n}`, id: `${n}` },
      ...{ schemaVersion: 1, occurredAt: n, recordedAt: n, meta: '{"channel":"shop"}', data: '{}' },
    }));
    const buffer = new RecordBuffer();
    for (const event of written) records.write(buffer, 'ab', event);
    const read: RecordedEvent[] = [];
    eachRecord(buffer.records, (subjectId, at) => read.push(records.read(buffer.records, at, subjectId)));
    expect(read).toEqual(written);
    expect(buffer.records.includes('"channel"')).toBe(false);
    expect(buffer.records.includes('type-9000')).toBe(false);
    expect(buffer.records.includes('type-10049')).toBe(true);
  });
});
