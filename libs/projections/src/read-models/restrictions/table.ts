import type { Table } from '#database';

export const RESTRICTED_SUBJECTS: Table = {
  name: 'restricted_subjects',
  migrations: [
    /* sql */ `
    -- 001: The subjects whose processing is restricted (GDPR art. 18): one row for each restriction that stands and subject that it names. A customer is
    -- restricted while one of its subjects is: those that are linked later belong to it too.
    CREATE TABLE restricted_subjects (
      subject_id     text COLLATE "C" NOT NULL,
      restriction_id text COLLATE "C" NOT NULL,
      placed_at      timestamptz(3) NOT NULL,
      PRIMARY KEY (subject_id, restriction_id)
    );
    `,
  ],
  columns: { subject_id: 'text', restriction_id: 'text', placed_at: 'timestamptz' },
  key: ['subject_id', 'restriction_id'],
  semantic: ['subject_id', 'restriction_id', 'placed_at'],
};

/** The SQL condition that a customer, named by a column, is restricted. Without any restriction it is one look at an empty table for the whole statement. */
export const restrictedCustomer = (customerId: string, schema = ''): string =>
  `((SELECT EXISTS (SELECT FROM ${schema}restricted_subjects)) AND EXISTS (
      SELECT FROM ${schema}subjects rs JOIN ${schema}restricted_subjects r ON r.subject_id = rs.subject_id WHERE rs.customer_id = ${customerId}))`;
