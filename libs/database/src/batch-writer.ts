import type { Copy, Row, Statement, Transaction } from './port.js';

/** What rows can be written to: a transaction, which writes at once, or a batch, which is sent later. */
export type Writer = Pick<Transaction, 'query' | 'copyIn'>;

/** Writes whose answers are not read: collected in order, and sent in one round trip. */
export class Writes implements Writer {
  #steps: (Statement | Copy)[] = [];

  query<R extends Row = Row>(sql: string, params: readonly unknown[] = []): Promise<R[]> {
    this.#steps.push({ sql, params });
    return Promise.resolve([]);
  }

  copyIn(into: string, columns: readonly string[], rows: readonly (readonly unknown[])[]): Promise<void> {
    if (rows.length > 0) this.#steps.push({ into, columns, rows });
    return Promise.resolve();
  }

  /** Sends the writes in order, and then the queries, in one round trip; the queries see what was written. Returns the rows of each query. */
  async send(tx: Transaction, queries: readonly Statement[] = []): Promise<Row[][]> {
    const steps = this.#steps;
    this.#steps = [];
    const all = [...steps, ...queries];
    return all.length === 0 ? [] : (await tx.batch(all)).slice(steps.length);
  }
}
