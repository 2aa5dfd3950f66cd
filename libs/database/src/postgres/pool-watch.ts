import type { Socket } from 'node:net';
import type pg from 'pg';
import type { StoreWait, StoreWatch } from '#platform';

/** How often the lent connections are looked at. */
const POLL_MS = 1_000;
/** A connection that is lent for so long may wait for a server that does not answer. */
const LATE_MS = 2_000;
/** A server that answers nothing on another connection within so long is away. */
const PROBE_MS = 2_000;
/** A process that is to end waits so long for a connection. */
const ENDING_MS = 1_000;

export interface PoolWatchOptions {
  readonly pool: pg.Pool;
  readonly connection: pg.ClientConfig;
  readonly wait: StoreWait;
  /** When it aborts, connections to a server that is away are broken, so that no call waits for it. */
  readonly ending: AbortSignal;
}

/**
 * Watches the connections that a pool lends. A statement may take minutes, so its silence tells nothing; where one is lent for long, the
 * server is asked on a connection of its own whether it answers at all.
 */
export class PoolWatch {
  readonly #lentAt = new Map<pg.PoolClient, number>();
  #probing: Promise<boolean> | null = null;
  readonly #timer: NodeJS.Timeout;
  readonly #onEnding = () => void this.#breakOff();

  constructor(private readonly options: PoolWatchOptions) {
    const { pool, ending } = options;
    pool.on('acquire', (client) => this.#lentAt.set(client, performance.now()));
    pool.on('release', (_, client) => this.#lentAt.delete(client));
    pool.on('remove', (client) => this.#lentAt.delete(client));
    this.#timer = setInterval(() => this.#look(), POLL_MS).unref();
    if (ending.aborted) this.#onEnding();
    else ending.addEventListener('abort', this.#onEnding);
  }

  close(): void {
    clearInterval(this.#timer);
    this.options.ending.removeEventListener('abort', this.#onEnding);
  }

  /** A call was answered, or failed because the server is away. */
  settled(away: unknown): void {
    if (away === undefined) this.options.wait.answered();
    else this.options.wait.failed(away);
  }

  #look(): void {
    const now = performance.now();
    const late = [...this.#lentAt.values()].some((lentAt) => now - lentAt > LATE_MS);
    if (late || this.options.wait.failingForMs > 0) void this.#probe();
  }

  /** Whether the server answers. */
  #probe(): Promise<boolean> {
    this.#probing ??= probe(this.options.connection)
      .then(
        () => {
          this.settled(undefined);
          return true;
        },
        (error: unknown) => {
          this.settled(error);
          return false;
        },
      )
      .finally(() => (this.#probing = null));
    return this.#probing;
  }

  /** From here on no call waits long: for a connection at most a second, and for a server that is away not at all. */
  async #breakOff(): Promise<void> {
    const { pool } = this.options;
    pool.options.connectionTimeoutMillis = Math.min(pool.options.connectionTimeoutMillis || ENDING_MS, ENDING_MS);
    const connecting = connectingOf(pool);
    if (this.#lentAt.size + connecting.length === 0 || (await this.#probe())) return;
    for (const client of new Set([...this.#lentAt.keys(), ...connecting]))
      hangUp(client, 'the process is stopping, and no answer came');
  }
}

/** The watch over the database of the read models. */
export function readModelsWatch(watch: StoreWatch, options: Pick<PoolWatchOptions, 'pool' | 'connection'>): PoolWatch {
  const wait = watch.of({ store: 'read-models', work: 'query', subject: 'The database of the read models' });
  return new PoolWatch({ ...options, wait, ending: watch.ending });
}

/** Connections that are being made: the pool lists them with those that it has, and tells of them only once they are made. */
function connectingOf(pool: pg.Pool): readonly pg.PoolClient[] {
  if (pool.totalCount === 0) return [];
  const { _clients: all } = pool as unknown as {
    readonly _clients?: readonly (pg.PoolClient & { _connected?: boolean })[];
  };
  return (all ?? []).filter(({ _connected }) => _connected !== true);
}

/** Breaks a connection: a call that waits for an answer on it fails. */
export function hangUp(client: pg.ClientBase, why: string): void {
  const { connection } = client as unknown as { readonly connection: { readonly stream: Socket } };
  connection.stream.destroy(new Error(`connection terminated: ${why}`));
}

/** Asks the server something on a connection of its own. @throws where it does not answer in time */
async function probe(connection: pg.ClientConfig): Promise<void> {
  // Loaded where a server is used, and not before.
  const { default: driver } = await import('pg');
  const client = new driver.Client({ ...connection, connectionTimeoutMillis: PROBE_MS });
  client.on('error', () => undefined);
  const timer = setTimeout(() => hangUp(client, `no answer within ${PROBE_MS} ms`), PROBE_MS);
  try {
    await client.connect();
    await client.query('SELECT 1');
    await client.end();
  } catch (error) {
    hangUp(client, 'the probe failed');
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
