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
