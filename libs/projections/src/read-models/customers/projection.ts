import type { Instant } from '#contracts';
import type { Row } from '#database';
import type { CustomerView, RelationView } from '#lifecycle';
import type { CustomerReadModel } from '../read-model.js';
import { CUSTOMERS } from './table.js';

/** One row per customer: the current phase with its cause, and the customer's figures. */
export const PROFILE: CustomerReadModel = {
  shape: 'row',
  table: CUSTOMERS,
  row: ({ customerId, digestId, subjectIds, view, waitingUntil, position, segments }) => {
    return {
      customer_id: customerId,
      digest_id: digestId,
      subjects: subjectIds.length,
      ...viewColumns(view),
      // Figures that grow as time passes (tenure, T) are absent: a query computes them for the instant that it asks about.
      profile: {
        deadlines: view.deadlines,
        lastIntentAt: view.lastIntentAt,
        frequency: view.frequency,
        recencyDays: view.recencyDays,
        contracts: view.contracts,
        contractRevenue: view.contractRevenue,
        payments: view.payments,
        silence: view.silence,
        silenceSuspended: view.silenceSuspended,
      },
      folded_position: position,
      waiting_until: waitingUntil,
      wake_at: earliest([
        view.next?.dueAt ?? null,
        waitingUntil,
        segments?.nextAt ?? null,
        view.relation.knownUntil,
        ...view.actions.map(({ validUntil }) => validUntil),
      ]),
      consents: view.consents,
      actions: view.actions,
      last_contact_at: view.lastContactAt,
      retention: view.retention,
      retention_due_at: view.retention?.dueAt ?? null,
      ...relationColumns(view.relation),
    };
  },
};

/** Figures of the relationship: none of them changes before `knownUntil` unless an event comes. */
function relationColumns(relation: RelationView): Row {
  const { satisfaction, grade, openComplaints, openCases, referralsConverted, rung } = relation;
  return {
    satisfaction_permille: satisfaction === null ? null : Math.round(satisfaction * 1_000),
    satisfaction_grade: grade,
    open_complaints: openComplaints,
    open_cases: openCases,
    referrals_converted: referralsConverted,
    ladder_rung: rung,
  };
}

/** The columns that a customer and an account have in common: the phase with its cause, and figures. */
export function viewColumns(view: CustomerView): Row {
  const only = view.revenue.length === 1 ? view.revenue[0] : undefined;
  return {
    cycle: view.cycle,
    stage: view.stage,
    phase: view.phase,
    entered_at: view.enteredAt,
    policy_version: view.policyVersion,
    cause: view.cause,
    first_seen_at: view.firstSeenAt,
    last_seen_at: view.lastSeenAt,
    touchpoints: view.touchpoints,
    orders: view.orders,
    revenue_minor: view.revenue.length === 0 ? 0 : (only?.amountMinor ?? null),
    currency: only?.currency ?? null,
    revenue: view.revenue,
    first_purchase_at: view.firstPurchaseAt,
    last_purchase_at: view.lastPurchaseAt,
    next_due_at: view.next?.dueAt ?? null,
    next_due_kind: view.next?.kind ?? null,
    flags: view.flags,
  };
}

export function earliest(instants: readonly (Instant | null)[]): Instant | null {
  const known = instants.filter((at) => at !== null);
  return known.length === 0 ? null : Math.min(...known);
}
