import type { Table } from '#database';

const COUNTS = /* sql */ `
    -- 001: What stands in the figures of each source: touchpoints by type and by the quarter of an hour in which they happened (UTC), so that they add up
    -- to the days of any time zone. Test traffic is left out. Not part of the digest: the order of the log has no effect on it, and neither has anything else.
    CREATE TABLE source_counts (
      source  text COLLATE "C" NOT NULL,
      quarter timestamptz(3) NOT NULL,
      type    text COLLATE "C" NOT NULL,
      events  int NOT NULL,
      PRIMARY KEY (source, quarter, type)
    );
    `;

const SEQUENCES = /* sql */ `
    -- 001: The places in the sequence of each source that were seen, test traffic included, by the quarter of an hour in which the events happened (UTC): a gap
    -- is what is missing between them.
    CREATE TABLE source_sequences (
      source  text COLLATE "C" NOT NULL,
      quarter timestamptz(3) NOT NULL,
      seen    int8multirange NOT NULL,
      PRIMARY KEY (source, quarter)
    );
    `;

const CLOSINGS = /* sql */ `
    -- 001: How sources closed their books: over days (until_day is the first day after them), or over a file. Of several closings of the same days or
    -- file, that of the highest position counts.
    CREATE TABLE source_closings (
      position   bigint PRIMARY KEY,
      source     text COLLATE "C" NOT NULL,
      first_day  date,
      until_day  date,
      file       text,
      counts     jsonb NOT NULL,
      sums       jsonb NOT NULL,
      recorded_at timestamptz(3) NOT NULL
    );
    CREATE INDEX source_closings_by_source ON source_closings (source, first_day);
    `;

export const SOURCE_COUNTS: Table = {
  name: 'source_counts',
  migrations: [COUNTS],
  columns: { source: 'text', quarter: 'timestamptz', type: 'text', events: 'int' },
  key: ['source', 'quarter', 'type'],
  semantic: [],
};

export const SOURCE_SEQUENCES: Table = {
  name: 'source_sequences',
  migrations: [SEQUENCES],
  columns: { source: 'text', quarter: 'timestamptz' },
  key: ['source', 'quarter'],
  semantic: [],
};

export const SOURCE_CLOSINGS: Table = {
  name: 'source_closings',
  migrations: [CLOSINGS],
  columns: {
    position: 'bigint',
    source: 'text',
    first_day: 'date',
    until_day: 'date',
    file: 'text',
    counts: 'jsonb',
    sums: 'jsonb',
    recorded_at: 'timestamptz',
  },
  key: ['position'],
  semantic: [],
};
