import type { Migration } from '#database';

/**
 * The SQL of the schema `perennial_webhooks`, which survives restarts and upgrades, step by step. A released step is never edited: change the schema by
 * a new step. The first two use names that the third replaces.
 */
export const WEBHOOK_MIGRATIONS: readonly Migration[] = [
  {
    number: 1,
    name: 'webhooks',
    sql: /* sql */ `
  -- Where webhooks go. secret: sealed under the key of this name in the key store; former_secret signs as well until former_until. failures:
  -- tries in a row that were in vain. next_try_at: nothing is sent before. holder: the process that sends at present, until held_until,
  -- so that two never send to one endpoint. active -> paused (by a person), failed (silent for days), gone (it answered 410).
  CREATE TABLE perennial_webhooks.endpoints (
    endpoint_id   text PRIMARY KEY,
    url           text NOT NULL,
    feeds         text[] NOT NULL,
    status        text NOT NULL CHECK (status IN ('active', 'paused', 'failed', 'gone')),
    secret        text NOT NULL,
    former_secret text,
    former_until  timestamptz(3),
    created_at    timestamptz(3) NOT NULL,
    taken         bigint NOT NULL DEFAULT 0,
    failures      int NOT NULL DEFAULT 0,
    failing_since timestamptz(3),
    last_tried_at timestamptz(3),
    last_taken_at timestamptz(3),
    last_status   int,
    last_reason   text,
    next_try_at   timestamptz(3),
    holder        text,
    held_until    timestamptz(3)
  );

  -- What was said and is not addressed to anybody yet, in the order in which it was said: the change of stage or the action of this
  -- number, or that a dossier may have changed (number is its revision).
  CREATE TABLE perennial_webhooks.waiting (
    n           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    source      text NOT NULL CHECK (source IN ('change', 'action', 'dossier')),
    customer_id text COLLATE "C" NOT NULL,
    number      bigint NOT NULL
  );

  -- What was last told of a customer's dossier: a hash, so that nothing is told twice; null after it was taken away.
  CREATE TABLE perennial_webhooks.dossiers_told (
    customer_id text COLLATE "C" PRIMARY KEY,
    hash        text
  );

  -- A message addressed to an endpoint, as it will be sent however often it is tried. It goes when it was taken; one that never was
  -- becomes a dead letter (dead_at), until a person has it sent again.
  CREATE TABLE perennial_webhooks.deliveries (
    endpoint_id text NOT NULL REFERENCES perennial_webhooks.endpoints ON DELETE CASCADE,
    seq         bigint GENERATED ALWAYS AS IDENTITY,
    message_id  text NOT NULL,
    feed        text NOT NULL,
    key         text NOT NULL,
    headers     text NOT NULL,
    body        text,
    created_at  timestamptz(3) NOT NULL,
    tries       int NOT NULL DEFAULT 0,
    last_status int,
    last_reason text,
    dead_at     timestamptz(3),
    PRIMARY KEY (endpoint_id, seq)
  );
  CREATE INDEX deliveries_to_send ON perennial_webhooks.deliveries (endpoint_id, seq) WHERE dead_at IS NULL;
  CREATE INDEX deliveries_dead ON perennial_webhooks.deliveries (endpoint_id, seq) WHERE dead_at IS NOT NULL;

  -- Whether anybody listens: to speak costs nothing where nobody does.
  CREATE FUNCTION perennial_webhooks.somebody_listens() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT EXISTS (SELECT 1 FROM perennial_webhooks.endpoints WHERE status IN ('active', 'paused')) $$;

  -- In the transaction that says something: so nothing that was said is missed, and nothing is noted that was taken back.
  ${noting('changes', 'change', 'publication')}
  ${noting('actions', 'action', 'number')}
  ${noting('dossiers', 'dossier', 'revision')}
  `,
  },
  {
    number: 2,
    name: 'suspension and replays',
    sql: /* sql */ `
  -- suspended: more waits for it, or for longer, than may; nothing more is addressed to it. missed: messages that were not, and are in nothing but
  -- what was said; missed_from: the least of the log on which any of them rests; missed_since: when the first of them was said.
  ALTER TABLE perennial_webhooks.endpoints
    DROP CONSTRAINT endpoints_status_check,
    ADD CONSTRAINT endpoints_status_check CHECK (status IN ('active', 'paused', 'suspended', 'failed', 'gone')),
    ADD COLUMN missed bigint NOT NULL DEFAULT 0,
    ADD COLUMN missed_from bigint,
    ADD COLUMN missed_since timestamptz(3);

  -- An endpoint that is told again what was said. A helping is addressed whenever little waits for it: what comes next is what follows this number
  -- of this customer in this source ('gone': customers who are no more). It goes when all is addressed.
  CREATE TABLE perennial_webhooks.replays (
    endpoint_id   text PRIMARY KEY REFERENCES perennial_webhooks.endpoints ON DELETE CASCADE,
    replay_id     text NOT NULL,
    from_position bigint NOT NULL,
    began_at      timestamptz(3) NOT NULL,
    source        text NOT NULL CHECK (source IN ('change', 'action', 'dossier', 'gone')),
    customer_id   text COLLATE "C" NOT NULL DEFAULT '',
    number        bigint NOT NULL DEFAULT 0,
    told          bigint NOT NULL DEFAULT 0
  );

  -- Who is suspended or failed hears nothing, but it is counted what that is.
  CREATE OR REPLACE FUNCTION perennial_webhooks.somebody_listens() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT EXISTS (SELECT 1 FROM perennial_webhooks.endpoints WHERE status <> 'gone') $$;
  `,
  },
  {
    number: 3,
    name: 'standard names',
    sql: /* sql */ `
  -- Standard names. Rows stay: messages that were pending, endpoints, deliveries, replays and dead letters go on under the new names.
  -- The triggers on the outbox tables are replaced first: they name their transition table, and a projector that is writing locks these tables first too.
  DO $$
  DECLARE old record;
  BEGIN
    FOR old IN SELECT tgname, tgrelid::regclass::text AS on_table, pg_get_triggerdef(oid) AS definition FROM pg_trigger
                WHERE tgfoid IN ('perennial_webhooks.note_changes'::regproc, 'perennial_webhooks.note_actions'::regproc, 'perennial_webhooks.note_dossiers'::regproc)
                ORDER BY oid LOOP
      EXECUTE format('DROP TRIGGER %I ON %s', old.tgname, old.on_table);
      EXECUTE replace(old.definition, 'NEW TABLE AS said', 'NEW TABLE AS written');
    END LOOP;
  END $$;

  -- lease_owner: the process that sends to this endpoint, until lease_expires_at, so that two never send to one endpoint at the same time.
  -- next_attempt_at: nothing is sent before. failures: failed attempts in a row.
  ALTER TABLE perennial_webhooks.endpoints RENAME COLUMN taken TO delivered;
  ALTER TABLE perennial_webhooks.endpoints RENAME COLUMN last_tried_at TO last_attempt_at;
  ALTER TABLE perennial_webhooks.endpoints RENAME COLUMN last_taken_at TO last_delivered_at;
  ALTER TABLE perennial_webhooks.endpoints RENAME COLUMN next_try_at TO next_attempt_at;
  ALTER TABLE perennial_webhooks.endpoints RENAME COLUMN holder TO lease_owner;
  ALTER TABLE perennial_webhooks.endpoints RENAME COLUMN held_until TO lease_expires_at;

  -- Messages that are published but not yet enqueued for endpoints, in the order in which they were published: the stage change or the action change of
  -- this number, or a profile that may have changed (number is its revision).
  ALTER TABLE perennial_webhooks.waiting RENAME TO pending;
  ALTER INDEX perennial_webhooks.waiting_pkey RENAME TO pending_pkey;
  ALTER SEQUENCE perennial_webhooks.waiting_n_seq RENAME TO pending_n_seq;
  ALTER TABLE perennial_webhooks.pending DROP CONSTRAINT waiting_source_check;
  UPDATE perennial_webhooks.pending SET source = 'profile' WHERE source = 'dossier';
  ALTER TABLE perennial_webhooks.pending ADD CONSTRAINT pending_source_check CHECK (source IN ('change', 'action', 'profile'));

  -- The hash of the profile last delivered of each customer, so that an unchanged one is not delivered again; null after its deletion was delivered.
  ALTER TABLE perennial_webhooks.dossiers_told RENAME TO profiles_delivered;
  ALTER INDEX perennial_webhooks.dossiers_told_pkey RENAME TO profiles_delivered_pkey;

  ALTER TABLE perennial_webhooks.deliveries RENAME COLUMN tries TO attempts;

  -- enqueued: messages of the replay that were enqueued so far.
  ALTER TABLE perennial_webhooks.replays RENAME COLUMN told TO enqueued;
  ALTER TABLE perennial_webhooks.replays DROP CONSTRAINT replays_source_check;
  UPDATE perennial_webhooks.replays SET source = 'profile' WHERE source = 'dossier';
  ALTER TABLE perennial_webhooks.replays ADD CONSTRAINT replays_source_check CHECK (source IN ('change', 'action', 'profile', 'gone'));

  -- Whether any endpoint is registered: without one, publishing costs one look into an empty table per statement.
  ALTER FUNCTION perennial_webhooks.somebody_listens RENAME TO has_endpoints;

  -- In the transaction that publishes: nothing published is missed, and nothing rolled back is enqueued.
  ALTER FUNCTION perennial_webhooks.note_changes RENAME TO enqueue_changes;
  ALTER FUNCTION perennial_webhooks.note_actions RENAME TO enqueue_actions;
  ALTER FUNCTION perennial_webhooks.note_dossiers RENAME TO enqueue_profiles;
  ${enqueueing('changes', 'change', 'publication')}
  ${enqueueing('actions', 'action', 'number')}
  ${enqueueing('profiles', 'profile', 'revision')}
  `,
  },
  {
    number: 4,
    name: 'notices for operators',
    sql: /* sql */ `
  -- Which messages for operators an endpoint was sent already: each is sent once.
  CREATE TABLE perennial_webhooks.notices (
    endpoint_id text NOT NULL REFERENCES perennial_webhooks.endpoints ON DELETE CASCADE,
    message_id  text NOT NULL,
    PRIMARY KEY (endpoint_id, message_id)
  );
  `,
  },
  {
    number: 5,
    name: 'changes of segments',
    sql: /* sql */ `
  ALTER TABLE perennial_webhooks.pending DROP CONSTRAINT pending_source_check;
  ALTER TABLE perennial_webhooks.pending ADD CONSTRAINT pending_source_check CHECK (source IN ('change', 'action', 'segment', 'profile'));
  ALTER TABLE perennial_webhooks.replays DROP CONSTRAINT replays_source_check;
  ALTER TABLE perennial_webhooks.replays ADD CONSTRAINT replays_source_check CHECK (source IN ('change', 'action', 'segment', 'profile', 'gone'));
  ${enqueueing('segments', 'segment', 'number')}
  `,
  },
  {
    number: 6,
    name: 'stage changes of accounts',
    sql: /* sql */ `
  -- Of a message about an account, customer_id is the account.
  ALTER TABLE perennial_webhooks.pending DROP CONSTRAINT pending_source_check;
  ALTER TABLE perennial_webhooks.pending ADD CONSTRAINT pending_source_check
    CHECK (source IN ('change', 'action', 'segment', 'profile', 'account'));
  ALTER TABLE perennial_webhooks.replays DROP CONSTRAINT replays_source_check;
  ALTER TABLE perennial_webhooks.replays ADD CONSTRAINT replays_source_check
    CHECK (source IN ('change', 'action', 'segment', 'profile', 'gone', 'account'));
  ${enqueueing('accounts', 'account', 'publication', 'account_id')}
  `,
  },
];

/** Step 1: the trigger function of one outbox table; `number` is the column that counts each customer's rows. */
function noting(what: string, source: string, number: string): string {
  return /* sql */ `CREATE FUNCTION perennial_webhooks.note_${what}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF perennial_webhooks.somebody_listens() THEN
        INSERT INTO perennial_webhooks.waiting (source, customer_id, number)
          SELECT '${source}', customer_id, ${number} FROM said ORDER BY customer_id, ${number};
      END IF;
      RETURN NULL;
    END $$;`;
}

/** Step 3: the same under its new name. */
function enqueueing(what: string, source: string, number: string, owner = 'customer_id'): string {
  return /* sql */ `CREATE OR REPLACE FUNCTION perennial_webhooks.enqueue_${what}() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF perennial_webhooks.has_endpoints() THEN
        INSERT INTO perennial_webhooks.pending (source, customer_id, number)
          SELECT '${source}', ${owner}, ${number} FROM written ORDER BY ${owner}, ${number};
      END IF;
      RETURN NULL;
    END $$;`;
}
