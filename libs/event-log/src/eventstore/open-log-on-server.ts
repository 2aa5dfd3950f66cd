import { setTimeout as sleep } from 'node:timers/promises';
import type { StoreWatch } from '#platform';
import { EventLogError } from '../port.js';
import { logAt } from './connection-string.js';
import { TIMEOUTS, type Connection, type Timeouts } from './connection.js';
import type { Diagnosis } from './diagnosis.js';
import { EventStoreLog } from './eventstore-log.js';
import { unreachable } from './failures.js';
import type { IdTable } from './ids.js';
import { acquire, release } from './shared-connections.js';

export interface EventStoreLogOptions {
  /**
   * As EventStoreDB writes it: `esdb://user:password@host:2113?tls=true&tlsCAFile=/path/ca.crt`, several hosts by commas,
   * `esdb+discover://` for DNS. All calls go to the leader. `#name` at its end is the log's name, where none is given below.
   */
  readonly connectionString: string;
  /** Which event has which id: written by the indexer. */
  readonly ids: IdTable;
  /**
   * The name of this log among others on the server: its streams are called `<name>.<stream>`, and it reads those only.
   * Letters, digits, `-` and `_`; so no log's name plus its dot begins another's. Default `perennial`.
   */
  readonly name?: string;
  readonly timeouts?: Partial<Timeouts>;
  /** Makes each append a call of its own, as with servers that have no BatchAppend: for a proxy that ends long calls. Slower. */
  readonly callByCall?: boolean;
  /**
   * How long the first answer may take, in milliseconds: at a terminal, an unreachable server should be reported soon.
   * Default: as long as any call.
   */
  readonly openMs?: number;
  /** Who is told of waiting for the server; by default nothing is logged. */
  readonly watch?: StoreWatch;
}

/** Opens the log on a server that is there. Several processes may have it open; several logs may lie on one server. */
export async function openLogOnServer(options: EventStoreLogOptions): Promise<EventStoreLog> {
  const { connectionString, name: named } = logAt(options.connectionString);
  const name = options.name ?? named ?? 'perennial';
  if (!/^[A-Za-z0-9][A-Za-z0-9_-]*$/.test(name))
    throw new RangeError(`A log cannot be called ${JSON.stringify(name)}: use letters, digits, - and _.`);
  const timeouts = { ...TIMEOUTS, ...options.timeouts };
  const connection = acquire(connectionString, timeouts, options);
  try {
    const log = new EventStoreLog(connection, options.ids, `${name}.`);
    await answered(log.begin(), options.openMs ?? timeouts.callMs, connection);
    return log;
  } catch (error) {
    release(connection);
    throw error;
  }
}

/** A server that has not answered for so long is looked at, and again after as long. */
const DIAGNOSE_MS = 700;

/** @throws EventLogError `unavailable`: at once where waiting does not help */
async function answered(first: Promise<unknown>, withinMs: number, connection: Connection): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let found: Diagnosis | null = null;
  const over = new AbortController();
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(unreachable(connection.server, withinMs, found?.text)), withinMs);
    const look = async (): Promise<void> => {
      while (!over.signal.aborted) {
        await sleep(DIAGNOSE_MS, undefined, { signal: over.signal });
        found = await connection.diagnose();
        if (found === null || over.signal.aborted) continue;
        if (found.lasting) return reject(new EventLogError('unavailable', found.text));
        connection.waits.read.failed(new Error(found.text));
      }
    };
    look().catch(() => undefined);
  });
  // The call goes on until the connection is closed, and its outcome is no longer needed.
  first.catch(() => undefined);
  try {
    await Promise.race([first, late]);
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}
