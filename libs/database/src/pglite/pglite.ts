import { mkdirSync } from 'node:fs';
import { threadFile, WorkerClient } from '#platform';
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
import type { Step } from './session.js';
import type { Request } from './worker.js';
import { isDamage, noteDamage } from './broken-folder.js';
import { FairQueue } from './fair-queue.js';
import { copyRows, copyStatement } from '../copy.js';

const BEGIN: Step = { sql: 'BEGIN', params: [] };
const COMMIT: Step = { sql: 'COMMIT', params: [] };
const ROLLBACK: Step = { sql: 'ROLLBACK', params: [] };

/**
 * PGlite in a thread of its own. It is one connection: a transaction has it to itself, and other calls wait,
 * so keep transactions short.
 */
export class PgliteDatabase implements Database {
  readonly kind = 'pglite';
  readonly #worker: WorkerClient<Request, Row[][]>;
  readonly #queue = new FairQueue();
  #closed: Promise<void> | null = null;
  /** Whether it has answered once: before that, opening it reports the damage. */
  #opened = false;

  /** `folder` null: in memory, gone when closed. */
  constructor(folder: string | null) {
    if (folder !== null) mkdirSync(folder, { recursive: true });
    this.#worker = new WorkerClient({
      file: threadFile(import.meta.url, 'worker'),
      workerData: { folder },
      errorOf: ({ code, message }) => {
        const error = new DatabaseError(message, code ?? '');
        if (folder === null || !this.#opened || !isDamage(error)) return error;
        noteDamage(folder, error);
        return new DatabaseError(
          `${message}. The folder of the read models is damaged: restart the engine, which renames it and rebuilds them.`,
          error.code,
        );
      },
      ended: (cause) =>
        cause === undefined
          ? new DatabaseError('The database is closed.', '57P01')
          : new DatabaseError(`The database's thread died: ${cause.message}`, '', { cause }),
    });
  }

  async query<R extends Row = Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    const [rows = []] = await this.#single({ op: 'run', steps: [{ sql, params }] });
    return rows as R[];
  }

  exec(sql: string): Promise<void> {
    return this.#queued((on) => on.exec(sql));
  }

  async batch(steps: readonly (Statement | Copy | CopyText)[]): Promise<Row[][]> {
    return steps.length === 0 ? [] : this.#single({ op: 'run', steps: steps.map(stepOf), whole: true });
  }

  copyIn(table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void> {
    return this.#queued((on) => on.copyIn(table, columns, rows));
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>, { asking = false }: TransactionOptions = {}): Promise<T> {
    // The thread runs one request after the other, so BEGIN goes with the first statement instead of waiting for its answer.
    // For the same reason the next task does not wait for the answer to COMMIT.
    let begun = false;
    const { result, committed } = await this.#queued(async () => {
      const tx = transactionOn((steps) => {
        if (begun) return this.#run(steps);
        begun = true;
        return this.#run([BEGIN, ...steps]).then(([, ...results]) => results);
      });
      try {
        const result = await work(tx);
        return { result, committed: begun ? this.#run([COMMIT]) : Promise.resolve([]) };
      } catch (error) {
        if (begun) this.#run([ROLLBACK]).catch(() => undefined);
        throw error;
      }
    }, asking);
    await committed;
    return result;
  }

  close(): Promise<void> {
    this.#closed ??= this.#queued(() => this.#ask({ op: 'close' }))
      .catch(() => [])
      .then(async () => {
        await this.#worker.terminate();
      });
    return this.#closed;
  }

  #queued<T>(work: (on: Transaction) => Promise<T>, asking = false): Promise<T> {
    return this.#queue.turn(() => work(transactionOn((steps) => this.#run(steps))), asking);
  }

  /**
   * A single request need not be answered before the next task begins, since the thread runs one after the other: so the thread is never
   * idle. Where a reader waits it is awaited all the same: the shares of time are measured by how long each task takes.
   */
  async #single(request: Ask): Promise<Row[][]> {
    let answer: Promise<Row[][]> = Promise.resolve([]);
    await this.#queue.turn(async () => {
      answer = this.#ask(request);
      if (this.#queue.hasReader)
        await answer.then(
          () => undefined,
          () => undefined,
        );
    }, false);
    return answer;
  }

  #run(steps: readonly Step[]): Promise<Row[][]> {
    return this.#ask({ op: 'run', steps });
  }

  #ask(request: Ask): Promise<Row[][]> {
    return this.#worker
      .ask((no) => ({ ...request, no }))
      .then((rows) => {
        this.#opened = true;
        return rows;
      });
  }
}

type Ask = Request extends infer R ? (R extends Request ? Omit<R, 'no'> : never) : never;

/** A transaction on something that runs steps. */
function transactionOn(run: (steps: readonly Step[]) => Promise<Row[][]>): Transaction {
  return {
    query: async <R extends Row>(sql: string, params: readonly unknown[] = []) => {
      const [rows] = await run([{ sql, params }]);
      return (rows ?? []) as R[];
    },
    exec: async (script: string) => {
      await run([{ script }]);
    },
    batch: async (steps: readonly (Statement | Copy | CopyText)[]) =>
      steps.length === 0 ? [] : run(steps.map(stepOf)),
    copyIn: async (table: string, columns: readonly string[], rows: readonly (readonly unknown[])[]) => {
      if (rows.length === 0) return;
      await run([stepOf({ into: table, columns, rows })]);
    },
  };
}

function stepOf(step: Statement | Copy | CopyText): Step {
  if (!('into' in step)) return { sql: step.sql, params: step.params ?? [] };
  // COPY FROM STDIN never ends in PGlite: it reads the rows from the file /dev/blob instead.
  return {
    sql: copyStatement(step.into, step.columns, "'/dev/blob'"),
    text: 'text' in step ? step.text : copyRows(step.rows),
  };
}
