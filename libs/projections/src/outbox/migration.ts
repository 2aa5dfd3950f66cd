/** Why each thing was said, kept with it: the read models may hold another cause by the time that it is carried out. */
export const CAUSES_PUBLISHED = /* sql */ `
  -- cause and policy_version: why she moved at that instant; null for what was retracted, and for what was said before this was kept.
  -- into_id: of what was retracted since she proved to be another, who that is.
  ALTER TABLE perennial.published ADD COLUMN cause jsonb, ADD COLUMN policy_version text, ADD COLUMN into_id text COLLATE "C";
  `;

/** Which dossiers are still to be told, and which were. */
export const CUSTOMER_TABLES = /* sql */ `
  -- A customer whose dossier may have changed since it was told: marked in the transaction that writes it; when versions are
  -- switched, everybody is. Whoever tells it deletes the mark, unless it has another revision by then. So: absent = told,
  -- present = still to be told, as she stands then, however often she was marked. Revisions rise over all customers.
  CREATE SEQUENCE perennial.customer_revisions;
  CREATE TABLE perennial.customer_changes (
    customer_id text COLLATE "C" PRIMARY KEY,
    revision    bigint NOT NULL DEFAULT nextval('perennial.customer_revisions'),
    changed_at  timestamptz(3) NOT NULL
  );

  -- What was last told of a customer: a hash, so that nothing is told twice; null after a tombstone.
  CREATE TABLE perennial.customers_told (
    customer_id text COLLATE "C" PRIMARY KEY,
    revision    bigint NOT NULL,
    hash        text,
    told_at     timestamptz(3) NOT NULL
  );
  `;

/** What we told the channels to do, and what of it we took back. */
export const ACTION_TABLES = /* sql */ `
  -- In the order we said it: number counts from 1 for each customer. proposed: the action is called for, from since until valid_until;
  -- withdrawn: it is no longer, for the reason given. A row is never changed but for standing (a proposal that was neither
  -- withdrawn nor has expired) and sent_at, which is null until somebody carried it out. because is the rule that moved her
  -- to the phase of which this is the treatment; position is how much of the log it rests on.
  CREATE TABLE perennial.actions (
    customer_id    text COLLATE "C" NOT NULL,
    number         int NOT NULL,
    kind           text NOT NULL CHECK (kind IN ('proposed', 'withdrawn')),
    action_id      text NOT NULL,
    treatment      text NOT NULL,
    purpose        text NOT NULL,
    medium         text NOT NULL,
    cycle          int NOT NULL,
    stage          text NOT NULL,
    phase          text NOT NULL,
    entered_at     timestamptz(3) NOT NULL,
    because        text NOT NULL,
    policy_version text NOT NULL,
    since          timestamptz(3) NOT NULL,
    valid_until    timestamptz(3) NOT NULL,
    reason         text,
    position       bigint NOT NULL,
    said_at        timestamptz(3) NOT NULL,
    standing       boolean NOT NULL,
    sent_at        timestamptz(3),
    PRIMARY KEY (customer_id, number)
  );
  CREATE INDEX actions_standing ON perennial.actions (customer_id) WHERE standing;
  CREATE INDEX actions_unsent ON perennial.actions (customer_id, number) WHERE sent_at IS NULL;
  `;

/** Actions that are called for and held back, with the reason. */
export const HELD_ACTIONS_TABLE = /* sql */ `
  -- An action that a customer's phase and consents call for and that is not proposed: their data are restricted, an identifier of theirs is on the suppression
  -- list, or the policy's rules of contact hold it back. action_key names the action as a proposal is named. The row goes when the action is proposed, or
  -- is no longer called for. until: when nothing that is known holds it back any more; wake_at: when the customer is folded again for it (null once
  -- that was done, or where the action is over by then).
  CREATE TABLE perennial.held_actions (
    customer_id    text COLLATE "C" NOT NULL,
    action_key     text NOT NULL,
    treatment      text NOT NULL,
    purpose        text NOT NULL,
    medium         text NOT NULL,
    cycle          int NOT NULL,
    stage          text NOT NULL,
    phase          text NOT NULL,
    since          timestamptz(3) NOT NULL,
    valid_until    timestamptz(3) NOT NULL,
    reason         text NOT NULL,
    rule           text,
    held_since     timestamptz(3) NOT NULL,
    until          timestamptz(3),
    wake_at        timestamptz(3),
    policy_version text NOT NULL,
    position       bigint NOT NULL,
    PRIMARY KEY (customer_id, action_key)
  );
  CREATE INDEX held_actions_wake ON perennial.held_actions (wake_at) WHERE wake_at IS NOT NULL;
  `;

/** The outbox keeps what is still to be told and nothing else: under the key by which it is read, and without what `published` has. */
export const NARROW_OUTBOX = /* sql */ `
  DELETE FROM perennial.outbox WHERE sent_at IS NOT NULL;
  -- What is still to be told to the channels, a customer's in the order of her publications: a row of published each, deleted once it
  -- was carried out.
  ALTER TABLE perennial.outbox
    DROP CONSTRAINT outbox_pkey,
    DROP COLUMN message_id,
    DROP COLUMN kind,
    DROP COLUMN historical,
    DROP COLUMN sent_at,
    ADD PRIMARY KEY (customer_id, publication);
  `;

/** Standard names: what was published. */
export const PUBLISHED_NAMES = /* sql */ `
  -- The profile of a customer as it was last published: a hash, so that an unchanged profile is not published again; null after a
  -- tombstone. A mark in customer_changes means: the profile may have changed since. The relay deletes the mark once the profile
  -- is published, unless the mark has a newer revision.
  ALTER TABLE perennial.customers_told RENAME TO customers_published;
  ALTER TABLE perennial.customers_published RENAME COLUMN told_at TO published_at;
  ALTER INDEX perennial.customers_told_pkey RENAME TO customers_published_pkey;

  -- Actions in the order of publication; standing: a proposal that was neither withdrawn nor has expired.
  ALTER TABLE perennial.actions RENAME COLUMN said_at TO published_at;
  `;

/** Who entered a segment and who left it. */
export const SEGMENT_CHANGE_TABLES = /* sql */ `
  -- Changes of memberships in the order of publication: number counts from 1 for each customer; the last one of a segment says whether the
  -- customer belongs to it, as it was published. at: the instant of the change, never before that of the last one; cause: why;
  -- version: of the segment; position: how much of the log it rests on. historical: the instant lay more than 24 h back when it was
  -- published, so no action follows from it. sent_at is null until the relay published it to Kafka.
  CREATE TABLE perennial.segment_changes (
    customer_id  text COLLATE "C" NOT NULL,
    segment_id   text COLLATE "C" NOT NULL,
    number       int NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('entered', 'left')),
    at           timestamptz(3) NOT NULL,
    cause        jsonb NOT NULL,
    version      int NOT NULL,
    position     bigint NOT NULL,
    historical   boolean NOT NULL,
    published_at timestamptz(3) NOT NULL,
    sent_at      timestamptz(3),
    PRIMARY KEY (customer_id, number)
  );
  CREATE INDEX segment_changes_unsent ON perennial.segment_changes (customer_id, number) WHERE sent_at IS NULL;
  CREATE INDEX segment_changes_last ON perennial.segment_changes (customer_id, segment_id, number);
  CREATE INDEX segment_changes_by_segment ON perennial.segment_changes (segment_id, published_at);
  `;
