import type { Table } from '#database';

export const POLICIES: Table = {
  name: 'policies',
  migrations: [
    /* sql */ `
    -- 001: The policies as published, in order of the log. At an instant the latest published policy whose effective_from
    -- is not later is in force; the first policy is in force from the beginning of time (effective_from null).
    CREATE TABLE policies (
      position       bigint PRIMARY KEY,
      version        text NOT NULL,
      policy         jsonb NOT NULL,
      effective_from timestamptz(3),
      recorded_at    timestamptz(3) NOT NULL
    );
    `,
  ],
  columns: {
    position: 'bigint',
    version: 'text',
    policy: 'jsonb',
    effective_from: 'timestamptz',
    recorded_at: 'timestamptz',
  },
  key: ['position'],
  semantic: [],
};

export const CUSTOM_TYPES: Table = {
  name: 'custom_types',
  migrations: [
    /* sql */ `
    -- 001: Touchpoint types that the business registered, in order of the log; the newest definition of a name counts.
    CREATE TABLE custom_types (
      position    bigint PRIMARY KEY,
      type        text NOT NULL,
      definition  jsonb NOT NULL,
      recorded_at timestamptz(3) NOT NULL
    );
    `,
  ],
  columns: { position: 'bigint', type: 'text', definition: 'jsonb', recorded_at: 'timestamptz' },
  key: ['position'],
  semantic: [],
};
