import type { CustomerReadModel } from '../read-model.js';
import { STAGE_DAYS } from './table.js';

/**
 * Who entered and left which phase, by day. The day is that of the zone of the policy under which the change came
 * about: for leaving, that of the stage period's own policy, so that a row of `stage_periods` is all one needs to count it.
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
