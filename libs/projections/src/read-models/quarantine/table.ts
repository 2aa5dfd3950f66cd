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
  },
  key: ['quarantine_id'],
  semantic: [],
};
