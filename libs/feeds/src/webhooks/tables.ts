import { LOCKS, waitForLock, type Database } from '#database';

/**
 * What survives restarts: a schema of its own, made by whoever carries webhooks. A step that was released is never edited, only followed.
 */
const STEPS: readonly string[] = [
  /* sql */ `
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
    source      text NOT NULL CHECK (source IN ('change', 'action', 'profile')),
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
  ${noting('dossiers', 'profile', 'revision')}
  `,
  /* sql */ `
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
    source        text NOT NULL CHECK (source IN ('change', 'action', 'profile', 'gone')),
    customer_id   text COLLATE "C" NOT NULL DEFAULT '',
    number        bigint NOT NULL DEFAULT 0,
    told          bigint NOT NULL DEFAULT 0
  );

  -- Who is suspended or failed hears nothing, but it is counted what that is.
  CREATE OR REPLACE FUNCTION perennial_webhooks.somebody_listens() RETURNS boolean LANGUAGE sql STABLE AS
    $$ SELECT EXISTS (SELECT 1 FROM perennial_webhooks.endpoints WHERE status <> 'gone') $$;
  `,
];

/** Where it is heard what is said. The tables are the projector's, which may start later than whoever carries. */
const HEARD = [
  { table: 'perennial.outbox', trigger: 'webhooks', on: 'INSERT', notes: 'note_changes' },
  { table: 'perennial.actions', trigger: 'webhooks', on: 'INSERT', notes: 'note_actions' },
  { table: 'perennial.customer_changes', trigger: 'webhooks', on: 'INSERT', notes: 'note_dossiers' },
  { table: 'perennial.customer_changes', trigger: 'webhooks_again', on: 'UPDATE', notes: 'note_dossiers' },
] as const;

/** Makes the tables where they are not there yet. Twice is the same as once. */
export async function prepareTables(database: Database): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query(`SELECT ${waitForLock(LOCKS.webhookTables)}`);
    await tx.exec(`
      CREATE SCHEMA IF NOT EXISTS perennial_webhooks;
      CREATE TABLE IF NOT EXISTS perennial_webhooks.steps (
        number int PRIMARY KEY, applied_at timestamptz(3) NOT NULL DEFAULT now());`);
    const done = new Set(
      (await tx.query<{ number: number }>('SELECT number FROM perennial_webhooks.steps')).map(({ number }) => number),
    );
    for (const [at, sql] of STEPS.entries()) {
      if (done.has(at + 1)) continue;
      await tx.exec(sql);
      await tx.query('INSERT INTO perennial_webhooks.steps (number) VALUES ($1)', [at + 1]);
    }
  });
}

/** Notes from now on what is said. False where there is nothing yet to listen to. */
export async function listen(database: Database): Promise<boolean> {
  return database.transaction(async (tx) => {
    await tx.query(`SELECT ${waitForLock(LOCKS.webhookTables)}`);
    for (const { table, trigger, on, notes } of HEARD) {
      const [found] = await tx.query<{ there: boolean; heard: boolean }>(
        `SELECT to_regclass($1) IS NOT NULL AS there,
                EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = $2 AND tgrelid = to_regclass($1)) AS heard`,
        [table, trigger],
      );
      if (found?.there !== true) return false;
      // Making it anew would wait for everybody who writes to the table.
      if (!found.heard)
        await tx.exec(`
          CREATE TRIGGER ${trigger} AFTER ${on} ON ${table} REFERENCING NEW TABLE AS said
            FOR EACH STATEMENT EXECUTE FUNCTION perennial_webhooks.${notes}()`);
    }
    return true;
  });
}

/** Notes a statement's rows, by what counts each customer's among them. */
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
