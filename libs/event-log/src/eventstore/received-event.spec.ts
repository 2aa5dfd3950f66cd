import { describe, expect, it } from '@jest/globals';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import { convertGrpcEvent } from '@eventstore/db-client/dist/utils/index.js';
import fc from 'fast-check';
import { received } from './received-event.js';

/** Numbers of up to 64 bits, those at the edges of their lengths as likely as others. */
const uint64 = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc
    .tuple(fc.nat(64), fc.constantFrom(-1n, 0n, 1n))
    .map(([bits, more]) => ((1n << BigInt(bits)) + more) & (2n ** 64n - 1n)),
);

/** An event as the server sends it. */
function sent(given: {
  readonly data: string;
  readonly metadata: string;
  readonly ticks: bigint;
  readonly commit: bigint;
  readonly prepare: bigint;
  readonly revision: bigint;
}) {
  const record = new streams.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  id.setString('0b7a2a3c-0000-4000-8000-000000000001');
  record.setId(id);
  const name = new shared.StreamIdentifier();
  name.setStreamName(new Uint8Array(Buffer.from('log.subject-ü')));
  record.setStreamIdentifier(name);
  record.setStreamRevision(String(given.revision));
  record.setCommitPosition(String(given.commit));
  record.setPreparePosition(String(given.prepare));
  record.getMetadataMap().set('type', 'seen').set('content-type', 'application/json');
  record.getMetadataMap().set('created', String(given.ticks));
  record.setData(new Uint8Array(Buffer.from(given.data)));
  record.setCustomMetadata(new Uint8Array(Buffer.from(given.metadata)));
  const event = new streams.ReadResp.ReadEvent();
  event.setEvent(record);
  // Passed over: they stand beside the event.
  event.setCommitPosition(String(given.commit));
  return event;
}

const bytesOf = (fill: (response: streams.ReadResp) => void): Buffer => {
  const response = new streams.ReadResp();
  fill(response);
  return Buffer.from(response.serializeBinary());
};

const given = fc.record({
  data: fc.json(),
  metadata: fc.json(),
  // Until the year 2100, in units of 100 ns: more digits than a number holds.
  ticks: fc.bigInt({ min: 10_000n, max: 41_024_448_000_000_000n }),
  commit: uint64,
  prepare: uint64,
  revision: uint64,
});

describe('a message of a subscription', () => {
  it('with an event is what the client makes of it, with data and metadata as their bytes', () => {
    fc.assert(
      fc.property(given, (one) => {
        // The client tells no position 0, and no event stands there.
        fc.pre(one.commit > 0n);
        const message = received(bytesOf((response) => response.setEvent(sent(one))));
        const { data, metadata, isJson: _, ...rest } = message.event?.event ?? {};
        const { data: __, metadata: ___, isJson: ____, ...expected } = convertGrpcEvent(sent(one)).event ?? {};
        expect(rest).toEqual(expected);
        expect(Buffer.from(data as Uint8Array).toString()).toBe(one.data);
        expect(Buffer.from(metadata as Uint8Array).toString()).toBe(one.metadata);
        expect(message).toMatchObject({ checkpoint: null, confirms: false });
      }),
    );
  });

  it('holds no event where the event of a link was deleted', () => {
    expect(received(bytesOf((response) => response.setEvent(new streams.ReadResp.ReadEvent()))).event).toEqual({});
  });

  it('with a checkpoint tells both of its numbers, whatever they are', () => {
    fc.assert(
      fc.property(uint64, uint64, (commit, prepare) => {
        const checkpoint = new streams.ReadResp.Checkpoint();
        checkpoint.setCommitPosition(String(commit));
        checkpoint.setPreparePosition(String(prepare));
        const message = received(bytesOf((response) => response.setCheckpoint(checkpoint)));
        expect(message).toEqual({ event: null, checkpoint: { commit, prepare }, confirms: false });
      }),
    );
  });

  it('confirms the subscription, or says something that is of no interest', () => {
    const confirmation = new streams.ReadResp.SubscriptionConfirmation();
    confirmation.setSubscriptionId('one');
    expect(received(bytesOf((response) => response.setConfirmation(confirmation))).confirms).toBe(true);
    const nothing = { event: null, checkpoint: null, confirms: false };
    expect(received(bytesOf((response) => response.setCaughtUp(new streams.ReadResp.CaughtUp())))).toEqual(nothing);
    expect(received(bytesOf((response) => response.setFirstStreamPosition('18446744073709551615')))).toEqual(nothing);
    expect(received(Buffer.alloc(0))).toEqual(nothing);
  });

  it('of a later protocol is read without what is not known: fields of every kind', () => {
    const known = bytesOf((response) =>
      response.setEvent(sent({ data: '{}', metadata: '{}', ticks: 10_000n, commit: 5n, prepare: 5n, revision: 1n })),
    );
    const unknown = [
      Buffer.from([((100 << 3) & 0x7f) | 0x80, (100 << 3) >> 7, 0x96, 0x01]),
      Buffer.from([(((101 << 3) | 1) & 0x7f) | 0x80, (101 << 3) >> 7, 1, 2, 3, 4, 5, 6, 7, 8]),
      Buffer.from([(((102 << 3) | 2) & 0x7f) | 0x80, (102 << 3) >> 7, 3, 1, 2, 3]),
      Buffer.from([(((103 << 3) | 5) & 0x7f) | 0x80, (103 << 3) >> 7, 1, 2, 3, 4]),
    ];
    expect(received(Buffer.concat([...unknown, known, ...unknown]))).toEqual(received(known));
  });

  it('that is cut off anywhere, or is no message, is an error and never half an event', () => {
    const whole = bytesOf((response) =>
      response.setEvent(
        sent({ data: '{"a":1}', metadata: '{}', ticks: 10_000n, commit: 300n, prepare: 300n, revision: 1n }),
      ),
    );
    for (let length = 1; length < whole.length; length += 1)
      expect(() => received(whole.subarray(0, length))).toThrow(RangeError);
    // A group, which the protocol does not use.
    expect(() => received(Buffer.from([0x0b, 0x0c]))).toThrow(RangeError);
  });
});
