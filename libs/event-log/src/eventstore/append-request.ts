import shared from '@eventstore/db-client/generated/shared_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Expected } from '../port.js';
import { utf8Of, type Sendable } from './stored-event.js';

/** One append to one stream, all or nothing: at least one event. */
export interface AppendRequest {
  /** As it is called on the server, with the prefix of the log. */
  readonly stream: string;
  readonly expected: Expected;
  readonly events: readonly Sendable[];
}

/** What the server answered: it stands. */
export interface Appended {
  /** Of the last event. */
  readonly revision: number;
  /** Of the last event, where the server told it. */
  readonly position: number | null;
}

export const bytesOf = ({ events }: AppendRequest): number => events.reduce((sum, { bytes }) => sum + bytes, 0);

/**
 * The message of BatchAppend, whole: the server takes messages of 16 MiB and appends of 1 MiB. It names no deadline. The
 * server would compare one with its own clock, and on a machine whose clock is behind nothing could be appended; without one
 * its own time limit counts, and ours ends the attempt.
 */
export function batchAppendMessage(id: string, { stream, expected, events }: AppendRequest): streams.BatchAppendReq {
  const options = new streams.BatchAppendReq.Options();
  options.setStreamIdentifier(identifierOf(stream));
  if (typeof expected === 'number') options.setStreamPosition(String(expected));
  else expect(options, expected);
  const message = new streams.BatchAppendReq();
  message.setCorrelationId(uuidOf(id));
  message.setOptions(options);
  message.setProposedMessagesList(events.map((event) => filled(new streams.BatchAppendReq.ProposedMessage(), event)));
  message.setIsFinal(true);
  return message;
}

/** The messages of an append that is a call of its own: the first says where, then one for each event. */
export function appendMessages({ stream, expected, events }: AppendRequest): streams.AppendReq[] {
  const options = new streams.AppendReq.Options();
  options.setStreamIdentifier(identifierOf(stream));
  if (typeof expected === 'number') options.setRevision(String(expected));
  else expect(options, expected);
  const header = new streams.AppendReq();
  header.setOptions(options);
  return [
    header,
    ...events.map((event) => {
      const message = new streams.AppendReq();
      message.setProposedMessage(filled(new streams.AppendReq.ProposedMessage(), event));
      return message;
    }),
  ];
}

function expect(
  options: streams.BatchAppendReq.Options | streams.AppendReq.Options,
  expected: Exclude<Expected, number>,
): void {
  if (expected === 'any') options.setAny(new shared.Empty());
  else if (expected === 'no-stream') options.setNoStream(new shared.Empty());
  else options.setStreamExists(new shared.Empty());
}

function filled<T extends streams.BatchAppendReq.ProposedMessage | streams.AppendReq.ProposedMessage>(
  message: T,
  { uuid, type, isJson, data, metadata }: Sendable,
): T {
  message.setId(uuidOf(uuid));
  message.getMetadataMap().set('type', type);
  message.getMetadataMap().set('content-type', isJson ? 'application/json' : 'application/octet-stream');
  message.setData(data);
  message.setCustomMetadata(metadata);
  return message;
}

function uuidOf(id: string): shared.UUID {
  const uuid = new shared.UUID();
  uuid.setString(id);
  return uuid;
}

function identifierOf(stream: string): shared.StreamIdentifier {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(utf8Of(stream));
  return identifier;
}
