import anyMessage from 'google-protobuf/google/protobuf/any_pb.js';
import emptyMessage from 'google-protobuf/google/protobuf/empty_pb.js';
import { Metadata, status, type ServiceError } from '@grpc/grpc-js';
import code from '@eventstore/db-client/generated/code_pb.js';
import shared from '@eventstore/db-client/generated/shared_pb.js';
import statusMessage from '@eventstore/db-client/generated/status_pb.js';
import streams from '@eventstore/db-client/generated/streams_pb.js';
import type { Appended, ExpectedVersion, Proposed, Stored } from './stored-log.js';

/** How the fake server's facts look on the wire, and how requests read. */

export function proposedOf(message: {
  getId(): shared.UUID | undefined;
  getMetadataMap(): { get(key: string): string | undefined };
  getData_asU8(): Uint8Array;
  getCustomMetadata_asU8(): Uint8Array;
}): Proposed {
  return {
    id: message.getId()?.getString() ?? '',
    type: message.getMetadataMap().get('type') ?? '',
    json: message.getMetadataMap().get('content-type') === 'application/json',
    data: message.getData_asU8(),
    metadata: message.getCustomMetadata_asU8(),
  };
}

/** Stream names are bytes. */
export function nameOf(identifier: shared.StreamIdentifier | undefined): string {
  return Buffer.from(identifier?.getStreamName_asU8() ?? []).toString('utf8');
}

export function identifierOf(name: string): shared.StreamIdentifier {
  const identifier = new shared.StreamIdentifier();
  identifier.setStreamName(new Uint8Array(Buffer.from(name, 'utf8')));
  return identifier;
}

export function expectedInAppend(
  options: streams.AppendReq.Options | streams.DeleteReq.Options | streams.TombstoneReq.Options,
): ExpectedVersion {
  if (options.hasRevision()) return BigInt(options.getRevision());
  return options.hasNoStream() ? 'no-stream' : options.hasStreamExists() ? 'exists' : 'any';
}

export function expectedInBatch(options: streams.BatchAppendReq.Options): ExpectedVersion {
  if (options.hasStreamPosition()) return BigInt(options.getStreamPosition());
  return options.hasNoStream() ? 'no-stream' : options.hasStreamExists() ? 'exists' : 'any';
}

const sentBefore = new WeakMap<Stored, Buffer>();

/** Its bytes, which are made once: a server sends what it has stored about as fast as a client takes it. */
export function eventResponse(stored: Stored): Buffer {
  let bytes = sentBefore.get(stored);
  if (bytes === undefined) {
    bytes = Buffer.from(responseWith(stored).serializeBinary());
    sentBefore.set(stored, bytes);
  }
  return bytes;
}

/** What a read answers: an answer, or the bytes of one. */
export type ReadAnswer = streams.ReadResp | Buffer;

export const serializeReadAnswer = (answer: ReadAnswer): Buffer =>
  Buffer.isBuffer(answer) ? answer : Buffer.from(answer.serializeBinary());

function responseWith(stored: Stored): streams.ReadResp {
  const recorded = new streams.ReadResp.ReadEvent.RecordedEvent();
  const id = new shared.UUID();
  id.setString(stored.id);
  recorded.setId(id);
  recorded.setStreamIdentifier(identifierOf(stored.stream));
  recorded.setStreamRevision(stored.revision.toString());
  recorded.setCommitPosition(stored.position.toString());
  recorded.setPreparePosition(stored.position.toString());
  recorded.getMetadataMap().set('type', stored.type);
  recorded.getMetadataMap().set('created', stored.createdTicks.toString());
  recorded.getMetadataMap().set('content-type', stored.json ? 'application/json' : 'application/octet-stream');
  recorded.setData(stored.data);
  recorded.setCustomMetadata(stored.metadata);
  const event = new streams.ReadResp.ReadEvent();
  event.setEvent(recorded);
  event.setCommitPosition(stored.position.toString());
  const response = new streams.ReadResp();
  response.setEvent(event);
  return response;
}

export function notFoundResponse(stream: string): streams.ReadResp {
  const notFound = new streams.ReadResp.StreamNotFound();
  notFound.setStreamIdentifier(identifierOf(stream));
  const response = new streams.ReadResp();
  response.setStreamNotFound(notFound);
  return response;
}

export function confirmationResponse(id: string): streams.ReadResp {
  const confirmation = new streams.ReadResp.SubscriptionConfirmation();
  confirmation.setSubscriptionId(id);
  const response = new streams.ReadResp();
  response.setConfirmation(confirmation);
  return response;
}

export function checkpointResponse({ commit, prepare }: Position): streams.ReadResp {
  const checkpoint = new streams.ReadResp.Checkpoint();
  checkpoint.setCommitPosition(commit.toString());
  checkpoint.setPreparePosition(prepare.toString());
  const response = new streams.ReadResp();
  response.setCheckpoint(checkpoint);
  return response;
}

export function caughtUpResponse(): streams.ReadResp {
  const response = new streams.ReadResp();
  response.setCaughtUp(new streams.ReadResp.CaughtUp());
  return response;
}

/** A place in $all as the wire has it. */
export interface Position {
  readonly commit: bigint;
  readonly prepare: bigint;
}

/** What `Append` answers; a deleted stream is a status with trailers, not an answer. */
export function appendResponse(appended: Appended, expected: ExpectedVersion): streams.AppendResp | null {
  const response = new streams.AppendResp();
  switch (appended.result) {
    case 'success': {
      const success = new streams.AppendResp.Success();
      if (appended.lastRevision < 0n) success.setNoStream(new shared.Empty());
      else success.setCurrentRevision(appended.lastRevision.toString());
      const position = new streams.AppendResp.Position();
      position.setCommitPosition(appended.position.toString());
      position.setPreparePosition(appended.position.toString());
      success.setPosition(position);
      response.setSuccess(success);
      return response;
    }
    case 'wrong-expected-version': {
      const wrong = new streams.AppendResp.WrongExpectedVersion();
      if (appended.current === null) wrong.setCurrentNoStream(new shared.Empty());
      else wrong.setCurrentRevision(appended.current.toString());
      if (expected === 'any') wrong.setExpectedAny(new shared.Empty());
      else if (expected === 'exists') wrong.setExpectedStreamExists(new shared.Empty());
      else if (expected === 'no-stream') wrong.setExpectedNoStream(new shared.Empty());
      else wrong.setExpectedRevision(expected.toString());
      response.setWrongExpectedVersion(wrong);
      return response;
    }
    case 'stream-deleted':
      return null;
  }
}

/** What `BatchAppend` answers about one append: its errors are google.rpc.Status with an Any. */
export function batchResponse(
  correlationId: shared.UUID | undefined,
  stream: string,
  appended:
    | Appended
    | 'timeout'
    | 'unknown'
    | 'not-ready'
    | 'access-denied'
    | 'event-too-large'
    | { readonly tooLarge: number },
  expected: ExpectedVersion,
): streams.BatchAppendResp {
  const response = new streams.BatchAppendResp();
  response.setCorrelationId(correlationId);
  response.setStreamIdentifier(identifierOf(stream));
  if (appended === 'timeout')
    response.setError(
      errorStatus(code.Code.DEADLINE_EXCEEDED, 'Timeout', 'event_store.client.Timeout', new shared.Timeout()),
    );
  else if (appended === 'unknown')
    response.setError(errorStatus(code.Code.UNKNOWN, 'Unknown', 'event_store.client.Unknown', new shared.Unknown()));
  else if (appended === 'not-ready')
    response.setError(
      errorStatus(code.Code.OK, 'Server Is Not Ready', 'google.protobuf.Empty', new emptyMessage.Empty()),
    );
  else if (appended === 'access-denied')
    response.setError(
      errorStatus(
        code.Code.PERMISSION_DENIED,
        'AccessDenied',
        'event_store.client.AccessDenied',
        new shared.AccessDenied(),
      ),
    );
  else if (appended === 'event-too-large')
    // The client has no class for its details: they are left empty.
    response.setError(
      errorStatus(
        code.Code.INVALID_ARGUMENT,
        'MaximumAppendEventSizeExceeded',
        'event_store.client.MaximumAppendEventSizeExceeded',
        new emptyMessage.Empty(),
      ),
    );
  else if ('tooLarge' in appended) {
    const details = new shared.MaximumAppendSizeExceeded();
    details.setMaxappendsize(appended.tooLarge);
    response.setError(
      errorStatus(
        code.Code.INVALID_ARGUMENT,
        'MaximumAppendSizeExceeded',
        'event_store.client.MaximumAppendSizeExceeded',
        details,
      ),
    );
  } else
    switch (appended.result) {
      case 'success': {
        const success = new streams.BatchAppendResp.Success();
        if (appended.lastRevision < 0n) success.setNoStream(new emptyMessage.Empty());
        else success.setCurrentRevision(appended.lastRevision.toString());
        const position = new shared.AllStreamPosition();
        position.setCommitPosition(appended.position.toString());
        position.setPreparePosition(appended.position.toString());
        success.setPosition(position);
        response.setSuccess(success);
        break;
      }
      case 'wrong-expected-version': {
        const wrong = new shared.WrongExpectedVersion();
        if (appended.current === null) wrong.setCurrentNoStream(new emptyMessage.Empty());
        else wrong.setCurrentStreamRevision(appended.current.toString());
        if (expected === 'any') wrong.setExpectedAny(new emptyMessage.Empty());
        else if (expected === 'exists') wrong.setExpectedStreamExists(new emptyMessage.Empty());
        else if (expected === 'no-stream') wrong.setExpectedNoStream(new emptyMessage.Empty());
        else wrong.setExpectedStreamPosition(expected.toString());
        response.setError(
          errorStatus(
            code.Code.ALREADY_EXISTS,
            'WrongExpectedVersion',
            'event_store.client.WrongExpectedVersion',
            wrong,
          ),
        );
        break;
      }
      case 'stream-deleted': {
        const deleted = new shared.StreamDeleted();
        deleted.setStreamIdentifier(identifierOf(stream));
        response.setError(
          errorStatus(code.Code.NOT_FOUND, 'StreamDeleted', 'event_store.client.StreamDeleted', deleted),
        );
      }
    }
  return response;
}

function errorStatus(
  kind: code.Code,
  message: string,
  type: string,
  details: { serializeBinary(): Uint8Array },
): statusMessage.Status {
  const any = new anyMessage.Any();
  any.pack(details.serializeBinary(), type);
  const error = new statusMessage.Status();
  error.setCode(kind);
  error.setMessage(message);
  error.setDetails(any);
  return error;
}

/** A failed call, with the trailers that tell the client what failed. */
export function failure(code: status, details: string, trailers: Readonly<Record<string, string>> = {}): ServiceError {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(trailers)) metadata.add(key, value);
  return Object.assign(new Error(details), { code, details, metadata });
}

export const unavailable = () => failure(status.UNAVAILABLE, 'The connection was cut.');
export const notReady = () => failure(status.UNAVAILABLE, 'Server Is Not Ready');
export const timedOut = () => failure(status.ABORTED, 'Operation timed out: Commit phase timeout.');
export const accessDenied = () => failure(status.PERMISSION_DENIED, 'Access Denied', { exception: 'access-denied' });
export const unauthenticated = () => failure(status.UNAUTHENTICATED, 'Unauthenticated');
export const streamDeleted = (stream: string) =>
  failure(status.FAILED_PRECONDITION, `Event stream '${stream}' is deleted.`, {
    exception: 'stream-deleted',
    'stream-name': stream,
  });
/** What a deletion fails with; null when it was done. */
export function notDeleted(stream: string, expected: ExpectedVersion, deleted: Appended): ServiceError | null {
  if (deleted.result === 'success') return null;
  if (deleted.result === 'stream-deleted') return streamDeleted(stream);
  return failure(status.FAILED_PRECONDITION, 'Delete failed due to WrongExpectedVersion.', {
    exception: 'wrong-expected-version',
    'stream-name': stream,
    'expected-version': String(
      expected === 'any' ? -2 : expected === 'exists' ? -4 : expected === 'no-stream' ? -1 : expected,
    ),
    'actual-version': String(deleted.current ?? -1),
  });
}
export const notLeader = ({ host, port }: { readonly host: string; readonly port: number }) =>
  failure(status.NOT_FOUND, 'Leader info available', {
    exception: 'not-leader',
    'leader-endpoint-host': host,
    'leader-endpoint-port': String(port),
  });
export const tooLarge = (bytes: number) =>
  failure(status.INVALID_ARGUMENT, `Maximum Append Size of ${bytes} Exceeded.`, {
    exception: 'maximum-append-size-exceeded',
    'maximum-append-size': String(bytes),
  });
export const eventTooLarge = (bytes: number) =>
  failure(status.INVALID_ARGUMENT, `An event exceeds the Maximum Append Event Size of ${bytes}.`, {
    exception: 'maximum-append-event-size-exceeded',
    'maximum-append-event-size': String(bytes),
  });
