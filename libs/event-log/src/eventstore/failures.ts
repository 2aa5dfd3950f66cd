import { ErrorType } from '@eventstore/db-client';
import { describeError } from '#platform';
import { EventLogError } from '../port.js';

/** The gRPC status codes of errors that the client passes on as they are. */
const GRPC = {
  cancelled: 1,
  invalidArgument: 3,
  permissionDenied: 7,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** What a failed call means. */
export type Failure =
  | { readonly kind: 'wrong-revision'; readonly actual: number | null }
  /** The server will never accept this: the reason says why. */
  | { readonly kind: 'rejected'; readonly reason: string }
  | { readonly kind: 'missing-stream' }
  | { readonly kind: 'deleted-stream' }
  | { readonly kind: 'denied' }
  /** The connection is gone, or the node is not the leader: the outcome of every open call is unknown. */
  | { readonly kind: 'lost' }
  /** The outcome is unknown. */
  | { readonly kind: 'unknown' };

/** A call took longer than our own timeout: gRPC has none for the appends of one BatchAppend call, and the client none for reads. */
export class OutOfTime extends Error {}

/** The connection was given up under a call, or the call itself was. */
export class Interrupted extends Error {}

/** … because another call found it broken: that one has the cause. */
export class GivenUp extends Interrupted {
  constructor() {
    super('The connection was given up.');
  }
}

/** It was never sent, because its call was over before: there is nothing to look for. */
export class NotSent extends Interrupted {}

/** The server ended a call without an error, and without all of its answers. */
export class CallEnded extends Error {}

/**
 * How long this process was stopped itself, by how late a timer comes, in milliseconds: answers may have come in the meantime that are
 * read only behind the timer, so that time does not count as the server's silence. 0 where it is the lateness of any timer.
 */
export function stoppedFor(lateMs: number, timeoutMs: number): number {
  return lateMs > timeoutMs / 8 ? lateMs : 0;
}

/**
 * By the fields of the error, not by its class: the client rejects with errors of its own, with raw gRPC errors, and
 * with plain ones.
 */
export function failureOf(error: unknown): Failure {
  if (error instanceof Interrupted) return { kind: 'lost' };
  const { type, code, message, actualVersion } = error as {
    readonly type?: string;
    readonly code?: unknown;
    readonly message?: string;
    readonly actualVersion?: bigint | string;
  };
  switch (type) {
    case ErrorType.WRONG_EXPECTED_VERSION:
      return { kind: 'wrong-revision', actual: typeof actualVersion === 'bigint' ? Number(actualVersion) : null };
    case ErrorType.STREAM_DELETED:
      return { kind: 'deleted-stream' };
    case ErrorType.STREAM_NOT_FOUND:
    case ErrorType.NO_STREAM:
      return { kind: 'missing-stream' };
    case ErrorType.MAXIMUM_APPEND_SIZE_EXCEEDED:
      return { kind: 'rejected', reason: `The server accepts no append of this size: ${message}. Split it.` };
    case ErrorType.MISSING_REQUIRED_METADATA_PROPERTY:
    case ErrorType.INVALID_ARGUMENT:
      return { kind: 'rejected', reason: `The server rejects it: ${message}.` };
    case ErrorType.ACCESS_DENIED:
      return { kind: 'denied' };
    case ErrorType.UNAVAILABLE:
    case ErrorType.CANCELLED:
    case ErrorType.NOT_LEADER:
      return { kind: 'lost' };
    default:
  }
  // A server that is told to take smaller events says so in a word that BatchAppend's client does not know.
  if (/MaximumAppendEventSizeExceeded/.test(message ?? ''))
    return {
      kind: 'rejected',
      reason: 'The server accepts no event of this size. Split it, or set MaxAppendEventSize higher.',
    };
  switch (code) {
    case GRPC.permissionDenied:
    case GRPC.unauthenticated:
      return { kind: 'denied' };
    case GRPC.invalidArgument:
      return { kind: 'rejected', reason: `The server rejects it: ${message}.` };
    case GRPC.unavailable:
    case GRPC.cancelled:
      return { kind: 'lost' };
    default:
      return { kind: 'unknown' };
  }
}

/** At this position of $all no record begins. A read says it in a word, a subscription in a sentence. */
export function isInvalidPosition(error: unknown): boolean {
  const { message } = (error ?? {}) as { readonly message?: unknown };
  return typeof message === 'string' && /InvalidPosition|invalid position/i.test(message);
}

export function denied(server: string, cause: unknown): EventLogError {
  return new EventLogError(
    'unavailable',
    `The event log at ${server} rejects this user: give one that may read $all and write, in the connection string.`,
    { cause },
  );
}

/** @param why what was found, where anything was */
export function unreachable(server: string, afterMs: number, why?: string): EventLogError {
  if (why !== undefined) return new EventLogError('unavailable', `${why} (Waited ${afterMs} ms.)`);
  return new EventLogError(
    'unavailable',
    `No EventStoreDB answers at ${server} (waited ${afterMs} ms). Check that it runs there, that the port is its HTTP port (2113 by default), ` +
      `that tls=true or tls=false fits the server, and that tlsCAFile names the authority of its certificate.`,
  );
}

/** The process is to end, and does not wait for the server. */
export function ended(server: string, cause: string): EventLogError {
  return new EventLogError(
    'unavailable',
    `The process is stopping, and the event log at ${server} does not answer: ${cause.replace(/[.\s]+$/, '')}. Whether the last append was stored is unknown: look its event ids up.`,
  );
}

export function notAnswered(server: string, afterMs: number, cause: unknown): EventLogError {
  return new EventLogError(
    'unavailable',
    `The event log at ${server} did not answer within ${afterMs} ms: ${describeError(cause)}. Whether the last append was ` +
      `stored is unknown: look its event ids up.`,
    { cause },
  );
}
