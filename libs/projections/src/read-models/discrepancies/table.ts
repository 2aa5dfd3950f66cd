import type { Table } from '#database';

export const DISCREPANCIES: Table = {
  name: 'discrepancies',
  migrations: [
    /* sql */ `
    -- 001: What does not add up between orders, what was taken back, and payments: one row for each event and kind. The
    -- order is (order_source, order_id) as in bookings; order_id is null where the event names none, order_at where no
    -- such order is known. amount_minor is the amount in question, positive, null where none is stated. settled_at: from
    -- then on it adds up, since the order came to be known; null as long as it does not.
    CREATE TABLE discrepancies (
      customer_id  text COLLATE "C" NOT NULL,
      kind         text NOT NULL,
      order_source text COLLATE "C" NOT NULL,
      order_id     text COLLATE "C",
      order_at     timestamptz(3),
      contract_id  text COLLATE "C",
      amount_minor bigint,
      currency     text,
      at           timestamptz(3) NOT NULL,
      settled_at   timestamptz(3),
      source       text COLLATE "C" NOT NULL,
      event_id     text COLLATE "C" NOT NULL
    );
    CREATE INDEX discrepancies_by_customer ON discrepancies (customer_id);
    CREATE INDEX discrepancies_by_instant ON discrepancies (at, source, event_id, kind);
    `,
    /* sql */ `
    -- 002: brand: that of the order; where none is known, that of the event; null where none
    -- is stated. Rows without a brand are in no index of brands.
    ALTER TABLE discrepancies ADD COLUMN brand text COLLATE "C";
    CREATE INDEX discrepancies_by_brand ON discrepancies (brand, at, source, event_id, kind) WHERE brand IS NOT NULL;
    `,
  ],
  columns: {
    customer_id: 'text',
    kind: 'text',
    order_source: 'text',
    order_id: 'text',
    order_at: 'timestamptz',
    contract_id: 'text',
    amount_minor: 'bigint',
    currency: 'text',
    at: 'timestamptz',
    settled_at: 'timestamptz',
    source: 'text',
    event_id: 'text',
    brand: 'text',
  },
  key: ['customer_id', 'source', 'event_id', 'kind', 'at'],
  semantic: [
    'customer_id',
    'kind',
    'order_source',
    'order_id',
    'order_at',
    'contract_id',
    'amount_minor',
    'currency',
    'at',
    'settled_at',
    'source',
    'event_id',
    'brand',
  ],
};
