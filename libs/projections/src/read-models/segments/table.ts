import type { Table } from '#database';

export const SEGMENTS: Table = {
  name: 'segments',
  migrations: [
    /* sql */ `
    -- 001: What was told of segments, in order of the log: a row for each definition, with the document, and one for each removal,
    -- without it. The last row of a segment counts.
    CREATE TABLE segments (
      position    bigint PRIMARY KEY,
      segment_id  text COLLATE "C" NOT NULL,
      version     int NOT NULL,
      definition  jsonb,
      recorded_at timestamptz(3) NOT NULL,
      recorded_by text
    );
    CREATE INDEX segments_by_id ON segments (segment_id, position);
    `,
  ],
  columns: {
    position: 'bigint',
    segment_id: 'text',
    version: 'int',
    definition: 'jsonb',
    recorded_at: 'timestamptz',
    recorded_by: 'text',
  },
  key: ['position'],
  semantic: [],
};

export const SEGMENT_EVENTS: Table = {
  name: 'segment_events',
  migrations: [
    /* sql */ `
    -- 001: The touchpoints that conditions of segments ask about: a row for each touchpoint and each pattern that it meets. pattern
    -- is a hash of what the condition says of touchpoints (type, source, channel, brand, comparisons): two segments that say the
    -- same share the rows. A pattern that no segment has any more has no rows.
    CREATE TABLE segment_events (
      customer_id text COLLATE "C" NOT NULL,
      pattern     text COLLATE "C" NOT NULL,
      at          timestamptz(3) NOT NULL,
      source      text COLLATE "C" NOT NULL,
      event_id    text COLLATE "C" NOT NULL,
      PRIMARY KEY (customer_id, pattern, at, source, event_id)
    );
    `,
  ],
  columns: { customer_id: 'text', pattern: 'text', at: 'timestamptz', source: 'text', event_id: 'text' },
  key: ['customer_id', 'pattern', 'at', 'source', 'event_id'],
  semantic: ['customer_id', 'pattern', 'at', 'source', 'event_id'],
};

export const SEGMENT_MEMBERS: Table = {
  name: 'segment_members',
  migrations: [
    /* sql */ `
    -- 001: The customers who belong to a segment now. Present: a member; absent: not one. When they entered, and why, stands in
    -- perennial.segment_changes, which survives rebuilds.
    CREATE TABLE segment_members (
      segment_id  text COLLATE "C" NOT NULL,
      customer_id text COLLATE "C" NOT NULL,
      PRIMARY KEY (segment_id, customer_id)
    );
    CREATE INDEX segment_members_by_customer ON segment_members (customer_id);
    `,
  ],
  columns: { segment_id: 'text', customer_id: 'text' },
  key: ['segment_id', 'customer_id'],
  semantic: ['segment_id', 'customer_id'],
};
