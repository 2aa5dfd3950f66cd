import type { Table } from '#database';

export const ATTRIBUTE_DEFINITIONS: Table = {
  name: 'attribute_definitions',
  migrations: [
    /* sql */ `
    -- 001: The attributes that are defined now, each in its newest version. filled_to: facts of touchpoints up to this position stand in attribute_facts;
    -- fill_to: those up to there are still to be taken from the log. Both null = complete; both set = being filled.
    CREATE TABLE attribute_definitions (
      name       text COLLATE "C" PRIMARY KEY,
      version    int NOT NULL,
      definition jsonb NOT NULL,
      filled_to  bigint,
      fill_to    bigint,
      CHECK ((filled_to IS NULL) = (fill_to IS NULL))
    );
    `,
  ],
  columns: { name: 'text', version: 'int', definition: 'jsonb', filled_to: 'bigint', fill_to: 'bigint' },
  key: ['name'],
  semantic: ['name', 'version', 'definition'],
};

export const ATTRIBUTE_FACTS: Table = {
  name: 'attribute_facts',
  migrations: [
    /* sql */ `
    -- 001: What one touchpoint says about one attribute, of filterable and computed ones alone. value: in the clear, as text; of an attribute with a band the band.
    -- It belongs to a subject: the customer is the subject's customer, so a merge changes nothing here. It counts from from_at (null: always) until until_at (null: for ever), excluded: a window, or a band of
    -- age; several rows of one touchpoint are counted by seq. stated is false where the source says that it no longer holds a value. opened: taken from sealed text; an erasure of the subject removes such rows.
    CREATE TABLE attribute_facts (
      name        text COLLATE "C" NOT NULL,
      source      text COLLATE "C" NOT NULL,
      event_id    text COLLATE "C" NOT NULL,
      seq         int NOT NULL,
      subject_id  text COLLATE "C" NOT NULL,
      at          timestamptz(3) NOT NULL,
      recorded_at timestamptz(3) NOT NULL,
      from_at     timestamptz(3),
      until_at    timestamptz(3),
      precedence  int NOT NULL,
      stated      boolean NOT NULL,
      opened      boolean NOT NULL,
      value       text COLLATE "C",
      PRIMARY KEY (name, source, event_id, seq)
    );
    CREATE INDEX attribute_facts_by_subject ON attribute_facts (subject_id, name);
    -- A value may be longer than an index entry.
    CREATE INDEX attribute_facts_by_value ON attribute_facts (name, left(value, 100));
    `,
  ],
  columns: {
    name: 'text',
    source: 'text',
    event_id: 'text',
    seq: 'int',
    subject_id: 'text',
    at: 'timestamptz',
    recorded_at: 'timestamptz',
    from_at: 'timestamptz',
    until_at: 'timestamptz',
    precedence: 'int',
    stated: 'boolean',
    opened: 'boolean',
    value: 'text',
  },
  key: ['name', 'source', 'event_id', 'seq'],
  semantic: [
    ...['name', 'source', 'event_id', 'seq', 'subject_id', 'at', 'from_at', 'until_at', 'precedence', 'stated'],
    'value',
  ],
};
