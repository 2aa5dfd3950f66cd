import { mkdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { DatabaseError, type Database, type Transaction, type Row } from '../database.js';
import type { Answer, Request } from './pglite-worker.js';
import { copyRows, copyStatement } from './values.js';

type Ask = Request extends infer R ? (R extends Request ? Omit<R, 'id'> : never) : never;

/**
 * PGlite in a thread of its own. It is one connection: a transaction has it to itself, and everybody else waits
 * in line, so keep transactions short.
 */
export class PgliteDatabase implements Database {
  readonly kind = 'pglite';
  readonly #worker: Worker;
  readonly #asked = new Map<number, { resolve: (rows: Row[]) => void; reject: (error: Error) => void }>();
  readonly #tx: Transaction = {
    query: <R extends Row>(sql: string, params: readonly unknown[] = []) =>
      this.#ask({ op: 'query', sql, params }) as Promise<R[]>,
    exec: async (sql: string) => {
      await this.#ask({ op: 'exec', sql });
    },
    copyIn: async (table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]) => {
      if (rows.length === 0) return;
      // PGlite has no COPY FROM STDIN (it waits for ever): it reads what we hand it as the file /dev/blob.
      const sql = copyStatement(table, columns, "'/dev/blob'");
      await this.#ask({ op: 'copy', sql, text: copyRows(rows) });
    },
  };
  #nextId = 1;
  #line: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | null = null;
  #dead: DatabaseError | null = null;

  /** `folder` null: in memory, gone when closed. */
  constructor(folder: string | null) {
    if (folder !== null) mkdirSync(folder, { recursive: true });
    const source = import.meta.url.endsWith('.ts');
    this.#worker = new Worker(new URL(source ? './pglite-worker.ts' : './pglite-worker.js', import.meta.url), {
      workerData: { folder },
      execArgv: source ? ['--conditions=source', '--import', '@swc-node/register/esm-register'] : [],
    });
    this.#worker.on('message', (answer: Answer) => {
      const asked = this.#asked.get(answer.id);
      this.#asked.delete(answer.id);
      if (asked === undefined) return;
      if ('error' in answer) asked.reject(new DatabaseError(answer.error.message, answer.error.code));
      else asked.resolve(answer.rows);
      if (this.#asked.size === 0) this.#worker.unref();
    });
    this.#worker.on('error', (error) => {
      this.#fail(new DatabaseError(`The database's thread died: ${error.message}`, '', { cause: error }));
    });
    this.#worker.on('exit', () => {
      this.#fail(new DatabaseError('The database is closed.', '57P01'));
    });
  }

  query<R extends Row = Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    return this.#inLine(() => this.#tx.query<R>(sql, params));
  }

  exec(sql: string): Promise<void> {
    return this.#inLine(() => this.#tx.exec(sql));
  }

  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return this.#inLine(async () => {
      await this.#tx.exec('BEGIN');
      try {
        const result = await work(this.#tx);
        await this.#tx.exec('COMMIT');
        return result;
      } catch (error) {
        await this.#tx.exec('ROLLBACK').catch(() => undefined);
        throw error;
      }
    });
  }

  copyIn(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void> {
    return this.#inLine(() => this.#tx.copyIn(table, columns, rows));
  }

  close(): Promise<void> {
    this.#closed ??= this.#inLine(() => this.#ask({ op: 'close' }))
      .catch(() => [])
      .then(async () => {
        await this.#worker.terminate();
      });
    return this.#closed;
  }

  #inLine<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#line.then(work);
    this.#line = turn.catch(() => undefined);
    return turn;
  }

  #ask(request: Ask): Promise<Row[]> {
    if (this.#dead !== null) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      this.#asked.set(id, { resolve, reject });
      // The process lives while an answer is awaited; an idle database does not keep it.
      this.#worker.ref();
      this.#worker.postMessage({ ...request, id });
    });
  }

  #fail(error: DatabaseError): void {
    this.#dead ??= error;
    for (const asked of this.#asked.values()) asked.reject(error);
    this.#asked.clear();
  }
}
