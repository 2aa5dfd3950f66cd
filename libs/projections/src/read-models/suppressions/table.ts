import type { Table } from '#database';

export const SUPPRESSED_SUBJECTS: Table = {
  name: 'suppressed_subjects',
  migrations: [
    /* sql */ `
    -- 001: The suppression list: one row for each suppression that was not lifted. A subject may have none but this row: the list reaches persons
    -- who are no customers yet. A customer is suppressed while one of their subjects is. medium: the only one that it holds for; null: every medium.
    -- It ends at expires_at, where it has one; the row stays. sealed: the value, under the key of the
    -- subject; null where the person was erased before.
    CREATE TABLE suppressed_subjects (
      subject_id     text COLLATE "C" NOT NULL,
      suppression_id text COLLATE "C" NOT NULL,
      namespace      text NOT NULL,
      medium         text,
      reason         text NOT NULL,
      added_at       timestamptz(3) NOT NULL,
      expires_at     timestamptz(3),
      sealed         text,
      PRIMARY KEY (subject_id, suppression_id)
    );
    `,
  ],
  columns: {
    subject_id: 'text',
    suppression_id: 'text',
    namespace: 'text',
    medium: 'text',
    reason: 'text',
    added_at: 'timestamptz',
    expires_at: 'timestamptz',
    sealed: 'text',
  },
  key: ['subject_id', 'suppression_id'],
  semantic: ['subject_id', 'suppression_id', 'namespace', 'medium', 'reason', 'added_at', 'expires_at'],
};

/** A suppression of a customer, as the database gives it. Instants are in milliseconds. */
export interface KnownSuppression {
  readonly suppressionId: string;
  /** Null: every medium. */
  readonly medium: string | null;
  readonly reason: string;
  readonly expiresAt: number | null;
}

/** The SQL expression for the suppressions of a customer, named by a column, as JSON text; null without any. While the list is empty it is one look at it for the whole statement. */
export const suppressionsOf = (customerId: string): string =>
  `(CASE WHEN (SELECT EXISTS (SELECT FROM suppressed_subjects)) THEN (
      SELECT json_agg(json_build_object('suppressionId', p.suppression_id, 'medium', p.medium, 'reason', p.reason,
               'expiresAt', (extract(epoch FROM p.expires_at) * 1000)::bigint) ORDER BY p.suppression_id)::text
        FROM subjects ps JOIN suppressed_subjects p ON p.subject_id = ps.subject_id WHERE ps.customer_id = ${customerId}) END)`;

/** The SQL condition that a customer is suppressed at an instant for a medium (both SQL expressions; null: for every medium). */
export const suppressedCustomer = (customerId: string, medium: string, at: string, schema = ''): string =>
  `((SELECT EXISTS (SELECT FROM ${schema}suppressed_subjects)) AND EXISTS (
      SELECT FROM ${schema}subjects ps JOIN ${schema}suppressed_subjects p ON p.subject_id = ps.subject_id
       WHERE ps.customer_id = ${customerId} AND coalesce(p.expires_at > ${at}, true) AND (p.medium IS NULL OR p.medium = ${medium})))`;
