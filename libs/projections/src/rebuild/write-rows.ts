import type { Transaction, Row } from '../database.js';
import type { FoldedOne } from '../folding/fold-one.js';
import { STATE_FROM_EVENTS, stateRow } from '../folding/write.js';
import type { Folded } from '../read-model.js';
import { CUSTOMER_READ_MODELS } from '../read-models.js';
import { valuesOf } from '../rows.js';
import type { Table } from '../table.js';
import { VISITS } from '../visits/table.js';
import { SNAPSHOTS, STATES } from '../working/table.js';

/** A customer who has something to show. */
export type FoldedCustomer = FoldedOne & { readonly folded: Folded };

/**
 * Writes customers of whom there are no rows yet: everything by COPY, nothing compared; returns their visits. Sums are left to
 * the caller. With `atOnce` all tables are handed over before the first is answered: a thread then copies one after the other
 * while this one folds on. (`pg` wants each answer awaited.)
 */
export async function writeRows(
  tx: Transaction,
  customers: readonly FoldedCustomer[],
  atOnce: boolean,
): Promise<readonly Row[]> {
  const tables: [Table, Row[]][] = [];
  for (const model of CUSTOMER_READ_MODELS) {
    switch (model.shape) {
      case 'row':
        tables.push([model.table, customers.map((one) => model.row(one.folded))]);
        break;
      case 'sequence':
      case 'by-event':
        tables.push([model.table, customers.flatMap((one) => model.rows(one.folded))]);
        break;
      case 'sum':
        break;
    }
  }
  const states: Row[] = [];
  const snapshots: Row[] = [];
  for (const { folded, newest, snapshots: older } of customers) {
    if (newest !== null && newest.events >= STATE_FROM_EVENTS) states.push(stateRow(folded.customerId, newest));
    for (const snapshot of older) snapshots.push(stateRow(folded.customerId, snapshot));
  }
  tables.push([STATES, states], [SNAPSHOTS, snapshots]);
  if (atOnce) await Promise.all(tables.map(([table, rows]) => copy(tx, table, rows)));
  else for (const [table, rows] of tables) await copy(tx, table, rows);
  return tables.find(([table]) => table === VISITS)?.[1] ?? [];
}

/** COPY of rows as objects. */
export async function copy(
  tx: Transaction,
  table: Table,
  rows: readonly Row[],
  into: string = table.name,
): Promise<void> {
  const columns = Object.keys(table.columns);
  await tx.copyIn(
    into,
    columns,
    rows.map((row) => valuesOf(table, columns, row)),
  );
}
