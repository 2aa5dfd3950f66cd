import type { Table } from '#database';

export const QUARANTINE: Table = {
  name: 'quarantine',
  migrations: [
    /* sql */ `
    -- 001: Events that were quarantined: pointer and detail say what is wrong, hint says how to fix it. status is open
    -- until an operator releases the event (released_position: position of that fact in the log) or discards it. Bodies stay
    -- sealed in the log. Not part of the digest: ingestion chooses the ids at random.
    CREATE TABLE quarantine (
      quarantine_id     text COLLATE "C" PRIMARY KEY,
      position          bigint NOT NULL,
      source            text,
      event_id          text,
      type              text,
      code              text NOT NULL,
      pointer           text,
      detail            text NOT NULL,
      hint              text,
      received_at       timestamptz(3) NOT NULL,
      status            text NOT NULL CHECK (status IN ('open', 'released', 'discarded')),
      subject_id        text,
      released_position bigint
    );
    CREATE INDEX quarantine_by_status ON quarantine (status, position);
    CREATE INDEX quarantine_by_event ON quarantine (source, event_id);
    CREATE INDEX quarantine_by_subject ON quarantine (subject_id) WHERE subject_id IS NOT NULL;
    `,
    /* sql */ `
    -- 002: file and line say where a row of an import stands, row_id is the row by its content. status is replaced where the event came again in a
    -- valid form, or its row was read again: released_position is then the position of that touchpoint, or of the fact that says so.
    ALTER TABLE quarantine
      ADD COLUMN file text,
      ADD COLUMN line bigint,
      ADD COLUMN row_id text,
      DROP CONSTRAINT quarantine_status_check,
      ADD CONSTRAINT quarantine_status_check CHECK (status IN ('open', 'released', 'discarded', 'replaced'));
    CREATE INDEX quarantine_open_by_event ON quarantine (source, event_id) WHERE status = 'open';
    `,
    /* sql */ `
    -- 003: claimed_source is the source that an event names whose publisher may not speak for it: source is then the publisher itself (key:…, topic:…).
    ALTER TABLE quarantine ADD COLUMN claimed_source text;
    `,
  ],
  columns: {
    quarantine_id: 'text',
    position: 'bigint',
    source: 'text',
    event_id: 'text',
    type: 'text',
    code: 'text',
    pointer: 'text',
    detail: 'text',
    hint: 'text',
    received_at: 'timestamptz',
    status: 'text',
    subject_id: 'text',
    released_position: 'bigint',
    file: 'text',
    line: 'bigint',
    row_id: 'text',
    claimed_source: 'text',
  },
  key: ['quarantine_id'],
  semantic: [],
};
