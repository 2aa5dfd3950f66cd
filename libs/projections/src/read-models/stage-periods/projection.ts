import type { CustomerReadModel } from '../read-model.js';
import { STAGE_PERIODS } from './table.js';

/** Each stay in a phase, with its cause: what tiles a customer's time. */
export const STAGE_PERIOD_HISTORY: CustomerReadModel = {
  shape: 'sequence',
  table: STAGE_PERIODS,
  rows: ({ customerId, stagePeriods }) =>
    stagePeriods.map((visit) => ({
      customer_id: customerId,
      seq: visit.seq,
      cycle: visit.cycle,
      stage: visit.stage,
      phase: visit.phase,
      entered_at: visit.enteredAt,
      left_at: visit.leftAt,
      cause: visit.cause,
      policy_version: visit.cause.policyVersion,
    })),
};
