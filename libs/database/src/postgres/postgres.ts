import pg from 'pg';
import type { StoreWatch } from '#platform';
import {
  DatabaseError,
  type Copy,
  type CopyText,
  type Database,
  type Row,
  type Statement,
  type Transaction,
  type TransactionOptions,
} from '../port.js';
import { CopyIn } from './copy-in.js';
import { checkVersion, describePostgresError, isAway, whereOf, type Where } from './errors.js';
import { hangUp, readModelsWatch, type PoolWatch } from './pool-watch.js';
import { copyRows, copyStatement } from '../copy.js';
import { PARSERS } from '../values.js';

const TYPES = {
  getTypeParser: (oid: number) => PARSERS[oid] ?? ((text: string) => text),
} as unknown as pg.CustomTypesConfig;

export interface PostgresOptions {
  /** Most connections at one time. Default 10. */
  readonly connections?: number;
  /** A connection must be had within so long, be it made or waited for. Default 10 s. */
  readonly connectTimeoutMs?: number;
  /** A statement is ended after so long, unless its transaction is a long one. Default 5 minutes. */
  readonly statementTimeoutMs?: number;
  /** A statement waits so long for a lock. Default 30 s. */
  readonly lockTimeoutMs?: number;
  /** The server ends a transaction that is idle for so long, so that a process that hangs does not block others. Default 60 s. */
  readonly idleInTransactionTimeoutMs?: number;
  /** As the server's own views name this process. Default `perennial`. */
  readonly applicationName?: string;
  /** Who is told of waiting for the server; by default nothing is logged. */
  readonly watch?: StoreWatch;
}

/** An answer that is later than the server's own time limit by this much will not come: the network is gone. */
const SILENCE_MS = 10_000;

/** What an address may say after its question mark beside what PostgreSQL's drivers know: whole numbers, times in milliseconds. */
const LIMITS = [
  'connections',
  'connect_timeout',
  'statement_timeout',
  'lock_timeout',
  'idle_in_transaction_session_timeout',
] as const;

/** Takes the limits out of an address: the address without them, and what they say. */
function limitsIn(url: string): { address: string; given: (name: (typeof LIMITS)[number]) => number | undefined } {
  const address = new URL(url);
  const said = new Map<string, number>();
  for (const name of LIMITS) {
    const value = address.searchParams.get(name);
    if (value === null) continue;
    if (!/^\d{1,9}$/.test(value))
      throw new DatabaseError(`POSTGRES_URL says ${name}=${value}: give a whole number there.`, '');
    said.set(name, Number(value));
    address.searchParams.delete(name);
  }
  return { address: address.href, given: (name) => said.get(name) };
}

/** A PostgreSQL server, through a pool of connections. */
export class PostgresDatabase implements Database {
  readonly kind = 'postgres';
  readonly #pool: pg.Pool;
  readonly #watch: PoolWatch | null;
  readonly #where: Where;
  readonly #answerWithinMs: number;
  #closed: Promise<void> | null = null;

  constructor(url: string, options: PostgresOptions = {}) {
    this.#where = whereOf(url);
    const { address, given } = limitsIn(url);
    const statement = given('statement_timeout') ?? options.statementTimeoutMs ?? 300_000;
    this.#answerWithinMs = statement + SILENCE_MS;
    const settings = {
      TimeZone: 'UTC',
      jit: 'off',
      statement_timeout: statement,
      lock_timeout: given('lock_timeout') ?? options.lockTimeoutMs ?? 30_000,
      idle_in_transaction_session_timeout:
        given('idle_in_transaction_session_timeout') ?? options.idleInTransactionTimeoutMs ?? 60_000,
    };
    const connection: pg.PoolConfig = {
      connectionString: address,
      connectionTimeoutMillis: given('connect_timeout') ?? options.connectTimeoutMs ?? 10_000,
      keepAlive: true,
      application_name: options.applicationName ?? 'perennial',
      options: Object.entries(settings)
        .map(([name, value]) => `-c ${name}=${value}`)
        .join(' '),
    };
    this.#pool = new pg.Pool({
      ...connection,
      max: given('connections') ?? options.connections ?? 10,
      types: TYPES,
    });
    this.#watch = options.watch === undefined ? null : readModelsWatch(options.watch, { pool: this.#pool, connection });
    // A connection that broke while idle is replaced by the pool: the next call gets a new one.
    this.#pool.on('error', () => undefined);
  }

  /**
   * Asks the server for its version.
   *
   * @throws DatabaseError when it cannot be reached, does not let us in, or is too old
   */
  async greet(): Promise<void> {
    const [row] = await this.query<{ number: number }>(`SELECT current_setting('server_version_num')::int AS number`);
    checkVersion(row?.number ?? 0, this.#where);
  }

  query<R extends Row = Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return this.#withClient((client) => client.query<R>(sql, params));
  }

  exec(sql: string): Promise<void> {
    return this.#withClient((client) => client.exec(sql));
  }

  batch(steps: readonly (Statement | Copy | CopyText)[]): Promise<Row[][]> {
    return this.transaction((tx) => tx.batch(steps));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>, { long = false }: TransactionOptions = {}): Promise<T> {
    return this.#withClient(async (client) => {
      await client.exec(
        long
          ? 'BEGIN; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = 0; SET LOCAL idle_in_transaction_session_timeout = 600000'
          : 'BEGIN',
      );
      try {
        const result = await work(client);
        await client.exec('COMMIT');
        return result;
      } catch (error) {
        await client.exec('ROLLBACK').catch(() => undefined);
        throw error;
      }
    }, long);
  }

  copyIn(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void> {
    return this.#withClient((client) => client.copyIn(table, columns, rows));
  }

  close(): Promise<void> {
    this.#closed ??= this.#pool.end().finally(() => this.#watch?.close());
    return this.#closed;
  }

  async #withClient<T>(work: (client: Connection) => Promise<T>, long = false): Promise<T> {
    if (this.#closed !== null) throw new DatabaseError('The database is closed.', '57P01');
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw this.#told(describePostgresError(error, this.#where));
    });
    let broken: Error | undefined;
    const onError = (error: Error) => {
      broken = error;
    };
    client.on('error', onError);
    try {
      const result = await work(new Connection(client, this.#where, long ? null : this.#answerWithinMs));
      this.#watch?.settled(undefined);
      return result;
    } catch (error) {
      throw this.#told(error);
    } finally {
      client.off('error', onError);
      client.release(broken);
    }
  }

  /** Tells the watch where the server is away; any other error is an answer. */
  #told(error: unknown): unknown {
    if (error instanceof DatabaseError) this.#watch?.settled(isAway(error) ? error : undefined);
    return error;
  }
}

/** One connection of the pool, for as long as it is lent. */
class Connection implements Transaction {
  constructor(
    private readonly client: pg.PoolClient,
    private readonly where: Where,
    private readonly answerWithinMs: number | null,
  ) {}

  async query<R extends Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    const { rows } = await this.#answer(() => this.client.query<R>(sql, [...params]));
    return rows;
  }

  async batch(steps: readonly (Statement | Copy | CopyText)[]): Promise<Row[][]> {
    const results: Row[][] = [];
    let copies: (Copy | CopyText)[] = [];
    const copy = async (): Promise<void> => {
      if (copies.length > 0) await this.#copy(copies);
      copies = [];
    };
    for (const step of steps)
      if ('into' in step) {
        // Those that follow one another go one way together.
        copies.push(step);
        results.push([]);
      } else {
        await copy();
        results.push(await this.query(step.sql, step.params));
      }
    await copy();
    return results;
  }

  async exec(sql: string): Promise<void> {
    await this.#answer(() => this.client.query(sql));
  }

  async copyIn(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void> {
    await this.#copy([{ into: table, columns, rows }]);
  }

  async #copy(copies: readonly (Copy | CopyText)[]): Promise<void> {
    const filled = copies.filter((copy) => ('text' in copy ? copy.text !== '' : copy.rows.length > 0));
    if (filled.length === 0) return;
    await this.#answer(() => {
      const query = new CopyIn(
        filled.map(({ into, columns }) => copyStatement(into, columns, 'STDIN')).join(';\n'),
        filled.map((copy) => ('text' in copy ? copy.text : copyRows(copy.rows))),
      );
      this.client.query(query as unknown as pg.Submittable);
      return query.done;
    });
  }

  /** Waits for an answer; closes the connection when none comes in time, so that no caller waits for ever. */
  async #answer<T>(runQuery: () => Promise<T>): Promise<T> {
    const timer =
      this.answerWithinMs === null
        ? null
        : setTimeout(() => hangUp(this.client, 'no answer came'), this.answerWithinMs);
    try {
      return await runQuery();
    } catch (error) {
      throw describePostgresError(error, this.where);
    } finally {
      if (timer !== null) clearTimeout(timer);
    }
  }
}
