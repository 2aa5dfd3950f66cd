import type { Instant } from '#contracts';
import { dayOf } from '../calendar/calendar.js';
import type { Money } from '../model.js';
import { wholeDays } from './acquisition.js';
import { openDeadlines, secondOrderDueAt } from './deadlines.js';
import { policyOf, retentionOf, type Fold } from './fold.js';
import { consentsOf, nextActions } from './next-actions.js';
import { relationView } from './relation.js';
import type { CustomerView, Flag } from './result.js';
import { silenceSuspended } from './silence.js';

/** The customer at an instant to which the fold was advanced; null where no touchpoint made them known. */
export function viewAt(fold: Fold, asOf: Instant): CustomerView | null {
  const { state } = fold;
  const { stage, phase, current, silence, purchases } = state;
  if (stage === null || phase === null || current === null) return null;
  const deadlines = openDeadlines(fold, asOf);
  const { timeZone } = policyOf(fold);
  const days = orderDays(fold);
  const first = purchases.surviving[0];
  const last = purchases.surviving.at(-1);
  return {
    asOf,
    cycle: state.cycle,
    stage,
    phase,
    enteredAt: current.enteredAt,
    cause: current.cause,
    policyVersion: fold.era.version,
    flags: flagsAt(fold, asOf),
    next: deadlines[0] ?? null,
    deadlines,
    firstSeenAt: state.firstSeenAt,
    lastSeenAt: state.lastSeenAt,
    touchpoints: state.touchpoints,
    brands: state.brands,
    lastIntentAt: state.lastIntentAt,
    lastContactAt: state.lastContactAt,
    retention: retentionOf(fold),
    orders: purchases.orders,
    revenue: revenueOf(fold),
    contractRevenue: moneyOf(Object.entries(state.paid)),
    payments: state.payments,
    firstPurchaseAt: first?.at ?? null,
    lastPurchaseAt: last?.at ?? null,
    frequency: days === null ? null : days.count - 1,
    recencyDays: days === null ? null : days.last - days.first,
    tDays: days === null ? null : dayOf(asOf, timeZone) - days.first,
    tenureDays: wholeDays(asOf - state.firstSeenAt),
    contracts: state.contracts.map(({ id, status, startedAt, since }) => ({
      contractId: id,
      status,
      startedAt,
      since,
    })),
    silence:
      silence === null
        ? null
        : {
            mode: silence.seasonal ? 'seasonal' : 'personal-rhythm',
            lastPurchaseAt: silence.from,
            rhythmDays: silence.rhythmDays,
            replacementDays: silence.replacementDays,
            atRiskDays: silence.atRiskDays,
            lapsedDays: silence.lapsedDays,
            lostDays: silence.lostDays,
          },
    silenceSuspended: silenceSuspended(state),
    consents: consentsOf(fold),
    contacts: state.contacts,
    relation: relationView(fold, asOf),
    actions: nextActions(fold, asOf),
  };
}

function flagsAt(fold: Fold, asOf: Instant): readonly Flag[] {
  const { state } = fold;
  const flags: Flag[] = [];
  const second = secondOrderDueAt(fold);
  if (second !== null && second <= asOf) flags.push('second-order-due');
  if (state.stage === 'acquisition' && state.quotes.some(({ endsAt }) => endsAt > asOf)) flags.push('quote-open');
  if (state.contracts.some(({ status }) => status === 'paused')) flags.push('contract-paused');
  if (state.contracts.some(({ status }) => status === 'payment-overdue')) flags.push('payment-overdue');
  if (state.cycle > 1 && state.inCycle > 0 && state.phase !== 'lost') flags.push('win-back');
  return flags;
}

/** Distinct days with a surviving order. */
function orderDays({ state }: Fold): { readonly count: number; readonly first: number; readonly last: number } | null {
  let count = 0;
  let first = 0;
  let last = 0;
  for (const { kind, day } of state.purchases.surviving) {
    if (kind !== 'order' || (count > 0 && day === last)) continue;
    if (count === 0) first = day;
    last = day;
    count += 1;
  }
  return count === 0 ? null : { count, first, last };
}

/** Net of everything taken back, with what was paid for contracts, by currency. */
function revenueOf({ state }: Fold): readonly Money[] {
  const sums = new Map<string, number>(Object.entries(state.adrift));
  for (const [currency, amountMinor] of Object.entries(state.paid))
    sums.set(currency, (sums.get(currency) ?? 0) + amountMinor);
  for (const { kind, netMinor, currency } of state.purchases.all)
    if (kind === 'order') sums.set(currency, (sums.get(currency) ?? 0) + netMinor);
  return moneyOf(sums);
}

function moneyOf(sums: Iterable<readonly [currency: string, amountMinor: number]>): readonly Money[] {
  return [...sums]
    .map(([currency, amountMinor]) => ({ currency, amountMinor }))
    .sort((a, b) => (a.currency < b.currency ? -1 : 1));
}
