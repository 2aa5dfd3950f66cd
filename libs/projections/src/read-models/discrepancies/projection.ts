import type { CustomerReadModel } from '../read-model.js';
import { DISCREPANCIES } from './table.js';

/** What does not add up between orders, what was taken back, and payments. */
export const MONEY_DISCREPANCIES: CustomerReadModel = {
  shape: 'by-event',
  table: DISCREPANCIES,
  rows: ({ customerId, discrepancies }) =>
    discrepancies.map((one) => ({
      customer_id: customerId,
      kind: one.kind,
      order_source: one.orderSource,
      order_id: one.orderId,
      order_at: one.orderAt,
      contract_id: one.contractId,
      amount_minor: one.amountMinor,
      currency: one.currency,
      at: one.at,
      settled_at: one.settledAt,
      source: one.event.source,
      event_id: one.event.id,
      brand: one.brand,
    })),
};
