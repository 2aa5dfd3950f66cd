import type { Instant } from '#contracts';
import { addDays } from '../calendar/calendar.js';
import type { EventRef, LifecycleEvent } from '../model.js';
import { beginCycle } from './acquisition.js';
import { buyContract, record } from './buying.js';
import { expand } from './expansion.js';
import { contractIdOf } from './facts.js';
import { causedBy, move, policyOf, refOf, type Fold } from './fold.js';
import { pausedSince } from './pauses.js';
import { boughtWithinSilence, restartSilence, silenceSuspended } from './silence.js';
import type { Contract, State } from './state.js';

/** Applies an event of a contract, or a payment for it. */
export function contractEvent(fold: Fold, event: LifecycleEvent): void {
  const id = contractIdOf(event);
  if (id === null) return;
  const { state } = fold;
  const known = state.contracts.find((contract) => contract.id === id) ?? null;
  const suspended = silenceSuspended(state);
  change(fold, event, id, known);
  if (suspended && !silenceSuspended(state)) state.silenceHeardFrom = hasOpen(state) ? event.occurredAt : null;
}

function change(fold: Fold, event: LifecycleEvent, id: string, known: Contract | null): void {
  const { state } = fold;
  const at = event.occurredAt;
  const ref = refOf(event);
  switch (event.type) {
    case 'subscription-started':
      if (known !== null && isOpen(known)) return;
      set(state, id, known, 'good', at).startedAt = at;
      buyContract(fold, event);
      return;
    case 'subscription-renewed': {
      const reopened = known !== null && !isOpen(known);
      endPause(state, known, at);
      set(state, id, known, 'good', at);
      renew(fold, at, ref, id, reopened);
      return;
    }
    case 'subscription-upgraded':
      if (known !== null && !isOpen(known)) return;
      if (known === null || known.status === 'running-out') set(state, id, known, 'good', at);
      if (state.purchases.surviving.length > 0 && state.stage !== 'acquisition' && state.phase !== 'lost') {
        const reactivated = state.phase === 'at-risk' || state.phase === 'lapsed';
        const rule = reactivated ? 'reactivated' : null;
        expand(fold, at, [{ phase: 'up-sell', orders: [], values: { contract: id } }], rule, [ref]);
      }
      return;
    case 'subscription-downgraded':
      if (known !== null && !isOpen(known)) return;
      if (known === null) set(state, id, known, 'good', at);
      state.signals = [];
      // At risk already by a failed payment: what they held ends with the downgrade.
      state.held = null;
      if (canBecomeAtRisk(state))
        move(fold, at, 'retention', 'at-risk', causedBy(fold, 'contraction', [ref], { contract: id }));
      return;
    case 'subscription-paused':
      pause(state, known ?? set(state, id, known, 'good', at), at);
      return;
    case 'subscription-resumed':
      if (known !== null && known.status === 'paused') endPause(state, known, at);
      else if (known === null || known.status === 'running-out') set(state, id, known, 'good', at);
      return;
    case 'subscription-cancelled':
      if (known !== null && (!isOpen(known) || known.status === 'running-out')) return;
      endPause(state, known, at);
      set(state, id, known, 'running-out', at);
      if (canBecomeAtRisk(state))
        move(fold, at, 'retention', 'at-risk', causedBy(fold, 'contract-cancelled', [ref], { contract: id }));
      return;
    case 'subscription-ended':
      if (known !== null && !isOpen(known)) return;
      endPause(state, known, at);
      set(state, id, known, 'ended', at);
      loseByContract(fold, at, 'contract-ended', [ref], id);
      return;
    case 'payment-failed':
      if (known !== null && known.status === 'good') fail(fold, at, ref, known);
      return;
    case 'payment-succeeded':
      if (known !== null) pay(fold, at, ref, known);
      return;
  }
}

/** The first failed payment after a paid one: the customer is at risk, with days of grace from here. A failed retry changes nothing. */
function fail(fold: Fold, at: Instant, ref: EventRef, contract: Contract): void {
  const { state } = fold;
  const { contracts, timeZone } = policyOf(fold);
  set(state, contract.id, contract, 'payment-overdue', at);
  contract.graceEndsAt = addDays(at, contracts.graceDays, timeZone);
  if (canBecomeAtRisk(state)) holdAtRisk(fold, at, [ref], contract.id);
}

function holdAtRisk(fold: Fold, at: Instant, events: readonly EventRef[], contract: string): void {
  const { state } = fold;
  const { stage, phase, windowEndsAt, windowSince } = state;
  if (stage === null || phase === null) return;
  const values = { contract, grace_days: policyOf(fold).contracts.graceDays, held: phase };
  move(fold, at, 'retention', 'at-risk', causedBy(fold, 'payment-failed', events, values));
  state.held = { stage, phase, windowEndsAt, windowSince };
}

/** After a reversal or an amendment placed the customer by their purchases: an unpaid or cancelled contract still puts them at risk. */
export function holdForContracts(fold: Fold, at: Instant, events: readonly EventRef[]): void {
  const { state } = fold;
  const unpaid = state.contracts.find(isUnpaid);
  if (unpaid !== undefined) {
    holdAtRisk(fold, at, events, unpaid.id);
    return;
  }
  const cancelled = state.contracts.find(({ status }) => status === 'running-out');
  if (cancelled !== undefined && !silenceSuspended(state))
    move(fold, at, 'retention', 'at-risk', causedBy(fold, 'contract-cancelled', events, { contract: cancelled.id }));
}

/** A payment: within grace the customer returns to the phase before; after grace the contract opens again. */
function pay(fold: Fold, at: Instant, ref: EventRef, contract: Contract): void {
  const { state } = fold;
  if (contract.status === 'ended-unpaid') {
    set(state, contract.id, contract, 'good', at);
    if (state.phase === 'lost' || state.stage === 'acquisition')
      reopen(fold, at, ref, contract.id, 'contract-reopened');
    else if (state.phase === 'at-risk' || state.phase === 'lapsed')
      move(fold, at, 'retention', 'active', causedBy(fold, 'contract-reopened', [ref], { contract: contract.id }));
    return;
  }
  if (contract.beforePause === 'payment-overdue') {
    contract.beforePause = 'good';
    contract.graceEndsAt = null;
  } else if (contract.status === 'payment-overdue') {
    set(state, contract.id, contract, 'good', at);
  } else return;
  const { held } = state;
  if (held === null || state.contracts.some(isUnpaid)) return;
  const values = { contract: contract.id, held: held.phase };
  const cause = causedBy(fold, 'payment-succeeded', [ref], values);
  const shift = pausedSince(state, held.windowSince);
  if (held.windowEndsAt !== null && held.windowEndsAt + shift > at) {
    move(fold, at, held.stage, held.phase, cause);
    state.windowEndsAt = held.windowEndsAt;
    state.windowSince = held.windowSince;
  } else if (held.stage === 'expansion') move(fold, at, 'retention', 'active', cause);
  else move(fold, at, held.stage, held.phase, cause);
}

function renew(fold: Fold, at: Instant, ref: EventRef, contract: string, reopened: boolean): void {
  const { state } = fold;
  if (state.stage === 'expansion') return;
  if (state.phase === 'lost' || state.stage === null || (state.stage === 'acquisition' && reopened)) {
    reopen(fold, at, ref, contract, 'renewed');
    return;
  }
  if (state.stage === 'acquisition') return;
  move(fold, at, 'retention', 'active', causedBy(fold, 'renewed', [ref], { contract }));
}

/** A contract that had ended opens again: retention, active. From `lost` it begins a new cycle. */
function reopen(fold: Fold, at: Instant, ref: EventRef, contract: string, rule: string): void {
  const { state } = fold;
  if (state.phase === 'lost' || state.stage === null) beginCycle(state, at);
  record(fold, {
    kind: 'reopened',
    id: contract,
    source: ref.source,
    at,
    amountMinor: 0,
    netMinor: 0,
    costMinor: null,
    currency: '',
    categories: [],
    articles: [],
    content: 0,
    brand: null,
  });
  state.inCycle += 1;
  state.lastIntentAt = at;
  restartSilence(fold);
  move(fold, at, 'retention', 'active', causedBy(fold, rule, [ref], { contract, cycle: state.cycle }));
}

/** Grace is over without a payment: the contract ends. */
export function endGrace(fold: Fold, contract: Contract, dueAt: Instant, at: Instant): void {
  const { state } = fold;
  const since = contract.since;
  set(state, contract.id, contract, 'ended-unpaid', at);
  state.silenceHeardFrom = hasOpen(state) && !silenceSuspended(state) ? at : null;
  loseByContract(fold, at, 'grace-over', [], contract.id, { kind: 'grace-ends', dueAt, since });
}

/** A contract ended. The customer is lost, unless another contract is open or another purchase is recent enough. */
function loseByContract(
  fold: Fold,
  at: Instant,
  rule: string,
  events: readonly EventRef[],
  contract: string,
  deadline?: { readonly kind: string; readonly dueAt: Instant; readonly since: Instant },
): void {
  const { state } = fold;
  if (state.stage === 'acquisition' || state.stage === null || state.phase === 'lost') return;
  if (hasOpen(state) || boughtRecently(fold, at)) return;
  const cause = causedBy(fold, rule, events, { contract, other_contracts_open: 0, bought_within_silence: false });
  move(fold, at, 'retention', 'lost', deadline === undefined ? cause : { ...cause, deadline });
  state.lostByContract = true;
}

/** A reversed order does not bring back a customer who was lost by the end of a contract. */
export function staysLostByContract(fold: Fold, at: Instant): boolean {
  return fold.state.lostByContract && !hasOpen(fold.state) && !boughtRecently(fold, at);
}

/** Whether the customer, who has no open contract, ordered within the windows of silence: the start of a contract that has ended does not count. */
function boughtRecently(fold: Fold, at: Instant): boolean {
  return boughtWithinSilence(fold, at, ({ kind }) => kind !== 'order');
}

/** Whether the customer is in a phase from which a contract can put them at risk. */
function canBecomeAtRisk({ stage, phase }: State): boolean {
  return stage === 'expansion' || phase === 'onboarding' || phase === 'active';
}

function isOpen({ status }: Contract): boolean {
  return status !== 'ended' && status !== 'ended-unpaid';
}

/** Overdue, also where it was paused meanwhile: its grace waits. */
function isUnpaid({ status, beforePause }: Contract): boolean {
  return status === 'payment-overdue' || beforePause === 'payment-overdue';
}

export function hasOpen(state: State): boolean {
  return state.contracts.some(isOpen);
}

function set(state: State, id: string, known: Contract | null, status: Contract['status'], at: Instant): Contract {
  if (known === null) {
    const contract: Contract = { id, startedAt: at, status, since: at, graceEndsAt: null, beforePause: null };
    state.contracts.push(contract);
    return contract;
  }
  known.status = status;
  known.since = at;
  known.graceEndsAt = null;
  known.beforePause = null;
  return known;
}

/** The contract waits, unless it has ended or waits already. */
function pause(state: State, contract: Contract, at: Instant): void {
  const { status, graceEndsAt } = contract;
  if (status !== 'good' && status !== 'payment-overdue' && status !== 'running-out') return;
  set(state, contract.id, contract, 'paused', at);
  contract.beforePause = status;
  contract.graceEndsAt = graceEndsAt;
  state.pausedSince ??= at;
}

/** The contract runs again as before; once the last pause has ended, each open deadline is later by its length. */
function endPause(state: State, contract: Contract | null, at: Instant): void {
  if (contract === null || contract.status !== 'paused') return;
  const { beforePause, graceEndsAt, since } = contract;
  set(state, contract.id, contract, beforePause ?? 'good', at);
  if (graceEndsAt !== null) contract.graceEndsAt = graceEndsAt + (at - since);
  if (state.pausedSince === null || state.contracts.some(({ status }) => status === 'paused')) return;
  if (at > state.pausedSince) state.pauses = [...state.pauses, [state.pausedSince, at]];
  state.pausedSince = null;
}
