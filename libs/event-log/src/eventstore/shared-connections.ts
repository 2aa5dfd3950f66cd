import type { StoreWatch } from '#platform';
import { Connection, type Timeouts } from './connection.js';

/** By what names them: the connection string, and how appends are sent. */
const connections = new Map<string, Connection>();

const nameOf = (connectionString: string, callByCall: boolean): string =>
  `${callByCall ? 'calls' : 'batch'} ${connectionString}`;

/** One client for each server in a process, shared by its logs. */
export function acquire(
  connectionString: string,
  timeouts: Timeouts,
  { callByCall = false, watch }: { readonly callByCall?: boolean; readonly watch?: StoreWatch },
): Connection {
  const name = nameOf(connectionString, callByCall);
  let connection = connections.get(name);
  if (connection === undefined) {
    connection = new Connection(connectionString, timeouts, callByCall, watch);
    connections.set(name, connection);
  }
  connection.users += 1;
  return connection;
}

/** Once for each `acquire`: the last one closes it. */
export function release(connection: Connection): void {
  connection.users -= 1;
  if (connection.users > 0) return;
  for (const [name, one] of connections) if (one === connection) connections.delete(name);
  connection.close();
}
