import streamsService from '@eventstore/db-client/generated/streams_grpc_pb.js';
import type streams from '@eventstore/db-client/generated/streams_pb.js';
import { convertToCommandError, WrongExpectedVersionError } from '@eventstore/db-client/dist/utils/index.js';
import type { EventStoreDBClient } from '@eventstore/db-client';
import { appendMessages, type Appended, type AppendRequest } from './append-request.js';
import { internalsOf } from './client-internals.js';
import { GivenUp } from './failures.js';
import { positionOf } from './stored-event.js';

/** What the call is to us: gRPC's stream of messages that is answered once. */
interface Sink {
  on(event: 'drain', listener: () => void): unknown;
  write(message: streams.AppendReq): boolean;
  end(): void;
  cancel(): void;
}

/**
 * An append that is a call of its own, for servers without BatchAppend.
 *
 * It consists of one message for each event, and ends where the call does. Node ends a stream that is cancelled before it resets it, and gRPC does not tell
 * when all was sent: to the server an append that is cancelled could be a whole one, of fewer events. So one of several events is never
 * cancelled: when it is given up it is sent to its end, and its answer goes nowhere. Of one event the server gets it or an append of nothing,
 * which no reader sees.
 * @param gone aborts when the answer is no longer waited for
 */
export function appendAlone(client: EventStoreDBClient, request: AppendRequest, gone: AbortSignal): Promise<Appended> {
  const internals = internalsOf(client);
  if (gone.aborted) return Promise.reject(new GivenUp());
  return internals.execute(
    streamsService.StreamsClient,
    'append',
    (grpc) =>
      new Promise((resolve, reject) => {
        const sink: Sink = grpc.append(
          ...internals.callArguments({ requiresLeader: true }, { deadline: Infinity }),
          (error, answer) => {
            gone.removeEventListener('abort', interrupt);
            if (error !== null) return reject(convertToCommandError(error));
            settle(answer, request.stream, resolve, reject);
          },
        );
        const interrupt = () => {
          reject(new GivenUp());
          if (request.events.length === 1) sink.cancel();
        };
        gone.addEventListener('abort', interrupt);
        const messages = appendMessages(request);
        let next = 0;
        const write = () => {
          while (next < messages.length && !(gone.aborted && request.events.length === 1)) {
            next += 1;
            if (!sink.write(messages[next - 1] as streams.AppendReq)) return;
          }
          if (next === messages.length) sink.end();
        };
        sink.on('drain', write);
        write();
      }),
  );
}

function settle(
  answer: streams.AppendResp | undefined,
  streamName: string,
  resolve: (appended: Appended) => void,
  reject: (error: Error) => void,
): void {
  const success = answer?.getSuccess();
  if (success !== undefined) {
    const position = success.getPosition();
    return resolve({
      revision: Number(success.getCurrentRevision()),
      position:
        position === undefined ? null : positionOf({ position: { commit: BigInt(position.getCommitPosition()) } }),
    });
  }
  const wrong = answer?.getWrongExpectedVersion();
  if (wrong === undefined) return reject(new Error('The server answered nothing.'));
  reject(
    new WrongExpectedVersionError(undefined, {
      streamName,
      current: wrong.hasCurrentRevision() ? BigInt(wrong.getCurrentRevision()) : 'no_stream',
      expected: 'any',
    }),
  );
}
