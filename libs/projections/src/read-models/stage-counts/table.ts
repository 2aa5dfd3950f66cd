import type { Table } from '#database';

export const STAGE_DAYS: Table = {
  name: 'stage_days',
  migrations: [
    /* sql */ `
    -- 001: How many customers entered and left each phase on each day of a time zone; day_zones names the zones. The number of
    -- customers in a phase at the end of a day is the running sum of entered - left_ up to that day.
    CREATE TABLE stage_days (
      time_zone text NOT NULL,
      day       date NOT NULL,
      stage     text NOT NULL,
      phase     text NOT NULL,
      entered   int NOT NULL,
      left_     int NOT NULL,
      PRIMARY KEY (time_zone, day, stage, phase)
    );
    `,
  ],
  columns: { time_zone: 'text', day: 'date', stage: 'text', phase: 'text', entered: 'int', left_: 'int' },
  key: ['time_zone', 'day', 'stage', 'phase'],
  semantic: ['time_zone', 'day', 'stage', 'phase', 'entered', 'left_'],
};
