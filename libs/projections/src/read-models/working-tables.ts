import type { Instant } from '#contracts';
import type { Row, Table } from '#database';

/** Tables that each version of the read models keeps for the engine itself: nothing else reads them but checkpoint, dirty and parked. */

/** How far this version is. */
export const CHECKPOINT: Table = {
  name: 'checkpoint',
  migrations: [
    /* sql */ `
    -- 001: One row. position: the log is indexed up to here. recorded_at: the running maximum of recordedAt so far.
    -- clock: every deadline up to this instant is persisted. build: null once the version is built; before that, the phase
    -- of the build and its progress, from which the build continues after a kill.
    CREATE TABLE checkpoint (
      one         boolean PRIMARY KEY DEFAULT true CHECK (one),
      position    bigint NOT NULL,
      recorded_at timestamptz(3),
      clock       timestamptz(3),
      build       jsonb
    );
    INSERT INTO checkpoint (position) VALUES (0);
    `,
    /* sql */ `
    -- 002: fingerprint identifies the event at the position: the log of a later start must have the same event there.
    ALTER TABLE checkpoint ADD COLUMN fingerprint text;
    `,
  ],
  columns: {
    one: 'boolean',
    position: 'bigint',
    recorded_at: 'timestamptz',
    clock: 'timestamptz',
    build: 'jsonb',
    fingerprint: 'text',
  },
  key: ['one'],
  semantic: [],
};

/** The customers that must be folded again. */
export const DIRTY: Table = {
  name: 'dirty',
  migrations: [
    /* sql */ `
    -- 001: A customer to be folded again, for any reason: new events, a late event, a merge, a policy, a deadline. A worker
    -- claims rows with FOR UPDATE SKIP LOCKED and deletes them in the transaction that writes the folds; a process that
    -- marks a claimed row waits for that transaction and marks again. So: absent = clean, present = must be folded,
    -- locked = being folded.
    -- earliest_at: the earliest occurredAt of the events not yet folded; snapshots at or after it are of no use (-infinity:
    -- no snapshot is of use; null: there are no new events, only time passed). pending: how many such events.
    -- not_before: the customer is not folded before then (all events lie in the future).
    CREATE TABLE dirty (
      customer_id text COLLATE "C" PRIMARY KEY,
      position    bigint NOT NULL,
      pending     int NOT NULL,
      earliest_at timestamptz(3),
      reason      text NOT NULL,
      since       timestamptz(3) NOT NULL,
      not_before  timestamptz(3)
    );
    CREATE INDEX dirty_by_age ON dirty (since);
    CREATE INDEX dirty_by_policy ON dirty (reason) WHERE reason IN ('policy-changed', 'policy-restated');
    `,
    /* sql */ `
    -- 002: In the order in which marks are claimed: a policy or a definition marks all customers at one instant, and each batch would sort
    -- those that are left.
    DROP INDEX dirty_by_age;
    CREATE INDEX dirty_by_age ON dirty (since, customer_id);
    `,
  ],
  columns: {
    customer_id: 'text',
    position: 'bigint',
    pending: 'int',
    earliest_at: 'timestamptz',
    reason: 'text',
    since: 'timestamptz',
    not_before: 'timestamptz',
  },
  key: ['customer_id'],
  semantic: [],
};

/** The mark of a customer whose events all lie in the future: the customer is folded when the first of them is due. */
export function waitingRow(
  one: { readonly customerId: string; readonly until: Instant },
  position: number,
  now: Instant,
): Row {
  return {
    customer_id: one.customerId,
    position,
    pending: 1,
    earliest_at: one.until,
    reason: 'events',
    since: now,
    not_before: one.until,
  };
}

/** The newest fold state of each customer with some history: the next fold continues from it. */
export const STATES: Table = {
  name: 'states',
  migrations: [
    /* sql */ `
    -- 001: The fold's own state (JSON) after a customer's last event in event order, never advanced by the clock.
    -- events: how many are in it; position: all of the log up to here is in it, but for events that still lie in the
    -- future. upto_at: the instant of its last event. A lost row costs time, never correctness.
    CREATE TABLE states (
      customer_id text COLLATE "C" PRIMARY KEY,
      events      int NOT NULL,
      upto_at     timestamptz(3) NOT NULL,
      position    bigint NOT NULL,
      state       text NOT NULL
    );
    ALTER TABLE states ALTER COLUMN state SET STORAGE EXTERNAL;
    `,
  ],
  columns: { customer_id: 'text', events: 'int', upto_at: 'timestamptz', position: 'bigint', state: 'text' },
  key: ['customer_id'],
  semantic: [],
};

/** Older fold states, one every 256 events or so: a late event is folded from the last one before it. */
export const SNAPSHOTS: Table = {
  name: 'snapshots',
  migrations: [
    /* sql */ `
    -- 001: As in states, for earlier points of a long history. A late event deletes the snapshots that come after it.
    CREATE TABLE snapshots (
      customer_id text COLLATE "C" NOT NULL,
      events      int NOT NULL,
      upto_at     timestamptz(3) NOT NULL,
      position    bigint NOT NULL,
      state       text NOT NULL,
      PRIMARY KEY (customer_id, events)
    );
    ALTER TABLE snapshots ALTER COLUMN state SET STORAGE EXTERNAL;
    `,
  ],
  columns: { customer_id: 'text', events: 'int', upto_at: 'timestamptz', position: 'bigint', state: 'text' },
  key: ['customer_id', 'events'],
  semantic: [],
};

/** The customers that could not be folded. */
export const PARKED: Table = {
  name: 'parked',
  migrations: [
    /* sql */ `
    -- 001: A customer that could not be folded is parked with the reason, so that the others are not held up. The rows of a
    -- parked customer stay as they were. An operator releases the customer, once the cause is fixed, to be folded again.
    CREATE TABLE parked (
      customer_id text COLLATE "C" PRIMARY KEY,
      reason      text NOT NULL,
      detail      text NOT NULL,
      since       timestamptz(3) NOT NULL,
      position    bigint NOT NULL
    );
    `,
  ],
  columns: { customer_id: 'text', reason: 'text', detail: 'text', since: 'timestamptz', position: 'bigint' },
  key: ['customer_id'],
  semantic: [],
};

/** The time zones whose days are counted in tables of days. */
export const DAY_ZONES: Table = {
  name: 'day_zones',
  migrations: [
    /* sql */ `
    -- 001: The zones of the policy in force and of those to come. counted_to: the customers up to this id are counted, and a transaction that
    -- folds one of them moves the counts; null once all are. Absent = not counted, not null = being counted, null = complete.
    CREATE TABLE day_zones (
      time_zone  text PRIMARY KEY,
      counted_to text COLLATE "C"
    );
    INSERT INTO day_zones (time_zone) VALUES ('UTC');
    `,
  ],
  columns: { time_zone: 'text', counted_to: 'text' },
  key: ['time_zone'],
  semantic: [],
};
