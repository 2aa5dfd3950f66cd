import { copyText, type CopyText, type Row, type Table } from '#database';
import type { FoldedEvents } from '../../folding/fold-one.js';
import { STATE_FROM_EVENTS, stateRow } from '../../folding/states.js';
import type { FoldedView } from '../../read-models/read-model.js';
import { CUSTOMER_READ_MODELS } from '../../read-models/registry.js';
import { STAGE_PERIODS } from '../../read-models/stage-periods/table.js';
import { SNAPSHOTS, STATES } from '../../read-models/working-tables.js';

/** What folding a customer came to, with something to show. */
export type FoldedCustomer = FoldedEvents & { readonly folded: FoldedView };

/** All rows of customers without rows so far, by table, but for the sums over all customers. */
export function rowsOf(customers: readonly FoldedCustomer[]): readonly (readonly [Table, Row[]])[] {
  const tables: [Table, Row[]][] = [];
  for (const model of CUSTOMER_READ_MODELS) {
    switch (model.shape) {
      case 'row':
        tables.push([model.table, customers.map((one) => model.row(one.folded))]);
        break;
      case 'sequence':
      case 'set':
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
  return tables;
}

/** The same rows as text for COPY, and the stage periods among them, for the sums. */
export function copiesOf(customers: readonly FoldedCustomer[]): {
  readonly copies: CopyText[];
  readonly stagePeriods: readonly Row[];
} {
  const tables = rowsOf(customers);
  return {
    copies: tables.map(([table, rows]) => copyText(table, rows)),
    stagePeriods: tables.find(([table]) => table === STAGE_PERIODS)?.[1] ?? [],
  };
}
