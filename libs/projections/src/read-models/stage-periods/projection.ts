import type { CustomerReadModel } from '../read-model.js';
import { STAGE_PERIODS } from './table.js';

/** Each customer's stays in phases, in order of time, each with its cause. */
export const STAGE_PERIOD_HISTORY: CustomerReadModel = {
  shape: 'sequence',
  table: STAGE_PERIODS,
  rows: ({ customerId, stagePeriods }) =>
    stagePeriods.map((period) => ({
      customer_id: customerId,
      seq: period.seq,
      cycle: period.cycle,
      stage: period.stage,
      phase: period.phase,
      entered_at: period.enteredAt,
      left_at: period.leftAt,
      cause: period.cause,
      policy_version: period.cause.policyVersion,
    })),
};
