import type { Table } from '#database';

export const OUTCOMES: Table = {
  name: 'ingest_outcomes',
  migrations: [
    /* sql */ `
    -- 001: What became of every event received, by source and day (UTC, of its receipt):
    -- received = accepted + duplicate + quarantined + suppressed. reasons counts the suppressed ones by reason.
    -- No part of the digest: importing a file twice changes no customer, yet it is received twice.
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
