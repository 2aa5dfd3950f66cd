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
    /* sql */ `
    -- 002: Amendments of orders, and payments for contracts. An order is (order_source, order_id), and order_at tells an
    -- order that was placed again after it was reversed from the first; order_at is null where no order is known. A
    -- payment has contract_id and no order. voided_at: from then on the row does not count; its order came to be known,
    -- and its event is booked with the order. So at an instant t those rows count that have at <= t and no voided_at <= t.
    ALTER TABLE bookings ALTER COLUMN order_id DROP NOT NULL;
    ALTER TABLE bookings ADD COLUMN order_source text COLLATE "C";
    ALTER TABLE bookings ADD COLUMN order_at timestamptz(3);
    ALTER TABLE bookings ADD COLUMN contract_id text COLLATE "C";
    ALTER TABLE bookings ADD COLUMN voided_at timestamptz(3);
    `,
    /* sql */ `
    -- 003: brand: that of the order, whichever brand takes something back; without a known order that of the event; null where none
    -- is stated. Rows without a brand are in no index of brands.
    ALTER TABLE bookings ADD COLUMN brand text COLLATE "C";
    CREATE INDEX bookings_by_brand ON bookings (brand, at) WHERE brand IS NOT NULL;
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
    order_source: 'text',
    order_at: 'timestamptz',
    contract_id: 'text',
    voided_at: 'timestamptz',
    brand: 'text',
  },
  key: ['customer_id', 'source', 'event_id', 'at'],
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
    'order_source',
    'order_at',
    'contract_id',
    'voided_at',
    'brand',
  ],
};
