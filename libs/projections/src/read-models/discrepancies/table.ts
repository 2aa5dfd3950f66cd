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
  ],
};
