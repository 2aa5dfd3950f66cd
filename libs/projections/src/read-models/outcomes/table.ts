import type { Table } from '#database';

export const INGEST_OUTCOMES: Table = {
  name: 'ingest_outcomes',
  migrations: [
    /* sql */ `
    -- 001: How many events had which ingestion outcome, by source and day of receipt (UTC):
    -- received = accepted + duplicate + quarantined + suppressed. reasons counts the suppressed events by reason.
    -- Not part of the digest: importing a file twice changes no customer, yet its events are received twice.
    CREATE TABLE ingest_outcomes (
      source      text COLLATE "C" NOT NULL,
      day         date NOT NULL,
      received    int NOT NULL,
      accepted    int NOT NULL,
      duplicate   int NOT NULL,
      quarantined int NOT NULL,
      suppressed  int NOT NULL,
      reasons     jsonb NOT NULL,
      PRIMARY KEY (source, day)
    );
    `,
  ],
  columns: {
    source: 'text',
    day: 'date',
    received: 'int',
    accepted: 'int',
    duplicate: 'int',
    quarantined: 'int',
    suppressed: 'int',
    reasons: 'jsonb',
  },
  key: ['source', 'day'],
  semantic: [],
};

export const SOURCE_HOURS: Table = {
  name: 'source_hours',
  migrations: [
    /* sql */ `
    -- 001: What came in from each source by the hour of receipt (UTC), as the receipts counted it: a repetition that the indexer finds later is moved
    -- in ingest_outcomes alone. last_at is the latest receipt. Not part of the digest, as ingest_outcomes is not.
    CREATE TABLE source_hours (
      source      text COLLATE "C" NOT NULL,
      hour        timestamptz(3) NOT NULL,
      received    int NOT NULL,
      accepted    int NOT NULL,
      duplicate   int NOT NULL,
      quarantined int NOT NULL,
      suppressed  int NOT NULL,
      last_at     timestamptz(3) NOT NULL,
      PRIMARY KEY (source, hour)
    );
    `,
  ],
  columns: {
    source: 'text',
    hour: 'timestamptz',
    received: 'int',
    accepted: 'int',
    duplicate: 'int',
    quarantined: 'int',
    suppressed: 'int',
    last_at: 'timestamptz',
  },
  key: ['source', 'hour'],
  semantic: [],
};
