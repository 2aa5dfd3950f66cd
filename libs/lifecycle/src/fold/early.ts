import { amend } from './amendments.js';
import type { AmendmentFact, ReturnFact } from './facts.js';
import type { Fold } from './fold.js';
import type { Purchase } from './purchases.js';
import { cancel, giveBack } from './reversals.js';
import { settle, takeWaiting } from './waiting.js';

/**
 * What named an order before it was placed, by another clock or a date without a time, counts at the order's own instant:
 * in the order of the events.
 */
export function applyWaiting(fold: Fold, order: Purchase): void {
  for (const waiting of takeWaiting(fold, order.id)) {
    settle(fold, waiting, order);
    const act = { at: order.at, event: waiting.event };
    switch (waiting.kind) {
      case 'cancellation':
        cancel(fold, act, order);
        break;
      case 'return':
        giveBack(fold, act, order, waiting.fact as ReturnFact);
        break;
      case 'amendment':
        amend(fold, act, order, waiting.fact as AmendmentFact);
        break;
      case 'payment':
        // The order is the revenue.
        break;
      default:
        waiting.kind satisfies never;
    }
  }
}
