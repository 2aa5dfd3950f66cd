import type streams from '@eventstore/db-client/generated/streams_pb.js';
import type { ResolvedEvent } from '@eventstore/db-client';

/**
 * What a subscription received, with data and metadata as the bytes that they are: the client's own conversion parses both, and what is kept here is their
 * text. A reader of a long log parses each event once, and only what it needs.
 */
export function receivedEvent(read: streams.ReadResp.ReadEvent): ResolvedEvent {
  const record = read.getEvent();
  const name = record?.getStreamIdentifier();
  if (record === undefined || name === undefined) return {};
  const map = record.getMetadataMap();
  const commit = record.getCommitPosition();
  return {
    event: {
      streamId: textOf(name.getStreamName_asU8()),
      id: record.getId()?.getString() ?? '',
      revision: BigInt(record.getStreamRevision()),
      type: map.get('type') ?? '',
      isJson: false,
      data: record.getData_asU8(),
      metadata: record.getCustomMetadata_asU8(),
      created: createdAt(map.get('created')),
      ...(commit === '' ? {} : { position: { commit: BigInt(commit), prepare: BigInt(record.getPreparePosition()) } }),
    },
  };
}

export const textOf = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('utf8');

/** From units of 100 ns, of which a number holds too few digits. */
function createdAt(ticks: string | undefined): Date {
  return new Date(ticks === undefined ? 0 : Number(ticks.slice(0, -4)));
}
