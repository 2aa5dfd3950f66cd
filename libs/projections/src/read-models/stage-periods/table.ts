import type { Table } from '#database';

export const STAGE_PERIODS: Table = {
  name: 'stage_periods',
  migrations: [
    /* sql */ `
    -- 001: One row for each stay of a customer in a phase. The stays cover the customer's time: no gap, no overlap, none
    -- of length zero. left_at is null while the stay lasts. seq counts from 0 in order of time; a late event may shift it.
    CREATE TABLE stage_periods (
      customer_id    text COLLATE "C" NOT NULL,
      seq            int NOT NULL,
      cycle          int NOT NULL,
      stage          text NOT NULL,
      phase          text NOT NULL,
      entered_at     timestamptz(3) NOT NULL,
      left_at        timestamptz(3),
      cause          jsonb NOT NULL,
      policy_version text NOT NULL,
      PRIMARY KEY (customer_id, seq)
    );
    CREATE INDEX stage_periods_by_entry ON stage_periods (entered_at, customer_id, seq);
    `,
  ],
  columns: {
    customer_id: 'text',
    seq: 'int',
    cycle: 'int',
    stage: 'text',
    phase: 'text',
    entered_at: 'timestamptz',
    left_at: 'timestamptz',
    cause: 'jsonb',
    policy_version: 'text',
  },
  key: ['customer_id', 'seq'],
  semantic: ['customer_id', 'seq', 'cycle', 'stage', 'phase', 'entered_at', 'left_at', 'cause', 'policy_version'],
};
