import type { Table } from '#database';

export const POLICIES: Table = {
  name: 'policies',
  migrations: [
    /* sql */ `
    -- 001: The policies as published, in order of the log; effective_from null: from the beginning of time. restates: the policy counts
    -- from effective_from on although that lies before its publication; reason: why.
    -- in_force_from, in_force_until: when it holds, as all policies published so far give it; -infinity and infinity: the beginning and
    -- the end of time. Both null: another version counts for all of its time. Written again with every publication.
    CREATE TABLE policies (
      position       bigint PRIMARY KEY,
      version        text NOT NULL,
      policy         jsonb NOT NULL,
      effective_from timestamptz(3),
      recorded_at    timestamptz(3) NOT NULL,
      restates       boolean NOT NULL,
      reason         text,
      in_force_from  timestamptz(3),
      in_force_until timestamptz(3)
    );
    `,
  ],
  columns: {
    position: 'bigint',
    version: 'text',
    policy: 'jsonb',
    effective_from: 'timestamptz',
    recorded_at: 'timestamptz',
    restates: 'boolean',
    reason: 'text',
    in_force_from: 'timestamptz',
    in_force_until: 'timestamptz',
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
