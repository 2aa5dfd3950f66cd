import type { CustomerReadModel } from '../read-model.js';
import { STAGE_DAYS } from './table.js';

/**
 * How many customers entered and left each phase, by day. The time zone is that of the policy that caused the stage
 * period, for its end as well: one row of `stage_periods` is enough to count it.
 */
export const STAGE_COUNTS: CustomerReadModel = {
  shape: 'sum',
  table: STAGE_DAYS,
  sums: ['entered', 'left_'],
  of: (period, dayOf) => {
    const { stage, phase } = period;
    const version = period['policy_version'] as string;
    const enteredOn = dayOf(period['entered_at'] as number, version);
    const leftAt = period['left_at'] as number | null;
    const rows = [{ day: enteredOn, stage, phase, entered: 1, left_: 0 }];
    if (leftAt !== null) rows.push({ day: dayOf(leftAt, version), stage, phase, entered: 0, left_: 1 });
    return rows;
  },
};
