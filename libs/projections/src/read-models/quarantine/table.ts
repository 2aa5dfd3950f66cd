import type { Table } from '#database';

export const QUARANTINE: Table = {
  name: 'quarantine',
  migrations: [
    /* sql */ `
    -- 001: Events that could not be taken, each with the path and the reason, and how to fix it. open until a person
    -- releases it (released_position: the last position that tells of it) or discards it. Bodies stay sealed in the log.
    -- No part of the digest: the ids are given at intake, by chance.
    CREATE TABLE quarantine (
      quarantine_id     text COLLATE "C" PRIMARY KEY,
      position          bigint NOT NULL,
      source            text,
      event_id          text,
      type              text,
      code              text NOT NULL,
      pointer           text,
      detail            text NOT NULL,
      fix              text,
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
