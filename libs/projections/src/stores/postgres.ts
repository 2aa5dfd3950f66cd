import pg from 'pg';
import { DatabaseError, type Database, type Transaction, type Row } from '../database.js';
import { copyRows, copyStatement, PARSERS } from './values.js';

const TYPES = {
  getTypeParser: (oid: number) => PARSERS[oid] ?? ((text: string) => text),
} as unknown as pg.CustomTypesConfig;

/** What `pg` calls on a query of our own making while it goes over the wire. */
interface CopyConnection {
  query(sql: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

/** COPY FROM STDIN, which `pg` speaks but does not offer: one statement, one chunk after the other. */
class CopyIn {
  readonly done: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: Error) => void;
  #error: Error | null = null;

  constructor(
    private readonly sql: string,
    private readonly text: string,
  ) {
    this.done = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  submit(connection: CopyConnection): void {
    connection.query(this.sql);
  }

  handleCopyInResponse(connection: CopyConnection): void {
    const bytes = Buffer.from(this.text, 'utf8');
    for (let at = 0; at < bytes.length; at += 65_536)
      connection.sendCopyFromChunk(bytes.subarray(at, Math.min(at + 65_536, bytes.length)));
    connection.endCopyFrom();
  }

  handleCommandComplete(): void {}

  handleError(error: Error): void {
    this.#error = error;
    this.#reject(error);
  }

  handleReadyForQuery(): void {
    if (this.#error === null) this.#resolve();
  }
}

/** A PostgreSQL server, through a pool of connections. */
export class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly #pool: pg.Pool;
  #closed: Promise<void> | null = null;

  constructor(url: string, options: { readonly connections?: number } = {}) {
    this.#pool = new pg.Pool({
      connectionString: url,
      max: options.connections ?? 10,
      types: TYPES,
      options: '-c TimeZone=UTC -c jit=off',
    });
    // A connection that broke while idle is replaced by the pool; whoever asks next learns of it.
    this.#pool.on('error', () => undefined);
  }

  query<R extends Row = Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return queryOn<R>(this.#pool, sql, params);
  }

  async exec(sql: string): Promise<void> {
    await this.#withClient((client) => execOn(client, sql));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#withClient(async (client) => {
      const tx: Transaction = {
        query: <R extends Row>(sql: string, params: readonly unknown[] = []) => queryOn<R>(client, sql, params),
        exec: (sql: string) => execOn(client, sql),
        copyIn: (table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]) =>
          copyOn(client, table, columns, rows),
      };
      await execOn(client, 'BEGIN');
      try {
        const result = await work(tx);
        await execOn(client, 'COMMIT');
        return result;
      } catch (error) {
        await client.query('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  copyIn(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void> {
    return this.#withClient((client) => copyOn(client, table, columns, rows));
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end();
    return this.#closed;
  }

  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect().catch(asOurs);
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      return await work(client);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }
}

async function queryOn<R extends Row>(
  on: pg.Pool | pg.PoolClient,
  sql: string,
  params: readonly unknown[],
): Promise<R[]> {
  const result = await on.query<R>(sql, [...params]).catch(asOurs);
  return result.rows;
}

async function execOn(client: pg.PoolClient, sql: string): Promise<void> {
  await client.query(sql).catch(asOurs);
}

async function copyOn(
  client: pg.PoolClient,
  table: string,
  columns: readonly string[],
  rows: readonly (readonly unknown[])[],
): Promise<void> {
  if (rows.length === 0) return;
  const query = new CopyIn(copyStatement(table, columns, 'STDIN'), copyRows(rows));
  client.query(query as unknown as pg.Submittable);
  await query.done.catch(asOurs);
}

function asOurs(error: unknown): never {
  const { message, code } = error as { message?: string; code?: string };
  throw new DatabaseError(message ?? String(error), code ?? '', { cause: error });
}
