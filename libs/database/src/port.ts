/** One row as the driver gives it: text, number, boolean, null, or what JSON columns hold. bigint columns come as numbers. */
export type Row = Record<string, unknown>;

export interface Queryable {
  /** Runs one statement with `$1…` parameters. Instants come back as UTC milliseconds, dates as `YYYY-MM-DD`. */
  query<R extends Row = Row>(sql: string, params?: readonly unknown[]): Promise<R[]>;
  /** Runs several statements without parameters. */
  exec(sql: string): Promise<void>;
}

/** One statement with `$1…` parameters. */
export interface Statement {
  readonly sql: string;
  readonly params?: readonly unknown[];
}

/** Rows to be copied into a table, their values in the order of the columns. */
export interface Copy {
  readonly into: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly unknown[])[];
}

/** The same with the rows in COPY's own text format. */
export interface CopyText {
  readonly into: string;
  readonly columns: readonly string[];
  readonly text: string;
}

/** A connection that also writes rows in bulk: the database itself, or a transaction on it. */
export interface Transaction extends Queryable {
  /**
   * Runs the steps in order, in one round trip and one transaction; returns the rows of each. The first
   * that fails ends the transaction.
   */
  batch(steps: readonly (Statement | Copy | CopyText)[]): Promise<Row[][]>;
  /** Writes many rows at once, by the fastest way this store has (COPY). Columns in the order given. */
  copyIn(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void>;
}

export interface TransactionOptions {
  /** True: the work reads or writes whole tables, and the server's time limits do not apply to it. */
  readonly long?: boolean;
  /** True: the transaction only reads. Where all share one connection, readers get half of the time and writers the other half. */
  readonly asking?: boolean;
}

/**
 * The read models' database: PostgreSQL's SQL everywhere, in process (PGlite, in a worker thread) or a server (`pg`).
 * One dialect, the same migrations, one suite. Errors carry PostgreSQL's five-letter `code`.
 */
export interface Database extends Transaction {
  readonly kind: 'pglite' | 'postgres';
  /** Runs `work` in one transaction; rolls back when it throws. */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>;
  close(): Promise<void>;
}

/** The database rejected a statement, or could not be reached. */
export class DatabaseError extends Error {
  constructor(
    message: string,
    /** PostgreSQL's SQLSTATE, such as `23505`; empty when the server did not answer. */
    readonly code: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'DatabaseError';
  }
}

/**
 * Whether the database rejected the very rows it was given: a value it cannot hold, a rule that they break. Anything else (the
 * connection, the server, a conflict of two transactions) may succeed when it is tried again.
 */
export function isRejection(error: unknown): boolean {
  return error instanceof DatabaseError && /^(?:22|23)/.test(error.code);
}
