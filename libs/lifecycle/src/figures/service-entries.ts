import { numberOf, textOf } from '../fold/facts.js';
import { refOf } from '../fold/fold.js';
import type { LifecycleEvent } from '../model.js';
import type { FigureInput } from './figure.js';
import type { MoneyPart } from './money-figure.js';
import { discountOf } from './service.js';

/** Work on cases and calls: what it cost, or how many minutes it took where no cost is stated. */
export interface ServiceWork {
  readonly parts: readonly MoneyPart[];
  /** Work whose cost is not stated. */
  readonly unpriced: readonly { readonly minutes: number; readonly event: LifecycleEvent }[];
}

const counts = ({ test, occurredAt }: LifecycleEvent, { asOf }: FigureInput): boolean => !test && occurredAt <= asOf;

export function serviceWork(input: FigureInput): ServiceWork {
  const parts: MoneyPart[] = [];
  const unpriced: { minutes: number; event: LifecycleEvent }[] = [];
  for (const event of input.events) {
    if ((event.type !== 'case-resolved' && event.type !== 'call-handled') || !counts(event, input)) continue;
    const part = moneyOf(event, 'costMinor', event.type === 'case-resolved' ? 'case resolved' : 'call');
    const minutes = numberOf(event.data['minutes']) ?? 0;
    if (part !== null) parts.push(part);
    else if (minutes > 0) unpriced.push({ minutes, event });
  }
  return { parts, unpriced };
}

/** Discounts on orders, and rewards for points and referrals. */
export function receivedParts(input: FigureInput, what: 'discounts' | 'rewards'): readonly MoneyPart[] {
  return input.events.flatMap((event): MoneyPart[] => {
    if (!counts(event, input)) return [];
    if (what === 'rewards') {
      if (event.type !== 'points-redeemed' && event.type !== 'referral-converted') return [];
      const part = moneyOf(event, 'rewardMinor', event.type === 'points-redeemed' ? 'points redeemed' : 'referral');
      return part === null ? [] : [part];
    }
    const [amountMinor, currency] = [discountOf(event.data), textOf(event.data['currency'])];
    if (event.type !== 'order-placed' || amountMinor === 0 || currency === null) return [];
    const label = `discount on order ${textOf(event.data['orderId']) ?? event.id}`;
    return [{ ...{ amountMinor, currency, at: event.occurredAt, event: refOf(event) }, label }];
  });
}

function moneyOf(event: LifecycleEvent, field: string, label: string): MoneyPart | null {
  const [amountMinor, currency] = [numberOf(event.data[field]), textOf(event.data['currency'])];
  if (amountMinor === null || currency === null) return null;
  return { ...{ amountMinor, currency, at: event.occurredAt, event: refOf(event) }, label };
}
