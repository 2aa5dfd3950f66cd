import { describe, expect, it } from '@jest/globals';
import type { ResolvedEvent } from '@eventstore/db-client';
import fc from 'fast-check';
import { recordedEvent, sendable } from './stored-event.js';

const given = (metadata: unknown, data: unknown = '{}'): ResolvedEvent =>
  ({
    event: {
      ...{ streamId: 'p.s', id: '', revision: 3n, type: 't', isJson: false, data: Buffer.from(data as string) },
      ...{ metadata, created: new Date(5), position: { commit: 7n, prepare: 7n } },
    },
  }) as unknown as ResolvedEvent;

/** Texts that hold what an envelope is divided by. */
const text = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom('"perennial":', '},"meta":', '{"perennial":{', '\\', '"', '}', '"metaText":'),
);
const json = fc.oneof(
  fc.json(),
  fc
    .dictionary(fc.oneof(text, fc.constantFrom('meta', 'perennial', 'correlationId', 'causationId')), text)
    .map((one) => JSON.stringify(one)),
);

describe('an event of ours, from the bytes of its metadata', () => {
  it('is what was appended, letter for letter, whatever its texts hold', () => {
    fc.assert(
      fc.property(
        fc.record({
          ...{ source: text, id: text, data: json },
          // With a space it would not come back as it is, and is kept as a text.
          meta: fc.oneof(
            json,
            json.map((one) => ` ${one}`),
            fc.constantFrom('{"a":1.0}', '{"a":1,"a":2}', 'null'),
          ),
          occurredAt: fc.integer(),
          contentHash: fc.uint8Array({ maxLength: 32 }),
        }),
        (own) => {
          const event = { ...own, type: 't', schemaVersion: 2 };
          const { metadata, data } = sendable(event);
          expect(recordedEvent(given(metadata, Buffer.from(data)), 'p.', true)).toEqual({
            ...event,
            ...{ position: 7, stream: 's', revision: 3, recordedAt: 5 },
          });
        },
      ),
    );
  });

  it('and one of another program is read as its metadata says when it is parsed as a whole', () => {
    const perennial = fc.record(
      { source: text, id: text, contentHash: fc.constant('AA=='), more: fc.object() },
      { requiredKeys: [] },
    );
    const envelope = fc.oneof(
      fc.json().map((one) => JSON.parse(one) as unknown),
      fc
        .array(
          fc.oneof(
            fc.tuple(fc.constant('perennial'), fc.oneof(perennial, fc.anything({ maxDepth: 1 }))),
            fc.tuple(
              fc.constantFrom('meta', 'metaText', '$correlationId', '$causationId', 'x'),
              fc.oneof(text, fc.object(), perennial, fc.record({ perennial, meta: fc.object() })),
            ),
          ),
          { maxLength: 4 },
        )
        .map((entries) => Object.fromEntries(entries)),
    );
    const plain = (event: ReturnType<typeof recordedEvent>) =>
      event === null ? null : { ...event, meta: asJson(event.meta) };
    fc.assert(
      fc.property(envelope, fc.constantFrom('', ' ', '\n'), (one, space) => {
        const written = JSON.stringify(one, null, space);
        fc.pre(written !== undefined);
        const bytes = recordedEvent(given(new Uint8Array(Buffer.from(written))), 'p.', true);
        expect(plain(bytes)).toEqual(plain(recordedEvent(given(JSON.parse(written)), 'p.', true)));
      }),
      { numRuns: 2_000 },
    );
  });

  it('is none where the metadata is no JSON', () => {
    for (const metadata of ['', '{', '{"perennial":{"source":"s","id":"1","contentHash":""},"meta":{}', '\u0000'])
      expect(recordedEvent(given(new Uint8Array(Buffer.from(metadata))), 'p.')).toBeNull();
  });
});

/** A text that is no JSON stands as it is. */
function asJson(meta: string): unknown {
  try {
    return JSON.parse(meta) as unknown;
  } catch {
    return meta;
  }
}
