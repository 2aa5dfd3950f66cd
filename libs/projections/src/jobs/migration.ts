/** How another process has the one that keeps the read models do something, and sees who keeps them. */
export const REQUEST_TABLES = /* sql */ `
    -- Long work on the read models, asked for by one process and done by another that indexes: asked -> running -> done or
    -- failed. seen_at: whoever does it was alive then; one that is silent for long lost it, and another takes it up. stop:
    -- whoever asked wants it no more.
    CREATE TABLE perennial.requests (
      id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
      kind     text NOT NULL CHECK (kind IN ('rebuild', 'verify', 'digest')),
      state    text NOT NULL DEFAULT 'asked' CHECK (state IN ('asked', 'running', 'done', 'failed')),
      asked_at timestamptz(3) NOT NULL DEFAULT now(),
      seen_at  timestamptz(3) NOT NULL DEFAULT now(),
      stop     boolean NOT NULL DEFAULT false,
      progress jsonb,
      result   jsonb,
      failure  text
    );
    CREATE INDEX requests_open ON perennial.requests (id) WHERE state IN ('asked', 'running');

    -- The processes that keep the read models, each with when it was last alive and why its last step failed, if it did.
    CREATE TABLE perennial.keepers (
      keeper  text PRIMARY KEY,
      role    text NOT NULL,
      since   timestamptz(3) NOT NULL DEFAULT now(),
      seen_at timestamptz(3) NOT NULL DEFAULT now(),
      failure text
    );
    `;

/** A rebuild may also be tried out, and taken back. */
export const MORE_REQUESTS = /* sql */ `
    ALTER TABLE perennial.requests DROP CONSTRAINT requests_kind_check;
    ALTER TABLE perennial.requests ADD CONSTRAINT requests_kind_check
      CHECK (kind IN ('rebuild', 'verify', 'digest', 'rehearse', 'rollback'));
    `;

/** Standard names: jobs and workers. */
export const JOBS_AND_WORKERS = /* sql */ `
    -- A job is long work on the read models, requested by one process and done by another, which indexes: requested -> running ->
    -- done or failed. heartbeat_at: its worker was alive then; a job without a heartbeat for long returns to another worker.
    -- cancel_requested: the process that requested the job no longer wants its result.
    ALTER TABLE perennial.requests RENAME TO jobs;
    ALTER TABLE perennial.jobs RENAME COLUMN asked_at TO requested_at;
    ALTER TABLE perennial.jobs RENAME COLUMN seen_at TO heartbeat_at;
    ALTER TABLE perennial.jobs RENAME COLUMN stop TO cancel_requested;
    ALTER TABLE perennial.jobs DROP CONSTRAINT requests_kind_check, DROP CONSTRAINT requests_state_check;
    UPDATE perennial.jobs SET kind = 'dry-run' WHERE kind = 'rehearse';
    UPDATE perennial.jobs SET state = 'requested' WHERE state = 'asked';
    ALTER TABLE perennial.jobs
      ALTER COLUMN state SET DEFAULT 'requested',
      ADD CONSTRAINT jobs_kind_check CHECK (kind IN ('rebuild', 'verify', 'digest', 'dry-run', 'rollback')),
      ADD CONSTRAINT jobs_state_check CHECK (state IN ('requested', 'running', 'done', 'failed'));
    ALTER SEQUENCE perennial.requests_id_seq RENAME TO jobs_id_seq;
    ALTER INDEX perennial.requests_pkey RENAME TO jobs_pkey;
    DROP INDEX perennial.requests_open;
    CREATE INDEX jobs_open ON perennial.jobs (id) WHERE state IN ('requested', 'running');

    -- The processes that keep the read models in step with the log, each with its last heartbeat and why its last step failed, if
    -- it did.
    ALTER TABLE perennial.keepers RENAME TO workers;
    ALTER TABLE perennial.workers RENAME COLUMN keeper TO worker;
    ALTER TABLE perennial.workers RENAME COLUMN since TO started_at;
    ALTER TABLE perennial.workers RENAME COLUMN seen_at TO heartbeat_at;
    ALTER INDEX perennial.keepers_pkey RENAME TO workers_pkey;
    UPDATE perennial.workers SET role = 'workers' WHERE role = 'folders';
    `;
