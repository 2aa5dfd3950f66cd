import type { Table } from '#database';

export const STAGE_DAYS: Table = {
  name: 'stage_days',
  migrations: [
    /* sql */ `
    -- 001: How many customers entered and left each phase on each day, in the time zone of the business. The number of
    -- customers in a phase at the end of a day is the running sum of entered - left_ up to that day.
    CREATE TABLE stage_days (
      day     date NOT NULL,
      stage   text NOT NULL,
      phase   text NOT NULL,
      entered int NOT NULL,
      left_   int NOT NULL,
      PRIMARY KEY (day, stage, phase)
    );
    `,
  ],
  columns: { day: 'date', stage: 'text', phase: 'text', entered: 'int', left_: 'int' },
  key: ['day', 'stage', 'phase'],
  semantic: ['day', 'stage', 'phase', 'entered', 'left_'],
};
