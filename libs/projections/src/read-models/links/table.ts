import type { Table } from '#database';

export const SUBJECTS: Table = {
  name: 'subjects',
  migrations: [
    /* sql */ `
    -- 001: A subject is an identifier as a channel reports it. Its id is a keyed hash; the only personal value is
    -- \`sealed\`, which a reader with permission opens. customer_id is the component's subject with the lowest position in
    -- the log; a subject without links is a customer of its own. An erased subject keeps its row and loses its sealed value.
    CREATE TABLE subjects (
      subject_id     text COLLATE "C" PRIMARY KEY,
      namespace      text NOT NULL,
      customer_id    text COLLATE "C" NOT NULL,
      first_position bigint NOT NULL,
      first_seen_at  timestamptz(3) NOT NULL,
      sealed         text,
      erased_at      timestamptz(3)
    );
    CREATE INDEX subjects_by_customer ON subjects (customer_id, subject_id);
    CREATE INDEX subjects_erased ON subjects (customer_id) WHERE erased_at IS NOT NULL;
    `,
    /* sql */ `
    -- 002: Before, erased_at was when the log recorded the last erasure: after a restore, the instant of the restore.
    COMMENT ON COLUMN subjects.erased_at IS 'when the earliest erasure of the subject was made';
    `,
  ],
  columns: {
    subject_id: 'text',
    namespace: 'text',
    customer_id: 'text',
    first_position: 'bigint',
    first_seen_at: 'timestamptz',
    sealed: 'text',
    erased_at: 'timestamptz',
  },
  key: ['subject_id'],
  semantic: ['subject_id', 'namespace', 'customer_id', 'first_seen_at', 'erased_at'],
};

export const LINKS: Table = {
  name: 'links',
  migrations: [
    /* sql */ `
    -- 001: Two subjects that one touchpoint carried as \`self\`. a < b. Customers follow from the links in the order
    -- (occurred_at, source, event_id), so only the earliest link of a pair counts. A link that becomes known later is
    -- stored only when it is earlier than all known ones of its pair; the older rows stay, so that a query can answer which
    -- customer was known at an earlier position. rejected: null, or the reason why the link joins no customers (unique
    -- namespace, keep-apart, component too large).
    CREATE TABLE links (
      a           text COLLATE "C" NOT NULL,
      b           text COLLATE "C" NOT NULL,
      occurred_at timestamptz(3) NOT NULL,
      recorded_at timestamptz(3) NOT NULL,
      source      text COLLATE "C" NOT NULL,
      event_id    text COLLATE "C" NOT NULL,
      origin      text NOT NULL,
      rejected    text,
      position    bigint NOT NULL,
      PRIMARY KEY (a, b, position)
    );
    CREATE INDEX links_by_b ON links (b, a);
    CREATE INDEX links_rejected ON links (occurred_at) WHERE rejected IS NOT NULL;
    `,
    /* sql */ `
    -- 002: origin: touchpoint, identify (a profile-updated: a login, an identify call), or operator for the link of a merge. The earliest link counts of each pair and origin. revoked_position: the place in
    -- the log of the unmerge that revoked the link; it counted until then.
    ALTER TABLE links ADD COLUMN revoked_position bigint;
    `,
  ],
  columns: {
    a: 'text',
    b: 'text',
    occurred_at: 'timestamptz',
    recorded_at: 'timestamptz',
    source: 'text',
    event_id: 'text',
    origin: 'text',
    rejected: 'text',
    position: 'bigint',
    revoked_position: 'bigint',
  },
  key: ['a', 'b', 'position'],
  semantic: ['a', 'b', 'occurred_at', 'source', 'event_id', 'origin', 'rejected'],
  // The rows beside the earliest of each pair depend on the order of arrival: the digest leaves them out, and what was revoked.
  semanticRows:
    'SELECT DISTINCT ON (a, b, origin) * FROM links WHERE revoked_position IS NULL ORDER BY a, b, origin, position DESC',
};

export const KEPT_APART: Table = {
  name: 'kept_apart',
  migrations: [
    /* sql */ `
    -- 001: The subjects of decisions that keep two sides apart: unmerges and keep-aparts. A row for each subject that a decision names, with its side
    -- (one, other). lifted: whether links may join the sides again.
    CREATE TABLE kept_apart (
      subject_id  text COLLATE "C" NOT NULL,
      decision_id text COLLATE "C" NOT NULL,
      side        text NOT NULL,
      kind        text NOT NULL,
      position    bigint NOT NULL,
      lifted      boolean NOT NULL,
      PRIMARY KEY (subject_id, decision_id, side)
    );
    CREATE INDEX kept_apart_by_decision ON kept_apart (decision_id);
    `,
  ],
  columns: {
    subject_id: 'text',
    decision_id: 'text',
    side: 'text',
    kind: 'text',
    position: 'bigint',
    lifted: 'boolean',
  },
  key: ['subject_id', 'decision_id', 'side'],
  semantic: ['subject_id', 'decision_id', 'side', 'kind', 'lifted'],
};
