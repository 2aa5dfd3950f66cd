import type { CustomerReadModel } from '../read-model.js';
import { STAGE_DAYS } from './table.js';

/**
 * Who entered and left which phase, by day. The day is that of the zone of the policy under which the change came
 * about: for leaving, that of the visit's own policy, so that a row of `visits` is all one needs to count it.
 */
export const STAGE_COUNTS: CustomerReadModel = {
  shape: 'sum',
  table: STAGE_DAYS,
  sums: ['entered', 'left_'],
  of: (visit, dayOf) => {
    const { stage, phase } = visit;
    const version = visit['policy_version'] as string;
    const enteredOn = dayOf(visit['entered_at'] as number, version);
    const leftAt = visit['left_at'] as number | null;
    const rows = [{ day: enteredOn, stage, phase, entered: 1, left_: 0 }];
    if (leftAt !== null) rows.push({ day: dayOf(leftAt, version), stage, phase, entered: 0, left_: 1 });
    return rows;
  },
};
