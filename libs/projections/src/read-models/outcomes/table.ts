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
