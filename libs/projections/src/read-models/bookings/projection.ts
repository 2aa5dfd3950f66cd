import type { CustomerReadModel } from '../read-model.js';
import { BOOKINGS } from './table.js';

/** Money as it was booked, for orders and contracts, each booking on its own date. */
export const BOOKED_MONEY: CustomerReadModel = {
  shape: 'by-event',
  table: BOOKINGS,
  rows: ({ customerId, bookings }) =>
    bookings.map((booking) => ({
      customer_id: customerId,
      order_id: booking.orderId,
      at: booking.at,
      kind: booking.kind,
      amount_minor: booking.amountMinor,
      currency: booking.currency,
      cost_minor: booking.costMinor,
      reverses: booking.reverses,
      source: booking.event.source,
      event_id: booking.event.id,
      order_source: booking.orderSource,
      order_at: booking.orderAt,
      contract_id: booking.contractId,
      voided_at: booking.voidedAt,
      brand: booking.brand,
    })),
};
