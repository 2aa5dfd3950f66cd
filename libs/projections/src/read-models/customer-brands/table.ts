import type { Table } from '#database';

export const CUSTOMER_BRANDS: Table = {
  name: 'customer_brands',
  migrations: [
    /* sql */ `
    -- 001: A brand that a customer has dealt with: one row for each customer and brand. at and (source, event_id): the
    -- first touchpoint of the customer that concerns the brand. So at an instant t the customer has dealt with those that
    -- have at <= t. Touchpoints without a brand, and test traffic, make no row.
    CREATE TABLE customer_brands (
      customer_id text COLLATE "C" NOT NULL,
      brand       text COLLATE "C" NOT NULL,
      at          timestamptz(3) NOT NULL,
      source      text COLLATE "C" NOT NULL,
      event_id    text COLLATE "C" NOT NULL
    );
    CREATE INDEX customer_brands_by_customer ON customer_brands (customer_id, brand);
    CREATE INDEX customer_brands_by_brand ON customer_brands (brand, customer_id);
    `,
  ],
  columns: { customer_id: 'text', brand: 'text', at: 'timestamptz', source: 'text', event_id: 'text' },
  key: ['customer_id', 'brand'],
  semantic: ['customer_id', 'brand', 'at', 'source', 'event_id'],
};
