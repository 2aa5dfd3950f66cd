import { BACKWARDS, END } from '@eventstore/db-client';
import type { Expected, Positions } from '../port.js';
import { bytesOf } from './append-request.js';
import { drained } from './call.js';
import { pause, type Connection } from './connection.js';
import { denied, failureOf, notAnswered, NotSent, OutOfTime } from './failures.js';
import { positionOf, type Sendable } from './stored-event.js';
import { streamPage } from './stream-page.js';

/** Where an event came to stand, or stood already. */
export interface Place {
  readonly position: number;
  readonly revision: number;
  /** The position is that of a later event of the same append: this one lies below it. */
  readonly isBound?: true;
}

/** What became of one append to one stream, all or nothing. */
export type AppendOutcome =
  | { readonly status: 'stands'; readonly places: readonly Place[] }
  | { readonly status: 'wrong-revision'; readonly actual: number | null }
  | { readonly status: 'rejected'; readonly reason: string };

/** Events read at once when looking for our own: what was just appended is at the end, so at first these beside our own. */
const LOOK_BACK = { first: 16, then: 200 };

/**
 * One append to one stream, until its outcome is known. When the answer got lost nothing is sent again before the stream was
 * asked for the events' UUIDs; and what is then sent again has the same UUIDs and the same expectation, so that the server
 * knows it should the first attempt still arrive.
 *
 * @param floor a position that the log had before this append was first tried: what is ours lies above it
 * @param positions the server answers with the place of the last event: those of the others are read where they must be exact
 * @throws EventLogError `unavailable` when the outcome cannot be learnt in time
 */
export async function appendOnce(
  connection: Connection,
  stream: string,
  expected: Expected,
  events: readonly Sendable[],
  floor: number,
  positions: Positions = 'exact',
): Promise<AppendOutcome> {
  // An append of nothing makes a record that no reader sees.
  if (events.length === 0) return { status: 'stands', places: [] };
  const request = { stream, expected, events };
  return connection.appends.with(async () => {
    const deadline = performance.now() + connection.timeouts.callMs;
    let inDoubt = false;
    for (let attempt = 0; ; attempt += 1) {
      if (!connection.isReady) await connection.ready(deadline);
      if (inDoubt) {
        const places = await placesOf(connection, stream, events, floor);
        if (places !== null) return { status: 'stands', places };
      }
      const { generation } = connection;
      try {
        const { revision, position } = await connection.append(request);
        if (events.length === 1 && position !== null) return { status: 'stands', places: [{ position, revision }] };
        // At or below the floor stands what the server knew again: that need not be side by side.
        if (positions === 'not-below' && position !== null && position > floor)
          return { status: 'stands', places: boundsOf(position, revision, events.length) };
        return { status: 'stands', places: await placesFrom(connection, stream, revision, events) };
      } catch (error) {
        const failure = failureOf(error);
        switch (failure.kind) {
          case 'wrong-revision': {
            // After a lost answer it may be our own event that stands in the way.
            const places = inDoubt ? await placesOf(connection, stream, events, floor) : null;
            return places === null
              ? { status: 'wrong-revision', actual: failure.actual }
              : { status: 'stands', places };
          }
          case 'deleted-stream':
            // So says the server of a stream deleted softly too, where it is expected to be there: that one may begin again.
            if (expected === 'exists' && (await isMissing(connection, stream)))
              return { status: 'wrong-revision', actual: null };
            return {
              status: 'rejected',
              reason: `The stream ${stream} was deleted on the server for ever: nothing can be appended to it.`,
            };
          case 'rejected':
            return { status: 'rejected', reason: failure.reason };
          case 'denied':
            throw denied(connection.server, error);
          case 'missing-stream':
          case 'lost':
          case 'unknown':
            if (performance.now() > deadline) throw notAnswered(connection.server, connection.timeouts.callMs, error);
            if (!(error instanceof NotSent)) inDoubt = true;
            connection.failed(error, generation);
            // Unanswered is not rejected: what there is to do is to look for the events.
            if (!(error instanceof OutOfTime)) await pause(attempt);
        }
      }
    }
  }, bytesOf(request));
}

/** Where these events stand in their stream, if all of them do, in order; null when they do not. */
async function placesOf(
  connection: Connection,
  stream: string,
  events: readonly Sendable[],
  floor: number,
): Promise<readonly Place[] | null> {
  const wanted = new Map(events.map(({ uuid }, index) => [uuid, index]));
  const places: (Place | undefined)[] = events.map(() => undefined);
  let found = 0;
  let count = events.length + LOOK_BACK.first;
  for (let from: bigint | typeof END = END; ; count = LOOK_BACK.then) {
    const page = await streamPage(connection, stream, { from, maxCount: count, direction: BACKWARDS });
    for (const { event } of page) {
      if (event === undefined || positionOf(event) <= floor) continue;
      const index = wanted.get(event.id);
      // The lowest one counts, and lower ones are read later.
      if (index === undefined) continue;
      if (places[index] === undefined) found += 1;
      places[index] = placeOf(event);
    }
    if (found === events.length) return places as Place[];
    const last = page.at(-1)?.event;
    if (last === undefined || page.length < count || last.revision === 0n || positionOf(last) <= floor) return null;
    from = last.revision - 1n;
  }
}

/** Where the events of an append stand whose last revision was told. */
async function placesFrom(
  connection: Connection,
  stream: string,
  lastRevision: number,
  events: readonly Sendable[],
): Promise<readonly Place[]> {
  const fromRevision = BigInt(Math.max(0, lastRevision - events.length + 1));
  const page = await connection.reading((client, call) =>
    drained(client.readStream(stream, { fromRevision, maxCount: events.length, requiresLeader: true }), call),
  );
  if (page.every(({ event }, index) => event?.id === events[index]?.uuid) && page.length === events.length)
    return page.map(({ event }) => placeOf(event as NonNullable<typeof event>));
  // Repetitions that the server knew again need not stand side by side.
  const places = await placesOf(connection, stream, events, 0);
  if (places === null)
    throw notAnswered(connection.server, 0, new Error('an append that was acknowledged is not there'));
  return places;
}

/** The places of the events of an append whose last one was told. */
function boundsOf(position: number, revision: number, count: number): readonly Place[] {
  return Array.from({ length: count }, (_, at) => {
    const behind = count - 1 - at;
    return behind === 0 ? { position, revision } : { position, revision: revision - behind, isBound: true };
  });
}

function placeOf(event: { readonly revision: bigint; readonly position?: { readonly commit: bigint } }): Place {
  return { position: positionOf(event), revision: Number(event.revision) };
}

async function isMissing(connection: Connection, stream: string): Promise<boolean> {
  try {
    await connection.reading((client, call) =>
      drained(client.readStream(stream, { maxCount: 1, requiresLeader: true }), call),
    );
    return false;
  } catch (error) {
    if (failureOf(error).kind === 'missing-stream') return true;
    if (failureOf(error).kind === 'deleted-stream') return false;
    throw error;
  }
}
