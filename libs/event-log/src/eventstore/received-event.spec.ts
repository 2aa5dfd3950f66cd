import { describe, expect, it } from '@jest/globals';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { convertGrpcEvent } from '@eventstore/db-client/dist/utils/index.js';
import fc from 'fast-check';
import { receivedEvent } from './received-event.js';

/** An event as the server sends it. */
function sent(given: {
  readonly data: string;
  readonly metadata: string;
  readonly ticks: bigint;
  readonly commit: bigint;
}) {
  const record = new streams.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  id.setString('0b7a2a3c-0000-4000-8000-000000000001');
  record.setId(id);
  const name = new shared.StreamIdentifier();
  name.setStreamName(new Uint8Array(Buffer.from('log.subject-ü')));
  record.setStreamIdentifier(name);
  record.setStreamRevision('7');
  record.setCommitPosition(String(given.commit));
  record.setPreparePosition(String(given.commit));
  record.getMetadataMap().set('type', 'seen').set('content-type', 'application/json');
  record.getMetadataMap().set('created', String(given.ticks));
  record.setData(new Uint8Array(Buffer.from(given.data)));
  record.setCustomMetadata(new Uint8Array(Buffer.from(given.metadata)));
  const event = new streams.ReadResp.ReadEvent();
  event.setEvent(record);
  return event;
}

describe('an event that a subscription received', () => {
  it('is what the client makes of it, with data and metadata as their bytes', () => {
    fc.assert(
      fc.property(
        fc.record({
          data: fc.json(),
          metadata: fc.json(),
          // Until the year 2100, in units of 100 ns: more digits than a number holds.
          ticks: fc.bigInt({ min: 10_000n, max: 41_024_448_000_000_000n }),
          commit: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
        }),
        (given) => {
          const { data, metadata, isJson: _, ...rest } = receivedEvent(sent(given)).event ?? {};
          const { data: __, metadata: ___, isJson: ____, ...expected } = convertGrpcEvent(sent(given)).event ?? {};
          expect(rest).toEqual(expected);
          expect(Buffer.from(data as Uint8Array).toString()).toBe(given.data);
          expect(Buffer.from(metadata as Uint8Array).toString()).toBe(given.metadata);
        },
      ),
    );
  });

  it('is none where the event of a link was deleted', () => {
    expect(receivedEvent(new streams.ReadResp.ReadEvent())).toEqual({});
  });
});
