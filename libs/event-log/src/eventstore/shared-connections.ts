import type { Credentials } from '@eventstore/db-client';
import type { StoreWatch } from '#platform';
import { Connection, type Timeouts } from './connection.js';

interface Shared {
  readonly connections: Map<string, Connection>;
  /** The one server of this process whose appends go through the client's BatchAppend. */
  batching: string | null;
}

/** By name, not by module: two copies of this module in one process share the client's promises all the same. */
const SHARED = Symbol.for('perennial.event-log.eventstore-connections');

function shared(): Shared {
  const place = globalThis as { [SHARED]?: Shared };
  return (place[SHARED] ??= { connections: new Map(), batching: null });
}

/** Given to a call, even an empty name keeps it off BatchAppend; on a connection without TLS it is not sent. */
const ANONYMOUS: Credentials = { username: 'anonymous', password: '' };

/**
 * One client for each server in a process, shared by its logs. BatchAppend goes to one server only, the first: its
 * promises stand in a table that all clients of the process share, and a stream that breaks would reject the others' too.
 */
export function acquire(connectionString: string, timeouts: Timeouts, watch?: StoreWatch): Connection {
  const { connections } = shared();
  let connection = connections.get(connectionString);
  if (connection === undefined) {
    const other = shared().batching !== null;
    connection = new Connection(connectionString, timeouts, other ? credentialsIn(connectionString) : undefined, watch);
    connections.set(connectionString, connection);
    if (!other) shared().batching = connectionString;
  }
  connection.users += 1;
  return connection;
}

export function release(connectionString: string): void {
  const { connections } = shared();
  const connection = connections.get(connectionString);
  if (connection === undefined) return;
  connection.users -= 1;
  if (connection.users > 0) return;
  connections.delete(connectionString);
  if (shared().batching === connectionString) shared().batching = null;
  connection.close();
}

function credentialsIn(connectionString: string): Credentials {
  const [, username, password] = /^[^/]*\/\/([^:@/]+):([^@]+)@/.exec(connectionString) ?? [];
  if (username === undefined || password === undefined) return ANONYMOUS;
  return { username: decodeURIComponent(username), password: decodeURIComponent(password) };
}
