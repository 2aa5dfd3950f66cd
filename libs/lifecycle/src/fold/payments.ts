import type { LifecycleEvent } from '../model.js';
import { paymentOf } from './facts.js';
import { refOf, type Fold } from './fold.js';
import { bookAdrift, wait } from './waiting.js';

/**
 * A payment is revenue when it names a contract, and is booked on its date. One that names an order is not booked: the
 * order is. One that names both is booked only as long as the order is not known.
 */
export function bookPayment(fold: Fold, event: LifecycleEvent): void {
  const { orderId, contractId, amountMinor, currency } = paymentOf(event);
  const at = event.occurredAt;
  const ref = refOf(event);
  const brand = event.brand ?? null;
  const list = (kind: 'unassigned-payment' | 'payment-without-amount'): void => {
    fold.discrepancies.push({
      kind,
      orderId: null,
      orderSource: event.source,
      orderAt: null,
      contractId,
      amountMinor,
      currency,
      at,
      settledAt: null,
      brand,
      event: ref,
    });
  };
  const hasMoney = amountMinor !== null && currency !== null;
  if (orderId !== null) {
    if (fold.state.purchases.order(orderId, event.source) !== null) return;
    const booked = contractId !== null && hasMoney && amountMinor > 0;
    wait(fold, {
      kind: 'payment',
      orderId,
      contractId,
      at,
      event: ref,
      amountMinor,
      currency,
      booked,
      listed: !booked,
      brand,
      fact: null,
    });
  } else if (contractId === null) list('unassigned-payment');
  else if (!hasMoney) list('payment-without-amount');
  else if (amountMinor > 0)
    bookAdrift(fold, {
      orderId: null,
      orderSource: null,
      orderAt: null,
      contractId,
      at,
      kind: 'payment',
      amountMinor,
      currency,
      brand,
      event: ref,
    });
}
