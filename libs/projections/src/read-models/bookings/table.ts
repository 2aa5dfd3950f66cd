import type { Table } from '#database';

export const BOOKINGS: Table = {
  name: 'bookings',
  migrations: [
    /* sql */ `
    -- 001: Money as it was booked: one row for an order and one for each cancellation or return, each on its own date and
    -- in its own currency. Amounts are in minor units; cancellations and returns are negative. reverses marks the booking
    -- that leaves nothing of the order. cost_minor is null where the source stated no cost.
    CREATE TABLE bookings (
      customer_id  text COLLATE "C" NOT NULL,
      order_id     text COLLATE "C" NOT NULL,
      at           timestamptz(3) NOT NULL,
      kind         text NOT NULL,
      amount_minor bigint NOT NULL,
      currency     text NOT NULL,
      cost_minor   bigint,
      reverses     boolean NOT NULL,
      source       text COLLATE "C" NOT NULL,
      event_id     text COLLATE "C" NOT NULL
    );
    CREATE INDEX bookings_by_customer ON bookings (customer_id, at);
    CREATE INDEX bookings_by_instant ON bookings (at);
    `,
  ],
  columns: {
    customer_id: 'text',
    order_id: 'text',
    at: 'timestamptz',
    kind: 'text',
    amount_minor: 'bigint',
    currency: 'text',
    cost_minor: 'bigint',
    reverses: 'boolean',
    source: 'text',
    event_id: 'text',
  },
  key: ['customer_id', 'source', 'event_id', 'order_id'],
  semantic: [
    'customer_id',
    'order_id',
    'at',
    'kind',
    'amount_minor',
    'currency',
    'cost_minor',
    'reverses',
    'source',
    'event_id',
  ],
};
