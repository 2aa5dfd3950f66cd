import type { Migration } from '#database';
import { ACCOUNT_TABLES } from '../accounts/migration.js';
import { BI_NAMES } from '../bi/migration.js';
import { CLOCK_CONFIRMATIONS } from '../clock/migration.js';
import { LOG_IDENTITY_TABLE } from '../fitting/migration.js';
import { EVENT_ID_NAMES, ID_TABLES } from '../indexing/event-ids/migration.js';
import { JOBS_AND_WORKERS, MORE_REQUESTS, REQUEST_TABLES } from '../jobs/migration.js';
import {
  ACTION_TABLES,
  CAUSES_PUBLISHED,
  CUSTOMER_TABLES,
  HELD_ACTIONS_TABLE,
  NARROW_OUTBOX,
  PUBLISHED_NAMES,
  SEGMENT_CHANGE_TABLES,
} from '../outbox/migration.js';
import {
  ATTRIBUTE_TABLES,
  BRAND_COLUMNS,
  ORDER_COLUMNS,
  READ_MODEL_NAMES,
  SEGMENT_READ_MODELS,
  SOURCE_TABLES,
} from '../read-models/migration.js';

/**
 * The schema `perennial`: what survives rebuilds. Numbered; a number that was released is never edited, only followed.
 */
export const CONTROL_MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'versions',
    sql: /* sql */ `
    -- A version of the read models: a schema rm_<n> of its own. One is live at most; a new one is built beside it and
    -- switched in one transaction. building -> ready -> live -> old; old and ready ones can be made live again.
    -- model names the read models and the numbers of their tables: another model needs another version.
    CREATE TABLE perennial.versions (
      version     int PRIMARY KEY,
      schema_name text NOT NULL UNIQUE,
      status      text NOT NULL CHECK (status IN ('building', 'ready', 'live', 'old')),
      model       text NOT NULL,
      position    bigint NOT NULL DEFAULT 0,
      created_at  timestamptz(3) NOT NULL,
      switched_at timestamptz(3)
    );
    CREATE UNIQUE INDEX versions_one_live ON perennial.versions ((true)) WHERE status = 'live';
    `,
  },
  {
    number: 2,
    name: 'published-and-outbox',
    sql: /* sql */ `
    -- What we said of a customer, in the order we said it: publication counts from 1 for each customer. A row is never
    -- changed but for \`retracted\`, which tells whether it still stands. at: the instant it speaks of; position: how much of
    -- the log it rests on. So each row equals the customer's state at its instant, as known at its position.
    -- entered: a visit began at \`at\`; left: the visit ended at \`at\`; retracted: publication \`retracts\` no longer holds,
    -- and the reason. historical: the instant lay more than 24 h back when it was said, so no action follows from it.
    CREATE TABLE perennial.published (
      customer_id text COLLATE "C" NOT NULL,
      publication int NOT NULL,
      seq         int NOT NULL,
      kind        text NOT NULL CHECK (kind IN ('entered', 'left', 'retracted')),
      cycle       int NOT NULL,
      stage       text NOT NULL,
      phase       text NOT NULL,
      entered_at  timestamptz(3) NOT NULL,
      at          timestamptz(3) NOT NULL,
      position    bigint NOT NULL,
      reason      text,
      retracts    int,
      historical  boolean NOT NULL,
      retracted   boolean NOT NULL DEFAULT false,
      PRIMARY KEY (customer_id, publication)
    );

    -- What is still to be told to the channels. The message id is a hash of the visit, the kind and the customer's
    -- publication number: sending twice can be seen. What it says stands in the row of published with that number.
    -- sent_at is null until somebody carried it out.
    CREATE TABLE perennial.outbox (
      message_id  text PRIMARY KEY,
      customer_id text COLLATE "C" NOT NULL,
      publication int NOT NULL,
      kind        text NOT NULL,
      historical  boolean NOT NULL,
      created_at  timestamptz(3) NOT NULL,
      sent_at     timestamptz(3)
    );
    `,
  },
  { number: 3, name: 'ids', sql: ID_TABLES },
  { number: 4, name: 'requests', sql: REQUEST_TABLES },
  {
    number: 5,
    name: 'outbox-unsent',
    sql: /* sql */ `
    -- What is still to be told, a customer's in their order: few rows, however many were told before.
    CREATE INDEX outbox_unsent ON perennial.outbox (customer_id, publication) WHERE sent_at IS NULL;
    CREATE INDEX outbox_sent ON perennial.outbox (sent_at) WHERE sent_at IS NOT NULL;
    `,
  },
  { number: 6, name: 'more-requests', sql: MORE_REQUESTS },
  { number: 7, name: 'causes-published', sql: CAUSES_PUBLISHED },
  { number: 8, name: 'customers-told', sql: CUSTOMER_TABLES },
  { number: 9, name: 'actions', sql: ACTION_TABLES },
  { number: 10, name: 'narrow-outbox', sql: NARROW_OUTBOX },
  { number: 11, name: 'jobs-and-workers', sql: JOBS_AND_WORKERS },
  { number: 12, name: 'published-names', sql: PUBLISHED_NAMES },
  { number: 13, name: 'event-id-names', sql: EVENT_ID_NAMES },
  { number: 14, name: 'read-model-names', sql: READ_MODEL_NAMES },
  { number: 15, name: 'bi-names', sql: BI_NAMES },
  { number: 16, name: 'clock-confirmations', sql: CLOCK_CONFIRMATIONS },
  { number: 17, name: 'log-identity', sql: LOG_IDENTITY_TABLE },
  { number: 18, name: 'order-columns', sql: ORDER_COLUMNS },
  { number: 19, name: 'source-tables', sql: SOURCE_TABLES },
  { number: 20, name: 'brand-columns', sql: BRAND_COLUMNS },
  { number: 21, name: 'segments', sql: SEGMENT_CHANGE_TABLES + SEGMENT_READ_MODELS },
  { number: 22, name: 'accounts-published', sql: ACCOUNT_TABLES },
  { number: 23, name: 'held-actions', sql: HELD_ACTIONS_TABLE },
  { number: 24, name: 'attribute-tables', sql: ATTRIBUTE_TABLES },
];
