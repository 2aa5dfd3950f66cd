import { randomUUID } from 'node:crypto';
import { BACKWARDS, END } from '@eventstore/db-client';
import { identityIn, newLogIdentity, type LogIdentity } from '#platform';
import { pause, type Connection } from './connection.js';
import { denied, failureOf, notAnswered } from './failures.js';
import type { Sendable } from './stored-event.js';
import { streamPage } from './stream-page.js';

const TYPE = 'perennial-log-identity';

/** What a stream's name ends with; no log's name has a colon, so it is no stream of any log, and no reader of one meets it. */
const streamOf = (name: string): string => `${name}:identity`;

interface Known {
  readonly identity: LogIdentity;
  readonly revision: bigint;
}

/** The identity of a log on a server: the last event of a stream beside the log's own. A log without one gets a new one; of two processes that try, one succeeds. */
export async function identityOnServer(connection: Connection, name: string): Promise<LogIdentity> {
  const known = await knownIdentity(connection, name);
  return known?.identity ?? (await writeIdentity(connection, name, () => newLogIdentity(), null));
}

/** Replaces the identity, of whatever is on record now; what the last writer wrote stands. */
export async function replaceIdentity(
  connection: Connection,
  name: string,
  next: (before: LogIdentity | null) => LogIdentity,
): Promise<LogIdentity> {
  const known = await knownIdentity(connection, name);
  if (known !== null && next(known.identity) === known.identity) return known.identity;
  return writeIdentity(connection, name, next, known);
}

/** Appends where the stream is as it was read, and reads it again where it is not: the server decides, whatever ids it remembers. */
async function writeIdentity(
  connection: Connection,
  name: string,
  next: (before: LogIdentity | null) => LogIdentity,
  known: Known | null,
): Promise<LogIdentity> {
  const deadline = performance.now() + connection.timeouts.callMs;
  const creating = known === null;
  let before = known;
  for (let attempt = 0; ; attempt += 1) {
    await connection.ready(deadline);
    const { generation } = connection;
    const identity = next(before?.identity ?? null);
    try {
      await connection.append({
        stream: streamOf(name),
        expected: before === null ? 'no-stream' : Number(before.revision),
        events: [eventOf(identity)],
      });
      return identity;
    } catch (error) {
      const { kind } = failureOf(error);
      if (kind === 'denied') throw denied(connection.server, error);
      if (kind === 'rejected' || kind === 'deleted-stream') throw error;
      if (performance.now() > deadline) throw notAnswered(connection.server, connection.timeouts.callMs, error);
      if (kind !== 'wrong-revision') {
        connection.failed(error, generation);
        await pause(attempt);
      }
      before = await knownIdentity(connection, name);
      // Another process was faster, or it was our own append whose answer got lost.
      if (before !== null && (creating || before.identity.copyId === identity.copyId)) return before.identity;
    }
  }
}

function eventOf(identity: LogIdentity): Sendable {
  const data = new Uint8Array(Buffer.from(JSON.stringify(identity), 'utf8'));
  return { uuid: randomUUID(), type: TYPE, isJson: true, data, metadata: new Uint8Array(), bytes: data.length };
}

async function knownIdentity(connection: Connection, name: string): Promise<Known | null> {
  const events = await streamPage(connection, streamOf(name), { from: END, maxCount: 1, direction: BACKWARDS });
  const event = events[0]?.event;
  const identity = event?.type === TYPE ? identityIn(event.data) : null;
  return event === undefined || identity === null ? null : { identity, revision: event.revision };
}
