import type { Table } from '#database';

export const MENTIONS: Table = {
  name: 'mentions',
  migrations: [
    /* sql */ `
    -- 001: A touchpoint in the stream of one subject names another in a role that makes no link: as referee, recipient or actor, or
    -- as self in test traffic. One row for each event, subject and role. Who was named only here has no row in subjects.
    CREATE TABLE mentions (
      subject_id text COLLATE "C" NOT NULL,
      position   bigint NOT NULL,
      role       text COLLATE "C" NOT NULL,
      namespace  text NOT NULL,
      source     text COLLATE "C" NOT NULL,
      event_id   text COLLATE "C" NOT NULL,
      PRIMARY KEY (subject_id, position, role)
    );
    `,
  ],
  columns: {
    subject_id: 'text',
    position: 'bigint',
    role: 'text',
    namespace: 'text',
    source: 'text',
    event_id: 'text',
  },
  key: ['subject_id', 'position', 'role'],
  semantic: ['subject_id', 'role', 'namespace', 'source', 'event_id'],
};
