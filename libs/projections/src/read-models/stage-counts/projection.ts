import { DAY, type Instant } from '#contracts';
import { dayOf } from '#lifecycle';
import { utcDay } from '../../time.js';
import type { CustomerReadModel } from '../read-model.js';
import { STAGE_DAYS } from './table.js';

/** How many customers entered and left each phase, by day: one row of `stage_periods` is enough to count it, in any time zone. */
export const STAGE_COUNTS: CustomerReadModel = {
  shape: 'sum',
  table: STAGE_DAYS,
  sums: ['entered', 'left_'],
  of: (period, timeZone) => {
    const { stage, phase } = period;
    const day = (at: Instant): string => utcDay(dayOf(at, timeZone) * DAY);
    const enteredOn = day(period['entered_at'] as number);
    const leftAt = period['left_at'] as number | null;
    const rows = [{ time_zone: timeZone, day: enteredOn, stage, phase, entered: 1, left_: 0 }];
    if (leftAt !== null) rows.push({ time_zone: timeZone, day: day(leftAt), stage, phase, entered: 0, left_: 1 });
    return rows;
  },
};
