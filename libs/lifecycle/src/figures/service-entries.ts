import { numberOf, textOf } from '../fold/facts.js';
import { refOf } from '../fold/fold.js';
import type { LifecycleEvent } from '../model.js';
import { eventsAt, type FigureInput } from './figure.js';
import type { MoneyPart } from './money-figure.js';
import { discountOf } from './service.js';

/** Work on cases and calls: what it cost, or how many minutes it took where no cost is stated. */
export interface ServiceWork {
  readonly parts: readonly MoneyPart[];
  /** Work whose cost is not stated. */
  readonly unpriced: readonly { readonly minutes: number; readonly event: LifecycleEvent }[];
}

export function serviceWork(input: FigureInput): ServiceWork {
  const parts: MoneyPart[] = [];
  const unpriced: { minutes: number; event: LifecycleEvent }[] = [];
  for (const event of eventsAt(input, 'case-resolved', 'call-handled')) {
    const part = moneyOf(event, 'costMinor', event.type === 'case-resolved' ? 'case resolved' : 'call');
    const minutes = numberOf(event.data['minutes']) ?? 0;
    if (part !== null) parts.push(part);
    else if (minutes > 0) unpriced.push({ minutes, event });
  }
  return { parts, unpriced };
}

/** Discounts on orders, and rewards for points and referrals. */
export function receivedParts(input: FigureInput, what: 'discounts' | 'rewards'): readonly MoneyPart[] {
  const types = what === 'rewards' ? ['points-redeemed', 'referral-converted'] : ['order-placed'];
  return eventsAt(input, ...types).flatMap((event): MoneyPart[] => {
    if (what === 'rewards') {
      const part = moneyOf(event, 'rewardMinor', event.type === 'points-redeemed' ? 'points redeemed' : 'referral');
      return part === null ? [] : [part];
    }
    const [amountMinor, currency] = [discountOf(event.data), textOf(event.data['currency'])];
    if (amountMinor === 0 || currency === null) return [];
    const label = `discount on order ${textOf(event.data['orderId']) ?? event.id}`;
    return [{ ...{ amountMinor, currency, at: event.occurredAt, event: refOf(event) }, label }];
  });
}

function moneyOf(event: LifecycleEvent, field: string, label: string): MoneyPart | null {
  const [amountMinor, currency] = [numberOf(event.data[field]), textOf(event.data['currency'])];
  if (amountMinor === null || currency === null) return null;
  return { ...{ amountMinor, currency, at: event.occurredAt, event: refOf(event) }, label };
}
