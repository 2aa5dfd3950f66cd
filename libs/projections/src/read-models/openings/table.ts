import type { Table } from '#database';

export const OPENINGS_TABLE: Table = {
  name: 'openings',
  migrations: [
    /* sql */ `
    -- 001: Personal data that were opened: one row for each event of the log that says so. opened_by is the principal as acts name it; subject_ids and
    -- quarantine_ids are whose data and which quarantined bodies; count is how many values. sealed_reason opens under the key with the id opening_id.
    -- Not part of the digest: rows leave this table after the days that the policy gives, and the log keeps them.
    CREATE TABLE openings (
      position       bigint PRIMARY KEY,
      opening_id     text COLLATE "C" NOT NULL,
      recorded_at    timestamptz(3) NOT NULL,
      opened_by      text COLLATE "C" NOT NULL,
      purpose        text COLLATE "C" NOT NULL,
      ticket         text,
      kind           text NOT NULL,
      query          text NOT NULL,
      parameters     text NOT NULL,
      columns        jsonb NOT NULL,
      subject_ids    jsonb NOT NULL,
      quarantine_ids jsonb NOT NULL,
      count          bigint NOT NULL,
      request_id     text NOT NULL,
      sealed_reason  text
    );
    CREATE INDEX openings_by_instant ON openings (recorded_at);
    CREATE INDEX openings_by_principal ON openings (opened_by, position);
    `,
  ],
  columns: {
    position: 'bigint',
    opening_id: 'text',
    recorded_at: 'timestamptz',
    opened_by: 'text',
    purpose: 'text',
    ticket: 'text',
    kind: 'text',
    query: 'text',
    parameters: 'text',
    columns: 'jsonb',
    subject_ids: 'jsonb',
    quarantine_ids: 'jsonb',
    count: 'bigint',
    request_id: 'text',
    sealed_reason: 'text',
  },
  key: ['position'],
  semantic: [],
};

export const OPENED_SUBJECTS: Table = {
  name: 'opened_subjects',
  migrations: [
    /* sql */ `
    -- 001: Whose data an opening concerns: one row for each subject, and for each quarantined body by its id. It goes with the row in openings.
    CREATE TABLE opened_subjects (
      subject_id text COLLATE "C" NOT NULL,
      position   bigint NOT NULL,
      PRIMARY KEY (subject_id, position)
    );
    CREATE INDEX opened_subjects_by_position ON opened_subjects (position);
    `,
  ],
  columns: { subject_id: 'text', position: 'bigint' },
  key: ['subject_id', 'position'],
  semantic: [],
};
