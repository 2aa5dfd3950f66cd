import type { Copy, Row, Statement, Transaction } from './port.js';

/** What rows can be written to: a transaction, which writes at once, or writes that are put off until they are sent. */
export type Writer = Pick<Transaction, 'query' | 'copyIn'>;

/** Writes whose answers nobody reads: kept in their order, and sent all at once, which spares the way for each of them. */
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

  /** Does all that was put off, in order; and then asks, on the same way there and back, what sees it done. Gives the rows of each question. */
  async send(tx: Transaction, queries: readonly Statement[] = []): Promise<Row[][]> {
    const steps = this.#steps;
    this.#steps = [];
    const all = [...steps, ...queries];
    return all.length === 0 ? [] : (await tx.batch(all)).slice(steps.length);
  }
}
